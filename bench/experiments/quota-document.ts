/**
 * What `npm run bench:quota` measured, beside what the twin says of the same requests. Pure.
 */
import { join } from 'node:path';

import { table } from '../../charts/markdown';
import { percent, percentTick, signedPercent } from '../../charts/percent';
import { PACKAGE_ROOT } from '../../files/package-root';
import { percentile } from '../../statistics/percentile';
import { grouped } from '../evidence/words';
import { parseDocument } from '../load/parse-document';
import type { Subject } from '../timeline/timeline-document';
import { type Elapsed, elapsedUnder, fitOverrun, leaveOneOut, type QuotaCell } from '../twin/fit-quota';

/** The figures of the table in docs/twin.md. */
export const QUOTA_FILE = join(PACKAGE_ROOT, 'docs/twin/data/quota.json');

/** Name and version of the document; the version rises when a field changes its meaning. */
export const QUOTA_SCHEMA = 'tandem.quota';
export const QUOTA_VERSION = 1;

/** Requests of one CPU time under one CPU limit, all rounds together. */
export interface MeasuredCell extends QuotaCell {
  /** What each request was meant to use. */
  readonly nominalCpuMs: number;
  readonly requests: number;
  /** Mean time from request to answer, by round. */
  readonly roundMeansMs: readonly number[];
  /** Periods of the quota in which the group did anything. */
  readonly periods: number;
  /** Those in which it ran out of it. */
  readonly throttledPeriods: number;
}

export interface QuotaDocument {
  readonly schema: typeof QUOTA_SCHEMA;
  readonly version: typeof QUOTA_VERSION;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly commit: string;
  readonly machine: Subject['machine'];
  readonly seed: number;
  /** Of each limit in one round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly cells: readonly MeasuredCell[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseQuota = (text: string): QuotaDocument =>
  parseDocument<QuotaDocument>(text, { schema: QUOTA_SCHEMA, version: QUOTA_VERSION }, 'npm run bench:quota');

const median = (values: readonly number[]) => percentile(values, 0.5);
const whole = (ms: number) => ms.toFixed(ms < 10 ? 1 : 0);
type Figure = keyof Elapsed;
const errorOf = (predicted: Elapsed, measured: Elapsed, figure: Figure) =>
  predicted[figure] / measured[figure] - 1;

/** The measurement as text: a table, how well each limit is predicted, and where it comes from. */
export function quotaText({ startedAt, machine, rounds, seconds, cells }: QuotaDocument): string {
  const predictions = leaveOneOut(cells);
  const pairs = predictions.flatMap((limit) => limit.cells);
  const rows = pairs.map(({ measured, predicted }) => [
    `${measured.limitMillis}m`,
    measured.cpuMs.toFixed(1),
    grouped(measured.requests),
    percentTick(measured.throttledPeriods / Math.max(1, measured.periods)),
    ...(['meanMs', 'p95Ms'] as const).flatMap((figure) => [
      whole(measured[figure]),
      whole(predicted[figure]),
      signedPercent(errorOf(predicted, measured, figure)),
    ]),
  ]);
  const head = [
    ...['CPU limit', 'CPU ms per request', 'requests', 'periods throttled, %'],
    ...['mean, measured, ms', 'predicted', 'error', 'p95, measured, ms', 'predicted', 'error'],
  ];
  /** Of the absolute errors over all cells. */
  const errorText = (figure: Figure, predict: (pair: (typeof pairs)[number]) => Elapsed) => {
    const errors = pairs.map((pair) => Math.abs(errorOf(predict(pair), pair.measured, figure)));
    return `${percent(median(errors))} (${percent(Math.max(...errors))})`;
  };
  const errorsText = (predict: (pair: (typeof pairs)[number]) => Elapsed) =>
    `mean ${errorText('meanMs', predict)}, p95 ${errorText('p95Ms', predict)}`;
  const overruns = predictions.map(({ overrunMs }) => overrunMs);
  const roundError = percent(
    median(
      cells.flatMap(({ roundMeansMs, meanMs }) => roundMeansMs.map((round) => Math.abs(round / meanMs - 1))),
    ),
  );
  const source = [
    `Predicted: with the overrun fitted to the other ${predictions.length - 1} limits, ${Math.min(...overruns)} to ${Math.max(...overruns)} ms. Fitted to all, which the twin has: ${fitOverrun(cells)} ms.`,
    `Median error (the largest): ${errorsText(({ predicted }) => predicted)}; without an overrun ${errorsText(({ measured }) => elapsedUnder(measured, 0))}. The mean of one round is ${roundError} off that of all together (median).`,
    `Measured on ${startedAt.slice(0, 10)} on ${machine.cores} cores of ${machine.cpuModel}, control groups of version 1, ${rounds} rounds in turns of ${seconds} s per limit.`,
  ];
  return `${table(head, rows)}\n\n${source.join(' ')}`;
}
