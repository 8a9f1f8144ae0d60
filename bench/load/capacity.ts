/**
 * The search for a server's capacity: the highest rate of Poisson arrivals at which an objective holds.
 *
 * The rate is doubled until a probe fails, then the interval is bisected. Rates at which pass and fail cannot be told
 * apart are part of the interval that is found.
 */
import { isotonic } from '../../statistics/isotonic';
import type { Capacity, ProbeRecord, Verdict } from './capacity-document';
import { MAX_RATE_PER_SECOND } from './load';
import {
  effectiveRequests,
  isDrifting,
  type Judgement,
  judgeSample,
  LOOKS,
  looksOf,
  minPassSeconds,
  PROBE_CONFIDENCE,
  type ProbeSample,
  violationsOf,
} from './probe-verdict';
import type { Slo } from './slo';

/** The interval is narrow enough if its ends differ by this share. */
const RESOLUTION = 0.05;
/** Of the rate that one client that waits for its answers reaches. */
const START_SHARE = 0.25;
const MAX_PROBES = 30;
/** Invalid probes in a row after which the search gives up. */
const MAX_INVALID = 2;
/** Rates below this share of the start are not tried: the objective cannot be met. */
const MIN_START_SHARE = 1 / 64;

/** How a search ends where the server is too slow for the objective. */
export const NEVER_MET =
  'no rate meets the objective, not even a slow one: relax it, or give the service more CPU';

/**
 * Puts Poisson arrivals on a server until `isDecided` or for `seconds`, by default the probe's own bound; resolves with
 * all that it saw.
 */
export type Probe = (
  ratePerSecond: number,
  seed: number,
  isDecided: (sample: ProbeSample) => boolean,
  seconds?: number,
) => Promise<ProbeSample>;

export interface CapacityOptions {
  readonly probe: Probe;
  readonly slo: Slo;
  /** Median latency of one client that waits for its answers, in milliseconds: sets the first rate. */
  readonly singleStreamMs: number;
  readonly seed: number;
  /** Length of one run at the rate found, after the search. @default none */
  readonly confirmSeconds?: number;
  readonly onProbe?: (record: ProbeRecord) => void;
  /** True ends the search with what it knows. */
  readonly isStopped?: () => boolean;
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

/**
 * The rate to probe next; undefined once the interval, without what is undecided, is narrow enough.
 *
 * @param seemsMet whether the last probe saw no more violations than the objective allows
 */
function nextRate({ low, high, undecided }: Known, last: number, seemsMet: boolean): number | undefined {
  const [from, to] = undecided ?? [high, high];
  if (from === undefined) return 2 * last;
  // A lower rate has fewer requests in the same time, and decides even less.
  if (low === 0) return high === undefined && seemsMet ? 2 * last : from / 2;
  const isWide = (a: number, b: number) => b - a > RESOLUTION * a;
  if (undecided === undefined) return isWide(low, from) ? (low + from) / 2 : undefined;
  if (high === undefined) return 2 * to!;
  if (isWide(low, from)) return (low + from) / 2;
  return isWide(to!, high) ? (to! + high) / 2 : undefined;
}

/** Where the share of violations crosses what an objective allows; undefined if it does not. */
export function estimateKnee(probes: readonly ProbeRecord[], percentile: number): number | undefined {
  const sorted = probes
    .filter(({ valid, effectiveRequests: weight }) => valid && weight > 0)
    .sort((a, b) => a.ratePerSecond - b.ratePerSecond);
  const shares = isotonic(
    // Where a queue grows without end, every request violates any limit sooner or later.
    sorted.map(({ violations, requests, drifting }) => (drifting ? 1 : violations / requests)),
    sorted.map(({ effectiveRequests: weight }) => weight),
  );
  const allowed = 1 - percentile;
  const above = shares.findIndex((share) => share > allowed);
  if (above < 1) return undefined;
  const [before, after] = [sorted[above - 1]!.ratePerSecond, sorted[above]!.ratePerSecond];
  const [from, to] = [shares[above - 1]!, shares[above]!];
  return before + ((after - before) * (allowed - from)) / (to - from);
}

/** Finds a server's capacity. It never rejects for want of an answer: an interval that stays wide is one. */
export async function capacity(options: CapacityOptions): Promise<Capacity> {
  const { slo, singleStreamMs, seed, confirmSeconds, onProbe, isStopped = () => false } = options;
  const looks = looksOf(slo.percentile);
  const probes: ProbeRecord[] = [];

  const recordOf = (ratePerSecond: number, sample: ProbeSample, judgement?: Judgement): ProbeRecord => {
    const requests = sample.violated.length;
    const violations = violationsOf(sample);
    const effective = effectiveRequests(sample, slo);
    const record = {
      ratePerSecond,
      ...(judgement ?? {
        verdict: 'cannot tell apart' as const,
        reason:
          sample.elapsedSeconds < minPassSeconds(slo)
            ? `it lasted ${sample.elapsedSeconds.toFixed(1)} s, and a queue needs ` +
              `${minPassSeconds(slo).toFixed(1)} s to grow over the limit`
            : `${violations} of ${requests} violated the limit, too near the objective’s share for ` +
              `${effective.toFixed(0)} independent requests`,
      }),
      valid: sample.invalid === undefined,
      requests,
      violations,
      effectiveRequests: effective,
      drifting: isDrifting(sample),
      seconds: sample.elapsedSeconds,
    };
    onProbe?.(record);
    return record;
  };

  const probeAt = async (ratePerSecond: number): Promise<ProbeRecord> => {
    let look = 0;
    let judgement: Judgement | undefined;
    const sample = await options.probe(ratePerSecond, seed + probes.length, (soFar) => {
      const { length } = soFar.violated;
      if (soFar.invalid === undefined && length < looks[look]!) return false;
      const canPass = soFar.elapsedSeconds >= minPassSeconds(slo);
      // The last look of a high rate waits.
      if (look === LOOKS - 1 && !canPass) return false;
      judgement = judgeSample(soFar, slo);
      while (look < LOOKS - 1 && length >= looks[look]!) look++;
      return judgement !== undefined || (canPass && length >= looks.at(-1)!);
    });
    // The generator's own figures are known only at the end, and time may have ended the probe before its last look.
    if (sample.invalid !== undefined) judgement = judgeSample(sample, slo);
    else if (look < LOOKS - 1 && sample.violated.length >= looks[0]!) judgement ??= judgeSample(sample, slo);
    const record = recordOf(ratePerSecond, sample, judgement);
    probes.push(record);
    return record;
  };

  const confirm = async (ratePerSecond: number, seconds: number): Promise<ProbeRecord> => {
    const sample = await options.probe(ratePerSecond, seed + probes.length, () => false, seconds);
    return recordOf(ratePerSecond, sample, judgeSample(sample, slo, 1));
  };

  const start = (START_SHARE * 1000) / singleStreamMs;
  let known: Known = { low: 0 };
  let ended: string | undefined;
  let rate: number | undefined = Math.min(start, MAX_RATE_PER_SECOND);
  let invalid = 0;
  while (rate !== undefined && ended === undefined) {
    const { verdict, reason, valid, violations, requests } = await probeAt(rate);
    invalid = valid ? 0 : invalid + 1;
    if (valid) known = learn(known, rate, verdict);
    if (isStopped()) ended = 'interrupted';
    else if (invalid > MAX_INVALID)
      ended = `${invalid} INVALID probes in a row at ${rate.toFixed(2)} per second: ${reason}`;
    else if ((known.high ?? Infinity) <= start * MIN_START_SHARE) ended = NEVER_MET;
    else if (probes.length >= MAX_PROBES) ended = `${MAX_PROBES} probes were made`;
    if (valid) rate = nextRate(known, rate, violations <= (1 - slo.percentile) * requests);
    if ((rate ?? 0) > MAX_RATE_PER_SECOND)
      ended ??= `the generator sends at most ${MAX_RATE_PER_SECOND} per second`;
  }
  const { low, high, undecided } = known;
  ended ??=
    undecided === undefined
      ? 'the interval is narrow enough'
      : `pass and fail cannot be told apart from ${undecided[0].toFixed(2)} to ${undecided[1].toFixed(2)} per second`;
  const sum = (of: (record: ProbeRecord) => number) =>
    probes.reduce((total, record) => total + of(record), 0);
  const estimatePerSecond = estimateKnee(probes, slo.percentile);
  const confirmation =
    confirmSeconds !== undefined && low > 0 && !isStopped() ? await confirm(low, confirmSeconds) : undefined;
  return {
    lowPerSecond: low,
    ...(high !== undefined && { highPerSecond: high }),
    ...(low > 0 && high !== undefined && estimatePerSecond !== undefined && { estimatePerSecond }),
    ended,
    confidence: PROBE_CONFIDENCE,
    requests: sum(({ requests }) => requests),
    seconds: sum(({ seconds }) => seconds),
    probes,
    ...(confirmation && { confirmation }),
  };
}
