/**
 * The folder of manifests that the repository holds.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { PACKAGE_ROOT } from '../files/package-root';

export const DIST = join(PACKAGE_ROOT, 'dist');

/** Whether git has a folder of manifests as it is committed. */
export const isTracked = (folder: string): boolean =>
  resolve(folder) === DIST && existsSync(join(PACKAGE_ROOT, '.git'));
