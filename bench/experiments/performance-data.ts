/**
 * The figures that experiments keep for the tables of docs/serving.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import { makeFolder, writeFileAtomic } from '../../files/write';

const FOLDER = join(PACKAGE_ROOT, 'docs/performance/data');
export const PARALLELISM_FILE = join(FOLDER, 'parallelism.json');
export const SESSION_OPTIONS_FILE = join(FOLDER, 'session-options.json');

/** Writes a document. */
export function writePerformanceData(file: string, document: object): void {
  makeFolder(dirname(file));
  writeFileAtomic(file, `${JSON.stringify(document, null, 1)}\n`);
}

/**
 * What a document says as text; until it is measured, how to measure it.
 *
 * @param textOf makes the text of the file's contents
 */
export const performanceText = (
  file: string,
  command: string,
  textOf: (contents: string) => string,
): string =>
  existsSync(file) ? textOf(readFileSync(file, 'utf8')) : `Not measured yet: run \`${command} -- --write\`.`;
