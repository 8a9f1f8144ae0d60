/**
 * Writes manifests into a folder that may hold other files: all of them or none, and never over a file of others.
 */
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { type App, Yaml } from 'cdk8s';

import { makeOut } from '../files/write';

/** First line of every file that we write. We replace and remove the files that have it, and no others. */
export const HEADER =
  '# Written by tandem synth, which replaces this file: change a setting or a figure instead.';

/** The text of each chart's file by the file's name. Writes nothing. */
export const manifestsOf = (app: App): ReadonlyMap<string, string> =>
  new Map(
    app.charts.map((chart) => {
      const objects = chart.toJson() as object[];
      return [`${chart.node.id}${app.outputFileExtension}`, `${HEADER}\n${Yaml.stringify(...objects)}`];
    }),
  );

/** Whether a file is missing (undefined) or begins with {@link HEADER}. */
export function isOurs(file: string): boolean | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isFile() && readFileSync(file, 'utf8').startsWith(HEADER);
}

/**
 * Writes the files into a folder, which it creates, and removes those of an earlier call that are not among them, since
 * `kubectl apply` would still apply them. On an error the folder keeps what it had.
 *
 * @param extension end of the names of manifests
 * @throws Error if the folder cannot be written to, or holds a file of others under one of the names
 */
export function writeManifests(out: string, files: ReadonlyMap<string, string>, extension: string): void {
  makeOut(out);
  for (const name of files.keys()) {
    if (isOurs(join(out, name)) !== false) continue;
    throw new Error(
      `${out} must not hold a file of others under the name of a manifest, received ${name}: ` +
        'move that file or choose another folder (--out)',
    );
  }
  const staging = mkdtempSync(join(out, '.synth-'));
  try {
    for (const [name, text] of files) writeFileSync(join(staging, name), text);
    for (const name of files.keys()) renameSync(join(staging, name), join(out, name));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const stale = readdirSync(out).filter((name) => name.endsWith(extension) && !files.has(name));
  for (const name of stale) if (isOurs(join(out, name)) === true) rmSync(join(out, name));
}
