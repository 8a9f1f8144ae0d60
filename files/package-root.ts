import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder that holds package.json: the one above a folder of sources, or above `build/` with the compiled files.
 *
 * @param folder folder of a module: `ROOT/files`, `ROOT/build/files` or `ROOT/build/bundle`
 * @throws Error naming where it looked
 */
export function packageRootAbove(folder: string): string {
  const above = dirname(folder);
  const looked = [above, dirname(above)];
  const root = looked.find((each) => existsSync(join(each, 'package.json')));
  if (root === undefined) {
    throw new Error(
      `package.json must be in ${looked.join(' or ')}: keep the compiled files in build/, beside it`,
    );
  }
  return root;
}

/** Folder of the project's package.json, whether this runs compiled or not. Data that is not code is below it. */
export const PACKAGE_ROOT = packageRootAbove(__dirname);
