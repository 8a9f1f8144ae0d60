/**
 * What `bench/experiments/vegeta.ts` measured: the load generator beside vegeta. Pure.
 */
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import { percentile } from '../../statistics/percentile';
import { parseDocument } from '../load/parse-document';
import type { Subject } from '../timeline/timeline-document';

/** The figures of the sentence in docs/benchmarking.md. */
export const VEGETA_FILE = join(PACKAGE_ROOT, 'docs/benchmarking/vegeta.json');

/** Name and version of the document; the version rises when a field changes its meaning. */
export const VEGETA_SCHEMA = 'tandem.vegeta';
export const VEGETA_VERSION = 1;

/** Of one run: times from sending to the answer. */
export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Rules of validity that the run broke. */
  readonly broken: readonly string[];
}

/** One run of each, with the same service times. */
export interface Pair {
  readonly vegeta: Percentiles;
  readonly ours: Percentiles;
}

export interface VegetaDocument {
  readonly schema: typeof VEGETA_SCHEMA;
  readonly version: typeof VEGETA_VERSION;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly commit: string;
  readonly machine: Subject['machine'];
  /** Module and version of vegeta. */
  readonly vegeta: string;
  readonly arguments: {
    /** Requests per second. */
    readonly rate: number;
    /** Length of each run. */
    readonly seconds: number;
    readonly repetitions: number;
  };
  /** In the order in which they were measured. */
  readonly runs: readonly Pair[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseVegeta = (text: string): VegetaDocument =>
  parseDocument<VegetaDocument>(
    text,
    { schema: VEGETA_SCHEMA, version: VEGETA_VERSION },
    'npx tsx bench/experiments/vegeta.ts --out FILE',
  );

/** The medians over the runs that are compared. */
export const mediansOf = (runs: readonly Pair[]) =>
  (['p50Ms', 'p99Ms'] as const).map((name) => {
    const median = (who: keyof Pair) =>
      percentile(
        runs.map((run) => run[who][name]),
        0.5,
      );
    return { name: name.slice(0, 3), oursMs: median('ours'), vegetaMs: median('vegeta') };
  });

/** The agreement in a sentence. */
export function vegetaText({ startedAt, commit, machine, arguments: given, runs }: VegetaDocument): string {
  const { rate, seconds, repetitions } = given;
  const figures = mediansOf(runs).map(
    ({ name, oursMs, vegetaMs }) =>
      `${name} ${oursMs.toFixed(2)} ms beside vegeta’s ${vegetaMs.toFixed(2)} ms`,
  );
  return (
    `**Measured** on ${startedAt.slice(0, 10)} on ${machine.cores} cores of ${machine.cpuModel}, commit \`${commit.slice(0, 12)}\`, ` +
    `with \`--rate ${rate} --seconds ${seconds} --repetitions ${repetitions}\`: ${figures.join(', ')} ` +
    `(medians of ${runs.length} runs of each, in turns).`
  );
}
