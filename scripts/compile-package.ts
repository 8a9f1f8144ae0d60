/**
 * `prepack`: compiles what the package ships, and removes what it would ship besides: the compiled files of sources that have
 * another name now, or none.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { globSync } from 'tinyglobby';

import { files } from '../package.json';
import { ROOT } from './documents';

/** Of a line of the compiler that names a file that it wrote. */
const WRITTEN = /^TSFILE: (.*)$/gm;

/**
 * Removes the files below `build/` that `files` of package.json names and the compiler did not write. Only after it wrote,
 * since others may run what is there. A model that somebody trained into `build/models` stays, as `files` names only code there.
 *
 * @param root folder of the package
 * @param patterns those of `files`
 * @param written paths in the package
 * @returns the paths of what was removed
 */
export function removeStale(
  root: string,
  patterns: readonly string[],
  written: ReadonlySet<string>,
): string[] {
  const compiled = patterns.filter((pattern) => /^!?build\//.test(pattern));
  const stale = globSync(compiled, { cwd: root, followSymbolicLinks: false }).filter(
    (file) => !written.has(file),
  );
  for (const file of stale) rmSync(join(root, file));
  return stale.sort();
}

if (require.main === module) {
  const tsc = require.resolve('typescript/bin/tsc');
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, '-p', 'tsconfig.build.json', '--sourceMap', 'false', '--listEmittedFiles'],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const written = [...stdout.matchAll(WRITTEN)].map(([, file]) => relative(ROOT, resolve(ROOT, file!)));
  // npm's own output goes to stdout.
  process.stderr.write(stdout.replaceAll(/^TSFILE: .*\n/gm, ''));
  if (status === 0) {
    for (const file of removeStale(ROOT, files, new Set(written))) console.error(`removed the stale ${file}`);
  } else process.exitCode = 1;
}
