/**
 * What a capacity search knows about a server's rates, and which rate tells it most.
 */
import type { Verdict } from './capacity-document';
import { rateText } from './rate-text';

/** The interval is narrow enough if its ends differ by this share. */
const RESOLUTION = 0.05;

/** What the probes so far say, in requests per second: low passed, high failed, undecided lies between. */
export interface Known {
  readonly low: number;
  readonly high?: number;
  readonly undecided?: readonly [from: number, to: number];
  /** The highest rate that had too few requests to pass in a whole probe: lower rates have even fewer. 0 if none had. */
  readonly scarce: number;
}

/** Learns from a probe with as many requests as a pass needs. */
export function learn({ low, high, undecided, scarce }: Known, rate: number, verdict: Verdict): Known {
  const bounds = (newLow: number, newHigh: number | undefined): Known => ({
    ...{ low: newLow, scarce },
    ...(newHigh !== undefined && { high: newHigh }),
    // A rate that is decided against the undecided ones leaves nothing of them.
    ...(undecided && undecided[0] > newLow && undecided[1] < (newHigh ?? Infinity) && { undecided }),
  });
  if (verdict === 'pass') return bounds(Math.max(low, rate), high);
  if (verdict === 'fail') return bounds(low, Math.min(high ?? Infinity, rate));
  const [from, to] = undecided ?? [rate, rate];
  return { ...bounds(low, high), undecided: [Math.min(from, rate), Math.max(to, rate)] };
}

/** Learns from a probe that ended before it had the requests that a pass needs. */
export function learnScarce(known: Known, rate: number, verdict: Verdict): Known {
  const scarce = Math.max(known.scarce, rate);
  // It says of the server only that it fails, if that.
  return { ...(verdict === 'fail' ? learn(known, rate, verdict) : known), scarce };
}

/**
 * The rate to probe next; undefined once the interval, without what is undecided, is narrow enough.
 *
 * @param seemsMet whether the last probe saw no more violations than the objective allows
 */
export function nextRate(known: Known, last: number, seemsMet: boolean): number | undefined {
  const { low, high, undecided } = known;
  const bottom = Math.max(low, known.scarce);
  const [from, to] = undecided ?? [high, high];
  if (from === undefined) return 2 * last;
  const isWide = (a: number, b: number) => b - a > RESOLUTION * a;
  if (undecided !== undefined && high === undefined && (low > 0 || seemsMet)) return 2 * to!;
  if (isWide(bottom, from)) return (bottom + from) / 2;
  const goesUp = low > 0 && undecided !== undefined && high !== undefined && isWide(to!, high);
  return goesUp ? (to! + high) / 2 : undefined;
}

const ratesText = ([low, high]: readonly [number, number]): string => {
  const [from, to] = [rateText(low, 2), rateText(high, 2)];
  return from === to ? `at ${from} per second` : `from ${from} to ${to} per second`;
};

/** Why a search has no further rate to try. */
export function endOf({ low, undecided, scarce }: Known): string {
  const reasons = [
    undecided && `pass and fail cannot be told apart ${ratesText(undecided)}`,
    low === 0 &&
      scarce > 0 &&
      `up to ${rateText(scarce, 2)} per second a probe has too few requests to pass: make --max-probe longer`,
  ].filter(Boolean);
  return reasons.join('; ') || 'the interval is narrow enough';
}
