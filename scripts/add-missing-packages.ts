/**
 * Adds a package that npm left out, and what it needs, at the versions of package-lock.json. Keeps everything that is in
 * node_modules already, since running programs load from it: `npm ci` would remove it first.
 *
 * usage: npx tsx scripts/add-missing-packages.ts PACKAGE WORK_FOLDER
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { temporaryOf } from '../files/temporaries';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Entries of a node_modules folder that can be moved on their own: packages, packages of scopes, commands. */
const entriesOf = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    if (name.startsWith('@') || name === '.bin')
      return readdirSync(join(folder, name)).map((inner) => join(name, inner));
    return name.startsWith('.') ? [] : [name];
  });

/** Moves a package at once: one that is there is whole. node_modules may be a volume of its own, as in dev containers. */
function move(source: string, target: string): void {
  try {
    renameSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const copy = temporaryOf(target);
    cpSync(source, copy, { recursive: true, verbatimSymlinks: true });
    renameSync(copy, target);
  }
}

/**
 * Moves what `target` lacks from one node_modules folder to another.
 *
 * @param last the package that comes last, so that it is there only with what it needs
 * @returns what was moved
 */
export function moveMissing(source: string, target: string, last: string): string[] {
  const missing = entriesOf(source)
    .filter((entry) => !existsSync(join(target, entry)))
    .toSorted((a, b) => Number(a === last) - Number(b === last));
  for (const entry of missing) {
    mkdirSync(dirname(join(target, entry)), { recursive: true });
    move(join(source, entry), join(target, entry));
  }
  return missing;
}

/** The project with one optional dependency as its only one: `npm ci` takes from the lock what that one needs. */
export function reducedManifest({ name, version, optionalDependencies }: Manifest, only: string): object {
  return { name, version, private: true, dependencies: { [only]: optionalDependencies[only] } };
}

function main(name: string, work: string): void {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'package.json'), JSON.stringify(reducedManifest(manifest, name)));
  copyFileSync('package-lock.json', join(work, 'package-lock.json'));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['ci', ...flags], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
  const moved = moveMissing(join(work, 'node_modules'), 'node_modules', name);
  console.log(`added ${moved.length} packages and commands to node_modules`);
}

if (require.main === module) main(process.argv[2]!, process.argv[3]!);
