/**
 * What follows from the figures: differences, the frontier and a pick for each goal. Pure.
 */
import { percent, points } from '../../charts/percent';
import { wilson95 } from '../../statistics/intervals';
import { comparePaired, type PairedComparison } from '../../statistics/paired-comparison';
import { MODEL_IDS, type ModelId } from '../catalog';
import { type Candidate, SERVED_SIDE_PIXELS } from './candidates';
import type { MeasuredBase } from './measure-base';
import type { MeasuredPrecision } from './measure-graph';

/** A base at an input size and a precision. */
export interface Row
  extends
    Candidate,
    Pick<MeasuredBase, 'base' | 'preprocessing' | 'parameters' | 'multiplyAdds'>,
    Pick<MeasuredPrecision, 'precision' | 'cpuMs' | 'memoryBytes'> {
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval95: readonly [number, number];
  /** Image-by-image comparison with the most accurate row that can be served; absent for that row. */
  readonly againstBest?: PairedComparison;
  /** Whether no row is both as accurate and as fast, and better in one of the two. */
  readonly onFrontier: boolean;
}

/** Which base serves a goal, and why. */
export interface Choice {
  /** The goal: the name of the model of the reference that has it. */
  readonly goal: ModelId;
  readonly id: string;
  readonly precision: Row['precision'];
  readonly why: string;
}

/** Share of accuracy that the pick for latency may lose to the most accurate row. */
export const LATENCY_MAY_LOSE = 0.05;

type Point = { readonly cpuMs: number; readonly accuracy: number };

/** Whether `a` makes `b` superfluous. */
const dominates = (a: Point, b: Point): boolean =>
  a.cpuMs <= b.cpuMs && a.accuracy >= b.accuracy && (a.cpuMs < b.cpuMs || a.accuracy > b.accuracy);

/** Whether each point is on the frontier of accuracy and latency, in their order. */
export const frontierOf = (all: readonly Point[]): boolean[] =>
  all.map((one) => !all.some((other) => dominates(other, one)));

/** Fastest first among equals. */
const mostAccurate = <T extends Point>(all: readonly T[]): T =>
  all.reduce((best, one) =>
    one.accuracy > best.accuracy || (one.accuracy === best.accuracy && one.cpuMs < best.cpuMs) ? one : best,
  );

/** Whether Tandem trains and serves images of this size. */
export const isServed = ({ sidePixels }: Pick<Candidate, 'sidePixels'>): boolean =>
  sidePixels === SERVED_SIDE_PIXELS;

/** The rows of measured bases, the most accurate first. */
export function rowsOf(measured: readonly MeasuredBase[]): Row[] {
  const all = measured.flatMap(({ candidate, precisions, base, preprocessing, parameters, multiplyAdds }) =>
    precisions.map(({ precision, correct, cpuMs, memoryBytes }) => {
      const right = Array.from(correct, (digit) => digit === '1');
      const count = right.filter(Boolean).length;
      const facts = {
        ...candidate,
        base,
        preprocessing,
        parameters,
        multiplyAdds,
        precision,
        cpuMs,
        memoryBytes,
      };
      return {
        right,
        facts,
        cpuMs,
        accuracy: count / right.length,
        interval95: wilson95(count, right.length),
      };
    }),
  );
  const served = all.filter(({ facts }) => isServed(facts));
  const best = mostAccurate(served.length > 0 ? served : all);
  const onFrontier = frontierOf(all);
  return all
    .map((one, i): Row => {
      const { facts, right, accuracy, interval95 } = one;
      const against = one === best ? {} : { againstBest: comparePaired(right, best.right) };
      return { ...facts, accuracy, interval95, ...against, onFrontier: onFrontier[i]! };
    })
    .sort((a, b) => b.accuracy - a.accuracy || a.cpuMs - b.cpuMs);
}

/** A row in words. */
export const rowName = ({ id, precision }: { readonly id: string; readonly precision: string }): string =>
  `${id} at ${precision}`;

/** Whether the images show a difference. */
const isShown = ({ interval95: [low, high] }: PairedComparison): boolean => low > 0 || high < 0;

/** Whether the pick for latency may lose this much. Counts are compared, since a share of images is not exact in binary. */
const isCheap = ({ images, onlyARight, onlyBRight }: PairedComparison): boolean =>
  onlyBRight - onlyARight <= LATENCY_MAY_LOSE * images;

const difference = ({ difference: value, interval95 }: PairedComparison): string =>
  `${points(value)} points (${interval95.map(points).join(' to ')})`;

/**
 * The pick for each goal, of the rows that can be trained and served: for accuracy the most accurate one; for latency the
 * fastest one that loses at most {@link LATENCY_MAY_LOSE} to it.
 *
 * @param rows of {@link rowsOf}
 */
export function picksOf(rows: readonly Row[]): Choice[] {
  const served = rows.filter(isServed);
  const best = served[0];
  if (best === undefined) return [];
  const fast = served
    .filter(({ againstBest }) => againstBest === undefined || isCheap(againstBest))
    .reduce((fastest, one) => (one.cpuMs < fastest.cpuMs ? one : fastest));
  const picks = { accuracy: [best, whyBest(best, served)], latency: [fast, whyFast(fast, best)] } as const;
  return MODEL_IDS.map((goal) => {
    const [{ id, precision }, why] = picks[goal];
    return { goal, id, precision, why };
  });
}

/** Names the fastest row whose images show no difference from the best: it may be as good. */
function whyBest(best: Row, served: readonly Row[]): string {
  const highest = `the highest accuracy, ${percent(best.accuracy)}`;
  const alike = served.filter(
    ({ againstBest, cpuMs }) => againstBest !== undefined && !isShown(againstBest) && cpuMs < best.cpuMs,
  );
  if (alike.length === 0) return highest;
  const fastest = alike.reduce((one, other) => (other.cpuMs < one.cpuMs ? other : one));
  const share = Math.round((100 * fastest.cpuMs) / best.cpuMs);
  return `${highest}; but these images do not show that ${rowName(fastest)} is worse, ${difference(fastest.againstBest!)}, in ${share} % of the time`;
}

function whyFast(fast: Row, best: Row): string {
  if (fast === best) return `no faster one is within ${100 * LATENCY_MAY_LOSE} points of its accuracy`;
  const times = (best.cpuMs / fast.cpuMs).toFixed(1);
  const cost = fast.againstBest === undefined ? '' : `, ${difference(fast.againstBest)}`;
  return `${times} times as fast as ${rowName(best)}${cost}`;
}
