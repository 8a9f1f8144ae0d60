import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the project's package.json: where data lies that is not code, whether this runs compiled or not. */
export const PACKAGE_ROOT = existsSync(join(dirname(__dirname), 'package.json'))
  ? dirname(__dirname)
  : dirname(dirname(__dirname));
