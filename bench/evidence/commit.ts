/** The code that measures, for documents that are committed later. */
import { execFileSync } from 'node:child_process';

import { PACKAGE_ROOT } from '../../files/package-root';

/** Commit of the code; with `-dirty` where files that count were changed since. */
export function commitOf(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: PACKAGE_ROOT, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs');
  return `${git('rev-parse', 'HEAD')}${changed === '' ? '' : '-dirty'}`;
}
