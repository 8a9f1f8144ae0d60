/**
 * Makes, merges and summarizes the documents of runs.
 */
import type { Histogram } from 'hdr-histogram-js';

import { encodeHistogram, histogramOf, mergeHistograms, percentileMs } from './histogram';
import type { Load } from './load';
import {
  decodeRequests,
  encodeRequests,
  OUTCOMES,
  type Outcome,
  type Requests,
  RUN_SCHEMA,
  RUN_VERSION,
  type RunDocument,
  type Shard,
} from './run-document';
import { parseSlo } from './slo';
import { brokenRules } from './validity';

/** Percentile at which a run without an objective is judged. */
const DEFAULT_PERCENTILE = 0.95;

const isOutcome = (requests: Requests, ...outcomes: readonly Outcome[]) => {
  const codes = outcomes.map((outcome) => OUTCOMES.indexOf(outcome));
  return (_: number, i: number) => codes.includes(requests.outcome[i]!);
};

type Measured = Omit<RunDocument, 'schema' | 'version' | 'requests' | 'histograms' | 'validity'> & {
  readonly requests: Requests;
};

/** Makes the document of a run. Pass `histograms` only if they were merged; otherwise they are computed. */
export function documentOf(run: Measured, histograms?: RunDocument['histograms']): RunDocument {
  const { requests, ...rest } = run;
  const { slo, load } = run.settings;
  const broken = brokenRules({
    ...run,
    loadKind: load.split(':')[0] as Load['kind'],
    percentile: slo === undefined ? DEFAULT_PERCENTILE : parseSlo(slo).percentile,
  });
  const encoded = (values: Float32Array) => encodeHistogram(histogramOf(values));
  return {
    schema: RUN_SCHEMA,
    version: RUN_VERSION,
    ...rest,
    requests: encodeRequests(requests),
    histograms: histograms ?? {
      answered: encoded(requests.latencyMs.filter(isOutcome(requests, 'right', 'wrong'))),
      refused: encoded(requests.latencyMs.filter(isOutcome(requests, 'refused'))),
      lag: encoded(requests.lagMs.filter((_, i) => requests.outcome[i] !== OUTCOMES.indexOf('unsent'))),
    },
    validity: { valid: broken.length === 0, broken },
  };
}

/** Refuses shards that are not each part of one schedule exactly once. */
function checkShards(shards: readonly Shard[]): void {
  const count = shards[0]?.count ?? 1;
  const times = (index: number) => shards.filter((each) => each.index === index).length;
  const indices = Array.from({ length: count }, (_, i) => i + 1);
  if (shards.every((each) => each.count === count) && indices.every((index) => times(index) === 1)) return;
  const received = shards.map(({ index, count: of }) => `${index}/${of}`).join(', ');
  throw new RangeError(
    `documents to merge must have each shard from 1/${count} to ${count}/${count} once, received ${received}: ` +
      'give the documents of all generators of one load, each once',
  );
}

/**
 * Merges the documents of generators that each sent a part of one schedule. Times are aligned by the wall clocks of
 * their starts; histograms are added.
 *
 * @throws RangeError without documents, if their settings differ, or if a shard is missing or there twice
 */
export function mergeRuns(documents: readonly RunDocument[]): RunDocument {
  const [first] = documents;
  if (first === undefined) throw new RangeError('mergeRuns needs at least one document, received none');
  const settings = JSON.stringify(first.settings);
  const other = documents.find((document) => JSON.stringify(document.settings) !== settings);
  if (other !== undefined) {
    throw new RangeError(
      `documents to merge must have the same settings, received ${settings} and ${JSON.stringify(other.settings)}`,
    );
  }
  checkShards(documents.flatMap(({ generators }) => generators.map(({ shard }) => shard)));
  const startMs = Math.min(...documents.map(({ startedAt }) => Date.parse(startedAt)));
  const parts = documents.map((document) => ({
    offsetMs: Date.parse(document.startedAt) - startMs,
    requests: decodeRequests(document.requests),
  }));
  const rows = parts
    .flatMap(({ offsetMs, requests }) =>
      Array.from(requests.intendedMs, (ms, i) => ({ intendedMs: ms + offsetMs, requests, i })),
    )
    .sort((a, b) => a.intendedMs - b.intendedMs);
  const failures: Record<string, number> = {};
  for (const document of documents) {
    for (const [kind, count] of Object.entries(document.failures))
      failures[kind] = (failures[kind] ?? 0) + count;
  }
  const merged = (name: keyof RunDocument['histograms']) =>
    encodeHistogram(mergeHistograms(documents.map(({ histograms }) => histograms[name])));
  return documentOf(
    {
      settings: first.settings,
      generators: documents
        .flatMap(({ generators }) => generators)
        .sort((a, b) => a.shard.index - b.shard.index),
      startedAt: new Date(startMs).toISOString(),
      durationMs: Math.max(...documents.map(({ durationMs }, i) => durationMs + parts[i]!.offsetMs)),
      complete: documents.every(({ complete }) => complete),
      failures,
      requests: {
        intendedMs: Float64Array.from(rows, ({ intendedMs }) => intendedMs),
        lagMs: Float32Array.from(rows, ({ requests, i }) => requests.lagMs[i]!),
        latencyMs: Float32Array.from(rows, ({ requests, i }) => requests.latencyMs[i]!),
        outcome: Uint8Array.from(rows, ({ requests, i }) => requests.outcome[i]!),
        status: Uint16Array.from(rows, ({ requests, i }) => requests.status[i]!),
      },
    },
    { answered: merged('answered'), refused: merged('refused'), lag: merged('lag') },
  );
}

export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const latenciesOf = (histogram: Histogram): Latencies => ({
  count: histogram.totalCount,
  p50Ms: percentileMs(histogram, 0.5),
  p90Ms: percentileMs(histogram, 0.9),
  p95Ms: percentileMs(histogram, 0.95),
  p99Ms: percentileMs(histogram, 0.99),
});

export interface RunSummary {
  /** Every request that was due in the period. */
  readonly due: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly offeredPerSecond: number;
  /** Right answers that arrived within the schedule, by the time of the answer: a server's throughput. */
  readonly throughputPerSecond: number;
  /** Right answers to the requests that were due, within the objective if there is one, per second. */
  readonly goodputPerSecond: number;
  /** Good answers as a share of the requests that were due. */
  readonly goodShare: number;
  readonly answered: Latencies;
  readonly refused: Latencies;
}

/**
 * Summarizes the requests that were due from `fromMs` on: the time before is the server's warm-up.
 *
 * Rates are per second of the schedule, also for a closed loop.
 */
export function summarize(document: RunDocument, fromMs = 0): RunSummary {
  const requests = decodeRequests(document.requests);
  const slo = document.settings.slo === undefined ? undefined : parseSlo(document.settings.slo);
  const indices = Array.from(requests.intendedMs.keys()).filter((i) => requests.intendedMs[i]! >= fromMs);
  const latencies = (...outcomes: Outcome[]) => {
    const matches = isOutcome(requests, ...outcomes);
    return indices.filter((i) => matches(0, i)).map((i) => requests.latencyMs[i]!);
  };
  const outcomes = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, latencies(outcome).length]),
  ) as Record<Outcome, number>;
  const good = latencies('right').filter((ms) => ms <= (slo?.limitMs ?? Infinity)).length;
  // An interrupted schedule lasted until its last request.
  const untilMs = document.complete ? document.durationMs : (requests.intendedMs.at(-1) ?? 0);
  const seconds = Math.max(0.001, (untilMs - fromMs) / 1000);
  const isRight = isOutcome(requests, 'right');
  let arrived = 0;
  requests.intendedMs.forEach((dueMs, i) => {
    const atMs = dueMs + requests.latencyMs[i]!;
    if (isRight(0, i) && atMs >= fromMs && atMs < untilMs) arrived++;
  });
  return {
    due: indices.length,
    throughputPerSecond: arrived / seconds,
    outcomes,
    offeredPerSecond: indices.length / seconds,
    goodputPerSecond: good / seconds,
    goodShare: good / indices.length,
    answered: latenciesOf(histogramOf(latencies('right', 'wrong'))),
    refused: latenciesOf(histogramOf(latencies('refused'))),
  };
}
