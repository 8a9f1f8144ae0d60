/** What the scripts share that draw charts and fill tables from recorded data: they write, or check, what is stale. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { programArguments } from '../bench/experiments/program-arguments';
import { writeFileAtomic } from '../files/write';
import { ROOT } from './documents';

/** The title of an SVG document; empty if it has none. */
export const titleOf = (svg: string): string => /<title>(.*?)<\/title>/.exec(svg)?.[1] ?? '';

/** Whether a script was given `--check`; answers `--help`. */
export const asksToCheck = (file: string): boolean =>
  programArguments(file, { options: { check: { type: 'boolean', default: false } } }).values.check;

/**
 * Writes files and removes those that should not be; prints each path.
 *
 * @param stale by path in the project: what the file should hold, or undefined if it should not be
 * @param data where the files come from, for the error
 * @param command what writes them, for the error
 * @param isCheck writes nothing, and fails the process if a file would change
 */
export function writeStale(
  stale: ReadonlyMap<string, Uint8Array | string | undefined>,
  { data, command, isCheck }: { readonly data: string; readonly command: string; readonly isCheck: boolean },
): void {
  if (isCheck && stale.size > 0) {
    console.error(`these files do not agree with ${data}: run ${command}`);
    process.exitCode = 1;
  }
  for (const [path, content] of stale) {
    if (!isCheck && content === undefined) rmSync(join(ROOT, path));
    else if (!isCheck) writeFileAtomic(join(ROOT, path), content!);
    console.log(path);
  }
}
