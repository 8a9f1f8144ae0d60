/**
 * The search for a server's capacity: the highest rate of Poisson arrivals at which an objective holds.
 *
 * The rate is doubled until a probe fails, then the interval is bisected. Each probe is a sequence of exact binomial
 * tests that may stop early either way; rates at which
 * the two cannot be told apart are part of the interval that is found.
 */
import { designEffect, judgeShare } from '../../statistics/binomial';
import type { Slo } from './slo';
import { growthOf } from './validity';

/** Of each probe's answer. Divided among its looks, so that looking often makes it no weaker. */
export const PROBE_CONFIDENCE = 0.99;
/** Sample sizes at which a probe looks: each twice the one before, from the fewest that can pass. */
const LOOKS = 6;
/** The interval is narrow enough if its ends differ by this share. */
const RESOLUTION = 0.05;
/** How the reason of a probe begins whose figures are the generator's. */
const INVALID = 'invalid: ';
/** Of the rate that one client that waits for its answers reaches. */
const START_SHARE = 0.25;
const MAX_PROBES = 30;
/** Invalid probes in a row after which the search gives up. */
const MAX_INVALID = 2;
/** Rates below this share of the start are not tried: the objective cannot be met. */
const MIN_START_SHARE = 1 / 64;
/** Windows by which growth of the requests in flight is judged. */
const MIN_WINDOWS = 10;
/** Growth from nothing is twice the mean; less than this may be a burst. */
const MIN_GROWTH_SHARE = 1.5;

/** What a probe has seen so far, in order of the intended send times, without the warm-up. */
export interface ProbeSample {
  /** 1 if the request was not answered right within the limit. */
  readonly violated: Uint8Array;
  /** Of the same requests, at most the time until the deadline: tells how far neighbours are correlated. */
  readonly latencyMs: Float64Array;
  /** Mean requests in flight in windows of equal length. */
  readonly inFlight: Float64Array;
  readonly elapsedSeconds: number;
  /** Why the figures are the generator's and not the server's. */
  readonly invalid?: string;
}

export type Verdict = 'pass' | 'fail' | 'cannot tell apart';

/** Puts Poisson arrivals on a server until `isDecided` or the probe's own bound; resolves with all that it saw. */
export type Probe = (
  ratePerSecond: number,
  seed: number,
  isDecided: (sample: ProbeSample) => boolean,
) => Promise<ProbeSample>;

export interface ProbeRecord {
  readonly ratePerSecond: number;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly requests: number;
  readonly violations: number;
  readonly seconds: number;
}

export interface Capacity {
  readonly slo: Slo;
  /** The highest rate that passed; 0 if none did. */
  readonly lowPerSecond: number;
  /** The lowest rate that failed; undefined if none did. */
  readonly highPerSecond?: number;
  /** Why the search ended. */
  readonly ended: string;
  readonly confidence: number;
  readonly requests: number;
  readonly seconds: number;
  /** In the order in which they were made. */
  readonly probes: readonly ProbeRecord[];
}

export interface CapacityOptions {
  readonly probe: Probe;
  readonly slo: Slo;
  /** Median latency of one client that waits for its answers, in milliseconds: sets the first rate. */
  readonly singleStreamMs: number;
  readonly seed: number;
  readonly onProbe?: (record: ProbeRecord) => void;
  /** True ends the search with what it knows. */
  readonly isStopped?: () => boolean;
}

/** How many requests each look of a probe takes. */
export function looksOf(percentile: number): number[] {
  const perLook = (1 - PROBE_CONFIDENCE) / LOOKS;
  const first = Math.ceil(Math.log(perLook) / Math.log(percentile));
  return Array.from({ length: LOOKS }, (_, look) => first * 2 ** look);
}

const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The verdict on a sample at one of its looks; undefined if it needs more. */
export function judgeSample(
  sample: ProbeSample,
  { percentile, limitMs }: Slo,
): { verdict: Verdict; reason: string } | undefined {
  const { violated, latencyMs, inFlight, invalid } = sample;
  if (invalid !== undefined) return { verdict: 'cannot tell apart', reason: `${INVALID}${invalid}` };
  if (inFlight.length >= MIN_WINDOWS && growthOf(inFlight) > MIN_GROWTH_SHARE * meanOf(inFlight))
    return { verdict: 'fail', reason: 'requests in flight drift upward' };
  const count = violated.length;
  const violations = violated.reduce((sum, each) => sum + each, 0);
  // Only what comes near the limit tells how violations cluster.
  const effect = designEffect(latencyMs.map((ms) => Math.min(2 * limitMs, Math.max(limitMs / 2, ms))));
  const confidence = 1 - (1 - PROBE_CONFIDENCE) / LOOKS;
  const verdict = judgeShare(violations / effect, count / effect, percentile, confidence);
  if (verdict === undefined) return undefined;
  return {
    verdict,
    reason: `${violations} of ${count} violated the limit, as good as ${(count / effect).toFixed(0)} independent requests`,
  };
}

/** What the probes so far say, in requests per second: low passed, high failed, undecided lies between. */
interface Known {
  readonly low: number;
  readonly high?: number;
  readonly undecided?: readonly [from: number, to: number];
}

function learn({ low, high, undecided }: Known, rate: number, verdict: Verdict): Known {
  const bounds = (newLow: number, newHigh: number | undefined): Known => ({
    low: newLow,
    ...(newHigh !== undefined && { high: newHigh }),
    // A rate that is decided against the undecided ones leaves nothing of them.
    ...(undecided && undecided[0] > newLow && undecided[1] < (newHigh ?? Infinity) && { undecided }),
  });
  if (verdict === 'pass') return bounds(Math.max(low, rate), high);
  if (verdict === 'fail') return bounds(low, Math.min(high ?? Infinity, rate));
  const [from, to] = undecided ?? [rate, rate];
  return { ...bounds(low, high), undecided: [Math.min(from, rate), Math.max(to, rate)] };
}

/** The rate to probe next; undefined once the interval, without what is undecided, is narrow enough. */
function nextRate({ low, high, undecided }: Known, last: number): number | undefined {
  const [from, to] = undecided ?? [high, high];
  if (from === undefined) return 2 * last;
  if (low === 0) return from / 2;
  const isWide = (a: number, b: number) => b - a > RESOLUTION * a;
  if (undecided === undefined) return isWide(low, from) ? (low + from) / 2 : undefined;
  if (high === undefined) return 2 * to!;
  if (isWide(low, from)) return (low + from) / 2;
  return isWide(to!, high) ? (to! + high) / 2 : undefined;
}

/** Finds a server's capacity. It never rejects for want of an answer: an interval that stays wide is one. */
export async function capacity(options: CapacityOptions): Promise<Capacity> {
  const { probe, slo, singleStreamMs, seed, onProbe, isStopped = () => false } = options;
  const looks = looksOf(slo.percentile);
  const probes: ProbeRecord[] = [];

  const probeAt = async (ratePerSecond: number): Promise<ProbeRecord> => {
    let look = 0;
    let verdict: ReturnType<typeof judgeSample>;
    const sample = await probe(ratePerSecond, seed + probes.length, (soFar) => {
      if (soFar.invalid === undefined && soFar.violated.length < looks[look]!) return false;
      verdict = judgeSample(soFar, slo);
      while (look < LOOKS - 1 && soFar.violated.length >= looks[look]!) look++;
      return verdict !== undefined || soFar.violated.length >= looks.at(-1)!;
    });
    // The generator's own figures are known only at the end, and time may have ended the probe before its last look.
    if (sample.invalid !== undefined) verdict = judgeSample(sample, slo);
    else if (look < LOOKS - 1 && sample.violated.length >= looks[0]!) verdict ??= judgeSample(sample, slo);
    verdict ??= {
      verdict: 'cannot tell apart',
      reason: 'the share of violations is too near the objective’s',
    };
    const record = {
      ratePerSecond,
      ...verdict,
      requests: sample.violated.length,
      violations: sample.violated.reduce((sum, each) => sum + each, 0),
      seconds: sample.elapsedSeconds,
    };
    probes.push(record);
    onProbe?.(record);
    return record;
  };

  const start = (START_SHARE * 1000) / singleStreamMs;
  let known: Known = { low: 0 };
  let ended: string | undefined;
  let rate: number | undefined = start;
  let invalid = 0;
  while (rate !== undefined && ended === undefined) {
    const { verdict, reason } = await probeAt(rate);
    const isInvalid = reason.startsWith(INVALID);
    invalid = isInvalid ? invalid + 1 : 0;
    if (!isInvalid) known = learn(known, rate, verdict);
    if (isStopped()) ended = 'interrupted';
    else if (invalid > MAX_INVALID) ended = `cannot tell apart at ${rate.toFixed(2)} per second, ${reason}`;
    else if ((known.high ?? Infinity) <= start * MIN_START_SHARE)
      ended = 'the objective is not met at any rate';
    else if (probes.length >= MAX_PROBES) ended = `${MAX_PROBES} probes were made`;
    if (!isInvalid) rate = nextRate(known, rate);
  }
  const { low, high, undecided } = known;
  ended ??=
    undecided === undefined
      ? 'the interval is narrow enough'
      : `cannot tell apart from ${undecided[0].toFixed(2)} to ${undecided[1].toFixed(2)} per second`;
  const sum = (of: (record: ProbeRecord) => number) =>
    probes.reduce((total, record) => total + of(record), 0);
  return {
    slo,
    lowPerSecond: low,
    ...(high !== undefined && { highPerSecond: high }),
    ended,
    confidence: PROBE_CONFIDENCE,
    requests: sum(({ requests }) => requests),
    seconds: sum(({ seconds }) => seconds),
    probes,
  };
}
