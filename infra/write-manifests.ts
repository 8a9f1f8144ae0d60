/**
 * Writes manifests into a folder that may hold other files: all of them or none, and never over a file of others.
 */
import {
  existsSync,
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

/** A command that writes manifests, and its option for their folder. It replaces and removes its own files only. */
export interface Writer {
  readonly command: string;
  readonly folderOption: string;
  /** What to do where it cannot write. @default to choose another folder by the option */
  readonly elsewhere?: string;
}

export const SYNTH: Writer = { command: 'tandem synth', folderOption: '--out' };

/** First line of every file that a command writes. */
export const headerOf = ({ command }: Writer): string =>
  `# Written by ${command}, which replaces this file: change a setting or a figure instead.`;

/** The text of each chart's file by the file's name. Writes nothing. */
export const manifestsOf = (app: App, writer = SYNTH): ReadonlyMap<string, string> =>
  new Map(
    app.charts.map((chart) => {
      const objects = chart.toJson() as object[];
      return [
        `${chart.node.id}${app.outputFileExtension}`,
        `${headerOf(writer)}\n${Yaml.stringify(...objects)}`,
      ];
    }),
  );

/** Whether a file is missing (undefined) or begins with the {@link headerOf header} of a writer. */
export function isOurs(file: string, writer = SYNTH): boolean | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isFile() && readFileSync(file, 'utf8').startsWith(headerOf(writer));
}

/**
 * Writes the files into a folder, which it creates, and removes those of an earlier call that are not among them, since
 * `kubectl apply` would still apply them. On an error the folder keeps what it had.
 *
 * @param endings of the names of files that an earlier call may have written
 * @returns the names of the files that were there before with other contents or are removed, sorted
 * @throws Error if the folder cannot be written to, or holds a file of others under one of the names
 */
export function writeManifests(
  out: string,
  files: ReadonlyMap<string, string>,
  endings: readonly string[],
  writer = SYNTH,
): string[] {
  const { folderOption, elsewhere = `choose another folder (${folderOption})` } = writer;
  makeOut(out, folderOption, elsewhere);
  for (const name of files.keys()) {
    if (isOurs(join(out, name), writer) !== false) continue;
    throw new Error(
      `${out} must not hold a file with the name of a manifest that ${writer.command} did not write, received ${name}: ` +
        `move that file or ${elsewhere}`,
    );
  }
  const changed = [...files].flatMap(([name, text]) => {
    const file = join(out, name);
    return existsSync(file) && readFileSync(file, 'utf8') !== text ? [name] : [];
  });
  const staging = mkdtempSync(join(out, '.synth-'));
  try {
    for (const [name, text] of files) writeFileSync(join(staging, name), text);
    for (const name of files.keys()) renameSync(join(staging, name), join(out, name));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const stale = readdirSync(out).filter(
    (name) =>
      endings.some((ending) => name.endsWith(ending)) &&
      !files.has(name) &&
      isOurs(join(out, name), writer) === true,
  );
  for (const name of stale) rmSync(join(out, name));
  return [...changed, ...stale].sort();
}
