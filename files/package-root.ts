import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the project's package.json, whether this runs compiled or not. Data that is not code is below it. */
export const PACKAGE_ROOT = existsSync(join(dirname(__dirname), 'package.json'))
  ? dirname(__dirname)
  : dirname(dirname(__dirname));
