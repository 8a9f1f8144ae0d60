/**
 * What `npm run bench:parallelism` measured, and whether it justifies the service's rule. Pure.
 */
import { table } from '../../charts/markdown';
import { MODEL_IDS, type ModelId, MODELS } from '../../models/catalog';
import { type Precision, PRECISIONS } from '../../models/engines/engine';
import { type Parallelism, parallelismOf } from '../../service/inference/parallelism';
import { percentile } from '../../statistics/percentile';
import { parseDocument } from '../load/parse-document';
import type { Subject } from '../timeline/timeline-document';

/** Name and version of the document; the version rises when a field changes its meaning. */
export const PARALLELISM_SCHEMA = 'tandem.parallelism';
export const PARALLELISM_VERSION = 1;

/** One service under one CPU limit; lists have one figure per round. */
export interface Cell extends Parallelism {
  readonly model: ModelId;
  readonly precision: Precision;
  /** Of its control group. */
  readonly cpuLimitMillis: number;
  readonly perSecond: readonly number[];
  /** Median time of one client's answers. */
  readonly oneClientMs: readonly number[];
  /** CPU time of all processes per image under load. */
  readonly cpuMs: readonly number[];
  /** Memory of all processes, with their share of what they share. */
  readonly pssMebibytes: readonly number[];
}

export interface ParallelismDocument {
  readonly schema: typeof PARALLELISM_SCHEMA;
  readonly version: typeof PARALLELISM_VERSION;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly machine: Subject['machine'];
  /** Size of the JPEG, such as `320x240`. */
  readonly image: string;
  /** Clients that send under load. */
  readonly clients: number;
  readonly cells: readonly Cell[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseParallelism = (text: string): ParallelismDocument =>
  parseDocument<ParallelismDocument>(
    text,
    { schema: PARALLELISM_SCHEMA, version: PARALLELISM_VERSION },
    'npm run bench:parallelism',
  );

/** The CPU limits to measure, millicores. */
const LIMITS_MILLIS = [500, 1000, 2000, 4000] as const;

/** Those that a machine has the cores for. */
export const limitsFor = (cores: number): number[] =>
  LIMITS_MILLIS.filter((limitMillis) => limitMillis <= 1000 * cores);

/**
 * What to compare under a CPU limit: one thread, and each way to divide the limit's threads into processes. Below two
 * cores these are two threads, which show what more threads than cores cost.
 */
export function shapesOf(cpuLimitMillis: number): Parallelism[] {
  const count = Math.max(2, Math.floor(cpuLimitMillis / 1000));
  const divisions = Array.from({ length: count }, (_, i) => i + 1)
    .filter((processes) => count % processes === 0)
    .map((processes) => ({ processes, threads: count / processes }));
  return [{ processes: 1, threads: 1 }, ...divisions];
}

/** `2 x 1`: processes x threads. */
export const shapeText = ({ processes, threads }: Parallelism): string => `${processes} x ${threads}`;

/** A rate this close to the highest counts as equal: at half a core, a round is only eight images of ResNet101V2. */
const EQUAL_SHARE = 0.75;

const median = (values: readonly number[]) => percentile(values, 0.5);

/** The cells of one model, precision and CPU limit. */
export interface Comparison extends Pick<Cell, 'model' | 'precision' | 'cpuLimitMillis'> {
  /** What the service's rule chooses. */
  readonly chosen: Cell;
  readonly others: readonly Cell[];
  /** Its rate divided by the highest. */
  readonly shareOfBest: number;
  /** Whether the rule's choice is as fast as any. */
  readonly isJustified: boolean;
}

/**
 * Compares the cells under each CPU limit.
 *
 * @throws Error naming a choice of the rule that was not measured
 */
export function compare({ cells }: Pick<ParallelismDocument, 'cells'>): Comparison[] {
  const limits = [...new Set(cells.map(({ cpuLimitMillis }) => cpuLimitMillis))].sort((a, b) => a - b);
  return MODEL_IDS.flatMap((model) =>
    PRECISIONS.flatMap((precision) =>
      limits.flatMap((cpuLimitMillis) => {
        const group = cells.filter(
          (cell) =>
            cell.model === model && cell.precision === precision && cell.cpuLimitMillis === cpuLimitMillis,
        );
        if (group.length === 0) return [];
        const rule = shapeText(parallelismOf(MODELS[model].architecture, cpuLimitMillis));
        const chosen = group.find((cell) => shapeText(cell) === rule);
        if (chosen === undefined) {
          throw new Error(
            `${model} at ${precision} and ${cpuLimitMillis} millicores must be measured as the rule has it, ${rule}, received ${group.map(shapeText).join(', ')}: run \`npm run bench:parallelism -- --write\``,
          );
        }
        const best = Math.max(...group.map(({ perSecond }) => median(perSecond)));
        const shareOfBest = median(chosen.perSecond) / best;
        return {
          ...{ model, precision, cpuLimitMillis, chosen, shareOfBest },
          others: group.filter((cell) => cell !== chosen),
          isJustified: shareOfBest >= EQUAL_SHARE,
        };
      }),
    ),
  );
}

/** What each comparison claims. */
export const claimOf = ({ model, precision, cpuLimitMillis, chosen, shareOfBest }: Comparison): string =>
  `${model} at ${precision} and ${cpuLimitMillis} millicores: ${shapeText(chosen)} has at least ${EQUAL_SHARE} of the highest rate (${shareOfBest.toFixed(2)})`;

const rate = ({ perSecond }: Cell) => median(perSecond).toFixed(1);
const time = ({ oneClientMs }: Cell) => median(oneClientMs).toFixed(1);

/** The measurement as text: a table and where it comes from. */
export function parallelismText(document: ParallelismDocument): string {
  const { startedAt, machine, image, clients } = document;
  const rows = compare(document).map(({ model, precision, cpuLimitMillis, chosen, others }) => [
    `\`${model}\``,
    precision,
    cpuLimitMillis / 1000,
    shapeText(chosen),
    rate(chosen),
    time(chosen),
    median(chosen.cpuMs).toFixed(1),
    median(chosen.pssMebibytes).toFixed(0),
    others.map((cell) => `${shapeText(cell)}: ${rate(cell)}, ${time(cell)} ms`).join('; '),
  ]);
  const head = [
    ...['model', 'precision', 'CPU limit', 'processes x threads', 'images/s', 'one client, p50 ms'],
    ...['CPU ms per image', 'PSS MiB', 'instead: images/s, one client'],
  ];
  const rounds = document.cells[0]!.perSecond.length;
  const source = `Measured on ${startedAt.slice(0, 10)} on ${machine.cores} cores of ${machine.cpuModel}: ${image} JPEGs, ${clients} clients, control groups of version 1, medians of ${rounds} rounds in turns.`;
  return `${table(head, rows)}\n\n${source}`;
}
