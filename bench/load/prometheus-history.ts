/**
 * The request rate of a service over time, as Prometheus' `query_range` answers it, as a load.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { checkSize, type OpenLoad } from './load';

/** A query whose answer {@link readHistory} reads. */
export const HISTORY_QUERY = 'sum(rate(inference_request_duration_seconds_count[1m]))';

interface Series {
  /** Unix time in seconds, and the value as text. */
  readonly values?: readonly (readonly [number, string])[];
}

interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: { readonly resultType?: string; readonly result?: readonly Series[] };
}

const isoOf = (seconds: number) => new Date(1000 * seconds).toISOString();

/** Requests per second by time, the series added; pods come and go, so that a series may miss some times. */
function rateByTime(series: readonly Series[], file: string): Map<number, number> {
  const rates = new Map<number, number>();
  for (const { values } of series) {
    if (values === undefined) {
      throw new RangeError(
        `${file} must have numbers, received native histograms: query a rate of their count, such as ${HISTORY_QUERY}`,
      );
    }
    for (const [at, text] of values) {
      const rate = Number(text);
      if (!(rate >= 0 && rate < Infinity)) {
        throw new RangeError(
          `${file} must have requests per second, received "${text}" at ${isoOf(at)}: query a rate, such as ${HISTORY_QUERY}`,
        );
      }
      rates.set(at, (rates.get(at) ?? 0) + rate);
    }
  }
  return rates;
}

/** @throws RangeError if the times are fewer than two, or not evenly spaced */
function stepOf(times: readonly number[], file: string): number {
  const gaps = times.slice(1).map((at, i) => at - times[i]!);
  const step = Math.min(...gaps);
  const hole = gaps.findIndex((gap) => Math.abs(gap - step) > 1e-3 * step);
  if (gaps.length === 0) {
    throw new RangeError(
      `${file} must have at least two times, received ${times.length}: ask for a longer range`,
    );
  }
  if (hole >= 0) {
    throw new RangeError(
      `${file} has no value for ${gaps[hole]!.toFixed(0)} s after ${isoOf(times[hole]!)}: ask for a range without a gap`,
    );
  }
  return step;
}

/**
 * Reads such an answer.
 *
 * @throws Error if the file cannot be read or is no such answer; RangeError that names what is wrong with its values
 */
export function readHistory(file: string): OpenLoad {
  let answer: Answer;
  try {
    answer = (JSON.parse(readFileSync(file, 'utf8')) ?? {}) as Answer;
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(
      cause instanceof SyntaxError
        ? `${file} must be the JSON answer of Prometheus’ query_range: ${message}`
        : `${file}: ${message}`,
      { cause },
    );
  }
  const { status, error, data } = answer;
  if (status !== 'success' || data?.resultType !== 'matrix') {
    const received = error ?? `status ${status}, resultType ${data?.resultType}`;
    throw new Error(`${file} must be the JSON answer of Prometheus’ query_range, received ${received}`);
  }
  const rates = rateByTime(data.result ?? [], file);
  const times = [...rates.keys()].sort((a, b) => a - b);
  const binSeconds = stepOf(times, file);
  // A rate at a time is that of the step before it: the first one lies before the range.
  const counts = times.slice(1).map((at) => rates.get(at)! * binSeconds);
  if (!counts.some((count) => count > 0)) {
    throw new RangeError(`${file} must have requests, received none: ask for another range`);
  }
  const load: OpenLoad = { kind: 'trace', scale: 1, trace: { name: basename(file), binSeconds, counts } };
  checkSize(load, file, 'ask for a shorter range');
  return load;
}
