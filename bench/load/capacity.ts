/**
 * The search for a server's capacity: the highest rate of Poisson arrivals at which an objective holds.
 *
 * The rate is doubled until a probe fails, then the interval is bisected. Rates at which pass and fail cannot be told
 * apart are part of the interval that is found.
 */
import { isotonic } from '../../statistics/isotonic';
import type { Capacity, ProbeRecord } from './capacity-document';
import { endOf, type Known, learn, learnScarce, nextRate } from './known-rates';
import { MAX_RATE_PER_SECOND } from './load';
import {
  effectiveRequests,
  fewestToPass,
  isDrifting,
  type Judgement,
  judgeSample,
  LOOKS,
  looksOf,
  mayBeStall,
  MIN_FAIL_SECONDS,
  minPassSeconds,
  PROBE_CONFIDENCE,
  type ProbeSample,
  violationsOf,
} from './probe-verdict';
import { rateText } from './rate-text';
import type { Slo } from './slo';

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
  /** Whether that client alone, which never waits for others, already violates the objective. @default false */
  readonly failsAlone?: boolean;
  readonly seed: number;
  /** Length of one run at the rate found, after the search. @default none */
  readonly confirmSeconds?: number;
  readonly onProbe?: (record: ProbeRecord) => void;
  /** True ends the search with what it knows. */
  readonly isStopped?: () => boolean;
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
  const { slo, singleStreamMs, failsAlone, seed, confirmSeconds, onProbe, isStopped = () => false } = options;
  const looks = looksOf(slo.percentile);
  const probes: ProbeRecord[] = [];

  const isWithinShare = (violations: number, requests: number) =>
    violations <= (1 - slo.percentile) * requests;

  const recordOf = (
    ratePerSecond: number,
    sample: ProbeSample,
    judgement: Judgement | undefined,
    lookCount = LOOKS,
  ): ProbeRecord => {
    const fewest = fewestToPass(slo.percentile, lookCount);
    const requests = sample.violated.length;
    const violations = violationsOf(sample);
    const effective = effectiveRequests(sample, slo);
    const record = {
      ratePerSecond,
      ...(judgement ?? {
        verdict: 'cannot tell apart' as const,
        reason:
          requests < fewest
            ? `${violations} of ${requests} violated the limit, and a pass needs ${fewest} requests`
            : mayBeStall(sample, slo, lookCount)
              ? `${violations} of ${requests} violated the limit, which one stall may do in ` +
                `${sample.countedSeconds.toFixed(1)} s`
              : sample.elapsedSeconds < minPassSeconds(slo)
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
    let hadLastLook = false as boolean;
    const sample = await options.probe(ratePerSecond, seed + probes.length, (soFar) => {
      const { length } = soFar.violated;
      if (soFar.invalid === undefined && length < looks[look]!) return false;
      const canPass = soFar.elapsedSeconds >= minPassSeconds(slo);
      const canFail = soFar.countedSeconds >= MIN_FAIL_SECONDS || isWithinShare(violationsOf(soFar), length);
      // The last look of a high rate waits.
      if (look === LOOKS - 1 && !(canPass && canFail)) return false;
      judgement = judgeSample(soFar, slo);
      while (look < LOOKS - 1 && length >= looks[look]!) look++;
      hadLastLook = canPass && length >= looks.at(-1)!;
      return judgement !== undefined || hadLastLook;
    });
    // The generator's own figures are known only at the end, and time may have ended the probe before its last look, or
    // before its first: then too this is one look, and may show that the rate fails. After the last look, the answers that
    // were still awaited would be a look more.
    if (sample.invalid !== undefined) judgement = judgeSample(sample, slo);
    else if (!hadLastLook) judgement ??= judgeSample(sample, slo);
    const record = recordOf(ratePerSecond, sample, judgement);
    probes.push(record);
    return record;
  };

  const confirm = async (ratePerSecond: number, seconds: number): Promise<ProbeRecord> => {
    const sample = await options.probe(ratePerSecond, seed + probes.length, () => false, seconds);
    return recordOf(ratePerSecond, sample, judgeSample(sample, slo, 1), 1);
  };

  const seemsMet = ({ violations, requests }: ProbeRecord) => isWithinShare(violations, requests);
  const isHopeless = () => {
    const counted = probes.filter(({ valid, requests }) => valid && requests > 0);
    const [slowest] = counted.toSorted((a, b) => a.ratePerSecond - b.ratePerSecond);
    // A slow server answers few requests: that one of them was late by chance is no verdict.
    return failsAlone === true && slowest?.verdict === 'fail' && !counted.some(seemsMet);
  };

  const start = Math.min(MAX_RATE_PER_SECOND, (START_SHARE * 1000) / singleStreamMs);
  let known: Known = { low: 0, scarce: 0 };
  let ended: string | undefined;
  let rate: number | undefined = start;
  let invalid = 0;
  while (rate !== undefined && ended === undefined) {
    const record = await probeAt(rate);
    const { verdict, reason, valid, requests } = record;
    invalid = valid ? 0 : invalid + 1;
    if (valid) known = (known.low === 0 && requests < looks[0]! ? learnScarce : learn)(known, rate, verdict);
    if (isStopped()) ended = 'interrupted';
    else if (invalid > MAX_INVALID)
      ended = `${invalid} INVALID probes in a row at ${rateText(rate, 2)} per second: ${reason}`;
    else if (isHopeless() || (known.high ?? Infinity) <= start * MIN_START_SHARE) ended = NEVER_MET;
    else if (probes.length >= MAX_PROBES) ended = `${MAX_PROBES} probes were made`;
    if (valid) rate = nextRate(known, rate, seemsMet(record));
    if ((rate ?? Infinity) < start * MIN_START_SHARE) rate = undefined;
    if ((rate ?? 0) > MAX_RATE_PER_SECOND)
      ended ??= `the generator sends at most ${MAX_RATE_PER_SECOND} per second`;
  }
  const { low, high } = known;
  ended ??= endOf(known);
  const sum = (of: (record: ProbeRecord) => number) =>
    probes.reduce((total, record) => total + of(record), 0);
  const estimate = low > 0 && high !== undefined ? estimateKnee(probes, slo.percentile) : undefined;
  const confirmation =
    confirmSeconds !== undefined && low > 0 && !isStopped() ? await confirm(low, confirmSeconds) : undefined;
  return {
    lowPerSecond: low,
    ...(high !== undefined && { highPerSecond: high }),
    // Rates that were not decided weigh too, and may put it beside the interval.
    ...(estimate !== undefined && { estimatePerSecond: Math.min(high!, Math.max(low, estimate)) }),
    ended,
    confidence: PROBE_CONFIDENCE,
    requests: sum(({ requests }) => requests),
    seconds: sum(({ seconds }) => seconds),
    probes,
    ...(confirmation && { confirmation }),
  };
}
