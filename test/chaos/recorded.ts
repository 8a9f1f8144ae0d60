/**
 * What the suite found, as JSON: one entry per fault, each from its own run, so that one fault can be run again alone.
 */
import { existsSync, readFileSync } from 'node:fs';

import { parseDocument } from '../../bench/load/parse-document';
import { writeFileAtomic } from '../../files/write';
import type { FaultId } from './faults';
import type { Form, Played } from './stage';

const SCHEMA = 'tandem.chaos';
const VERSION = 1;

/** One fault's last run. */
export interface Entry extends Played {
  readonly form: Form;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly machine: string;
}

/** Every fault that was run. */
export type Entries = Readonly<Partial<Record<FaultId, Entry>>>;

interface RecordedDocument {
  readonly schema: typeof SCHEMA;
  readonly version: typeof VERSION;
  readonly faults: Entries;
}

/**
 * Reads the entries of a file; none if there is no file.
 *
 * @throws Error if it is not a document of this schema and version
 */
export function readEntries(file: string): Entries {
  if (!existsSync(file)) return {};
  const expected = { schema: SCHEMA, version: VERSION } as const;
  return parseDocument<RecordedDocument>(readFileSync(file, 'utf8'), expected, 'npm run test:chaos -- --out')
    .faults;
}

/** Replaces entries in a file and keeps the others. */
export function recordEntries(file: string, entries: Entries): void {
  const faults = { ...readEntries(file), ...entries };
  const document: RecordedDocument = { schema: SCHEMA, version: VERSION, faults };
  writeFileAtomic(file, `${JSON.stringify(document, null, 2)}\n`);
}

/** A figure for a sentence: whole numbers as they are, others with three digits. */
const figure = (value: number) =>
  (Number.isInteger(value) || Math.abs(value) >= 1000
    ? Math.round(value)
    : Number(value.toPrecision(3))
  ).toLocaleString('en-US');

/**
 * Fills figures into a fault's sentence.
 *
 * @throws RangeError for a figure that the run did not keep
 */
export const fill = (sentence: string, figures: Readonly<Record<string, number>>): string =>
  sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = figures[name];
    if (value === undefined)
      throw new RangeError(
        `a run must keep the figure ${name}, received ${Object.keys(figures).join(', ')}: run the fault again`,
      );
    return figure(value);
  });
