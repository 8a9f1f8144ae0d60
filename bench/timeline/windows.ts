/** A timeline in windows of equal length: the input of charts and tables. */
import { decodeRequests, OUTCOMES, type Outcome } from '../load/run-document';
import { percentile } from '../../statistics/percentile';
import type { CounterSample, TimelineDocument } from './timeline-document';

const WINDOW_MS = 10_000;

export interface Window {
  /** Start, milliseconds from the start of the recording. */
  readonly fromMs: number;
  readonly lengthMs: number;
  /** Requests that were due in the window. */
  readonly due: number;
  /** Requests that were sent in the window, whenever they were due. */
  readonly sent: number;
  /** Requests that were due in the window, by outcome. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Latency of right and wrong answers from the intended send time; NaN if there are none. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** At the end of the window; NaN before the first sample, or where readiness is not known. */
  readonly desiredReplicas: number;
  readonly readyReplicas: number;
  /** Answers of each pod within the window, by its own count; a pod whose count was not read in it is absent. */
  readonly answeredByPod: Readonly<Record<string, number>>;
  /** Jain's index of `answeredByPod`; NaN if nothing was answered. */
  readonly fairness: number;
  /** Share of the pods' CPU quota periods that were throttled; NaN if there were none. */
  readonly throttledShare: number;
}

/**
 * Jain's fairness index: 1 if all shares are equal, 1/n if one has everything, NaN if the sum is 0.
 *
 * @see https://www.cs.wustl.edu/~jain/papers/ftp/fairness.pdf
 */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/**
 * By how much each pod's counter rose between two times. A pod without a sample before `fromMs` is counted from its first
 * sample; a counter that fell was reset by a restart and counts from 0. Samples without the counter do not count.
 */
export function increases(
  counters: readonly CounterSample[],
  of: (sample: CounterSample) => number | undefined,
  fromMs: number,
  toMs: number,
): Map<string, number> {
  const last = new Map<string, number>();
  const increase = new Map<string, number>();
  for (const sample of counters) {
    if (sample.atMs > toMs) break;
    const value = of(sample);
    if (value === undefined) continue;
    const before = last.get(sample.pod);
    last.set(sample.pod, value);
    if (sample.atMs <= fromMs) continue;
    const rise = before === undefined ? 0 : value >= before ? value - before : value;
    increase.set(sample.pod, (increase.get(sample.pod) ?? 0) + rise);
  }
  return increase;
}

const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);

/** Turns the raw samples into windows; the last one may be shorter. */
export function windowsOf(timeline: TimelineDocument, windowMs = WINDOW_MS): Window[] {
  const { startedAt, finishedAt, load, counters, replicas } = timeline;
  const lengthMs = Date.parse(finishedAt) - Date.parse(startedAt);
  const requests = load === undefined ? undefined : decodeRequests(load.requests);
  const offsetMs = load === undefined ? 0 : Date.parse(load.startedAt) - Date.parse(startedAt);
  return Array.from({ length: Math.ceil(lengthMs / windowMs) }, (_, index) => {
    const fromMs = index * windowMs;
    const toMs = Math.min(fromMs + windowMs, lengthMs);
    const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
    const latenciesMs: number[] = [];
    const isWithin = (atMs: number) => atMs >= fromMs && atMs < toMs;
    let sent = 0;
    requests?.intendedMs.forEach((intendedMs, i) => {
      const dueMs = intendedMs + offsetMs;
      const outcome = OUTCOMES[requests.outcome[i]!]!;
      if (outcome !== 'unsent' && isWithin(dueMs + requests.lagMs[i]!)) sent++;
      if (!isWithin(dueMs)) return;
      outcomes[outcome]++;
      if (outcome === 'right' || outcome === 'wrong') latenciesMs.push(requests.latencyMs[i]!);
    });
    const atEnd = replicas.findLast(({ atMs }) => atMs <= toMs);
    const answered = increases(counters, (sample) => sample.answered, fromMs, toMs);
    const rise = (of: (sample: CounterSample) => number | undefined) =>
      total(increases(counters, of, fromMs, toMs).values());
    return {
      fromMs,
      lengthMs: toMs - fromMs,
      due: total(Object.values(outcomes)),
      sent,
      outcomes,
      p50Ms: percentile(latenciesMs, 0.5),
      p95Ms: percentile(latenciesMs, 0.95),
      p99Ms: percentile(latenciesMs, 0.99),
      desiredReplicas: atEnd?.desired ?? NaN,
      readyReplicas: atEnd?.ready ?? NaN,
      answeredByPod: Object.fromEntries(answered),
      fairness: jainIndex([...answered.values()]),
      throttledShare: rise((sample) => sample.throttledPeriods) / rise((sample) => sample.periods),
    };
  });
}
