/**
 * The schedule of an open loop, drawn as a whole before anything is sent.
 */
import { seededRandom } from '../../statistics/seeded-random';
import { durationSeconds, MAX_REQUESTS, type OpenLoad, rateAt } from './load';
import type { Shard } from './run-document';

/**
 * Draws the intended send times of a load, in milliseconds from its start, ascending. The same seed gives the same
 * schedule.
 *
 * Random arrivals are an exact inhomogeneous Poisson process: a homogeneous one at the highest rate, thinned. Each bin of
 * a trace has its scaled count, rounded up or down at random so that the mean is kept, at uniformly random times.
 *
 * @throws RangeError if it has more than {@link MAX_REQUESTS} requests
 * @see https://doi.org/10.1002/nav.3800260304 (Lewis and Shedler, thinning)
 */
export function drawSchedule(load: OpenLoad, seed: number): Float64Array {
  const times =
    load.kind === 'constant'
      ? evenTimes(load)
      : load.kind === 'trace'
        ? traceTimes(load, seed)
        : thinned(load, seed);
  if (times.length > MAX_REQUESTS) {
    throw new RangeError(
      `a schedule must have at most ${MAX_REQUESTS} requests, received ${times.length}: lower the rate or the duration`,
    );
  }
  return Float64Array.from(times);
}

function evenTimes({ ratePerSecond, seconds }: { ratePerSecond: number; seconds: number }): number[] {
  return Array.from({ length: Math.round(ratePerSecond * seconds) }, (_, i) => (1000 * i) / ratePerSecond);
}

const KNOTS = 1_000;

function thinned(load: OpenLoad, seed: number): number[] {
  const seconds = durationSeconds(load);
  // Every rate here has its maximum at an end, at a step or in the middle, all of which the knots hit.
  const highest =
    load.kind === 'steps'
      ? Math.max(...load.ratesPerSecond)
      : Math.max(...Array.from({ length: KNOTS + 1 }, (_, i) => rateAt(load, (seconds * i) / KNOTS)));
  const random = seededRandom(seed, 'arrivals');
  const times: number[] = [];
  let at = 0;
  for (;;) {
    at -= Math.log(1 - random.uniform()) / highest;
    if (at >= seconds) return times;
    if (random.uniform() * highest < rateAt(load, at)) times.push(1000 * at);
  }
}

function traceTimes({ trace, scale }: Extract<OpenLoad, { kind: 'trace' }>, seed: number): number[] {
  const random = seededRandom(seed, 'arrivals');
  return trace.counts.flatMap((count, bin) => {
    const scaled = count * scale;
    const whole = Math.floor(scaled) + (random.uniform() < scaled % 1 ? 1 : 0);
    const times = Array.from({ length: whole }, () => 1000 * trace.binSeconds * (bin + random.uniform()));
    return times.sort((a, b) => a - b);
  });
}

/**
 * The clients of a closed loop that one of several generators runs: their counts differ by one at most.
 *
 * @throws RangeError if there are fewer clients than generators
 */
export function clientsOf(clients: number, { index, count }: Shard): number {
  if (clients < count) {
    throw new RangeError(
      `closed:${clients} must have a client for each of the ${count} generators, received ${clients}: use fewer generators or more clients`,
    );
  }
  return Math.floor(clients / count) + (index <= clients % count ? 1 : 0);
}

/** The part of a schedule that one of several generators sends: every `count`-th request. */
export const shardOf = (schedule: Float64Array, { index, count }: Shard): Float64Array =>
  schedule.filter((_, i) => i % count === index - 1);
