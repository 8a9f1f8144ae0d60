/**
 * The verdict on one rate: a sequence of exact binomial tests that may stop early either way.
 */
import { designEffect, judgeShare } from '../../statistics/binomial';
import type { Verdict } from './capacity-document';
import { formatSlo, type Slo } from './slo';
import { growthOf } from './validity';

/** Of each probe's verdict. Divided among its looks, so that looking often makes it no weaker. */
export const PROBE_CONFIDENCE = 0.99;
/** Sample sizes at which a probe looks: each twice the one before, from the fewest that can pass. */
export const LOOKS = 6;
/** Windows by which growth of the requests in flight is judged. */
const MIN_WINDOWS = 10;
/** Growth from nothing is twice the mean; less than this may be a burst. */
const MIN_GROWTH_SHARE = 1.5;

/**
 * A rate above the capacity by this share must not pass. The wait that it causes grows by this share of the time, so that
 * the limit is violated after the limit divided by it; chance may double that.
 */
const OVERLOAD_SHARE = 0.05;
const OVERLOAD_TIMES = 2;
/** Long limits belong to low rates, whose probes are long for want of requests. */
const MAX_PASS_SECONDS = 30;

/** A probe that ends earlier cannot pass: a queue had no time to grow. */
export const minPassSeconds = ({ limitMs }: Slo): number =>
  Math.min(MAX_PASS_SECONDS, (OVERLOAD_TIMES * limitMs) / 1000 / OVERLOAD_SHARE);

/**
 * Refuses a length of probes in which no rate can pass.
 *
 * @throws RangeError naming the option
 */
export function checkProbeSeconds(slo: Slo, seconds: number, option: '--max-probe' | '--confirm'): void {
  const leastSeconds = Math.ceil(Number(minPassSeconds(slo).toFixed(3)));
  if (seconds >= leastSeconds) return;
  throw new RangeError(
    `${option} must be at least ${leastSeconds} s for --slo ${formatSlo(slo)}, since a queue needs that long to grow over ` +
      `the limit, received ${seconds} s: make it longer`,
  );
}

/**
 * A spell of late requests of at most this length, with the queue that it leaves, may be one stall of the machine: it
 * tells no share, so it alone fails no rate.
 */
const STALL_SECONDS = 3;
/** A probe that ends earlier cannot fail by its violations: what it saw beside a stall is too short to tell. */
export const MIN_FAIL_SECONDS = STALL_SECONDS + 1;
/** A probe must last longer by the time from its last request that was due. */
export const MIN_PROBE_SECONDS = MIN_FAIL_SECONDS + 1;

/** What a probe has seen so far, in order of the intended send times, without the warm-up. */
export interface ProbeSample {
  /** 1 if the request was not answered right within the limit. */
  readonly violated: Uint8Array;
  /** Of the same requests, at most the time until the deadline: tells how far neighbours are correlated. */
  readonly latencyMs: Float64Array;
  /** Mean requests in flight in windows of equal length. */
  readonly inFlight: Float64Array;
  /** Since the first arrival, warm-up included. */
  readonly elapsedSeconds: number;
  /** Of these, without the warm-up. */
  readonly countedSeconds: number;
  /** Why the figures are the generator's and not the server's. */
  readonly invalid?: string;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

/**
 * The fewest requests that can pass: with no violation at all.
 *
 * @param looks how often a sample is judged as it grows
 */
export const fewestToPass = (percentile: number, looks = LOOKS): number =>
  Math.ceil(Math.log((1 - PROBE_CONFIDENCE) / looks) / Math.log(percentile));

/** How many requests each look of a probe takes. */
export function looksOf(percentile: number): number[] {
  const first = fewestToPass(percentile);
  return Array.from({ length: LOOKS }, (_, look) => first * 2 ** look);
}

const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

export const violationsOf = ({ violated }: Pick<ProbeSample, 'violated'>): number =>
  violated.reduce((sum, each) => sum + each, 0);

/** Whether the requests in flight grow over a sample: the server is overloaded. */
export const isDrifting = ({ inFlight }: ProbeSample): boolean =>
  inFlight.length >= MIN_WINDOWS && growthOf(inFlight) > MIN_GROWTH_SHARE * meanOf(inFlight);

/** The requests of a sample, in order of the intended send times. */
type Judged = Pick<ProbeSample, 'violated' | 'latencyMs'>;

/** How many independent requests say as much as these. */
export const effectiveRequests = ({ violated, latencyMs }: Judged, { limitMs }: Slo): number =>
  latencyMs.length /
  designEffect(
    latencyMs.map((ms, i) =>
      // A refusal comes fast but is as bad as an answer that is late. Of the others only what comes near the limit tells
      // how violations cluster.
      violated[i] === 1 ? 2 * limitMs : Math.min(2 * limitMs, Math.max(limitMs / 2, ms)),
    ),
  );

/** The requests without the longest spell of violations, of which {@link STALL_SECONDS} at most are left out. */
function withoutStall({ violated, latencyMs, countedSeconds }: ProbeSample): Judged {
  let [from, length, spell] = [0, 0, 0];
  violated.forEach((each, i) => {
    spell = each === 1 ? spell + 1 : 0;
    if (spell > length) [from, length] = [i + 1 - spell, spell];
  });
  const stall = Math.floor((STALL_SECONDS * violated.length) / countedSeconds);
  const isLeft = (_: number, i: number) => i < from || i >= from + Math.min(length, stall);
  return { violated: violated.filter(isLeft), latencyMs: latencyMs.filter(isLeft) };
}

/** What an exact test says of requests. */
function judgedShare(requests: Judged, slo: Slo, looks: number) {
  const effective = effectiveRequests(requests, slo);
  const [violations, count] = [violationsOf(requests), requests.violated.length];
  const confidence = 1 - (1 - PROBE_CONFIDENCE) / looks;
  const verdict = judgeShare((violations / count) * effective, effective, slo.percentile, confidence);
  const asGoodAs = `as good as ${effective.toFixed(0)} independent requests`;
  return { verdict, text: `${violations} of ${count}`, asGoodAs };
}

/** Whether a sample fails, but for its longest spell of violations, which may be a stall. */
export const mayBeStall = (sample: ProbeSample, slo: Slo, looks = LOOKS): boolean =>
  judgedShare(sample, slo, looks).verdict === 'fail' &&
  judgedShare(withoutStall(sample), slo, looks).verdict !== 'fail';

/**
 * The verdict on a sample; undefined if it needs more.
 *
 * @param looks how often the sample is judged as it grows
 */
export function judgeSample(sample: ProbeSample, slo: Slo, looks = LOOKS): Judgement | undefined {
  if (sample.invalid !== undefined) return { verdict: 'cannot tell apart', reason: sample.invalid };
  if (isDrifting(sample)) return { verdict: 'fail', reason: 'requests in flight drift upward' };
  const { verdict, text, asGoodAs } = judgedShare(sample, slo, looks);
  if (verdict === 'pass') {
    if (sample.elapsedSeconds < minPassSeconds(slo)) return undefined;
    return { verdict, reason: `${text} violated the limit, ${asGoodAs}` };
  }
  if (verdict !== 'fail') return undefined;
  const rest = judgedShare(withoutStall(sample), slo, looks);
  // See mayBeStall.
  if (rest.verdict !== 'fail') return undefined;
  const reason = `${text} violated the limit; without the longest spell ${rest.text}, ${rest.asGoodAs}`;
  return { verdict, reason };
}
