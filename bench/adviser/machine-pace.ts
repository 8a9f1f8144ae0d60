/**
 * How much the machine's speed changed while deployments were recorded: measured by the CPU time per image, not fitted to
 * any latency. Pure.
 */
import { MODEL_IDS, type ModelId } from '../../models/catalog';
import type { RateCurve } from '../evidence/rate-curve';
import { plural } from '../evidence/words';
import type { Pace } from '../twin/pace';
import { imageCpuMs, usableWindows } from './run-cpu';
import { mean } from '../../statistics/mean';
import { medianOf } from '../../statistics/median';

/** Standard deviations of the logarithm of the CPU time per image, and where they come from. */
export interface MachinePace {
  readonly runSpread: number;
  readonly spellSpread: number;
  readonly source: string;
}

/** Windows of one run: the logarithm of the CPU time per image beside the images of a pod per second. */
type RunPoints = readonly { readonly perSecond: number; readonly log: number }[];

const squares = (values: readonly number[], from: number) =>
  values.reduce((sum, each) => sum + (each - from) ** 2, 0);

const pointsOf = ({ runs }: RateCurve, idleMillis: number): RunPoints[] =>
  runs.flatMap((run) => {
    const points = usableWindows(run).flatMap((window) => {
      const log = Math.log(imageCpuMs(window, idleMillis) / window.images);
      const podSeconds = (window.pods * (window.toMs - window.fromMs)) / 1000;
      return Number.isFinite(log) ? [{ log, perSecond: window.images / podSeconds }] : [];
    });
    return points.length > 1 ? [points] : [];
  });

/** Sums of squares of one model between and within its runs, once the trend with the load is taken out. */
function squaresOf(runs: readonly RunPoints[]) {
  const centred = runs.map((points) => {
    const at = {
      perSecond: mean(points.map(({ perSecond }) => perSecond)),
      log: mean(points.map(({ log }) => log)),
    };
    return {
      at,
      off: points.map(({ perSecond, log }) => ({ x: perSecond - at.perSecond, y: log - at.log })),
    };
  });
  const all = centred.flatMap(({ off }) => off);
  const xx = all.reduce((sum, { x }) => sum + x * x, 0);
  // An image of a process that is often idle takes more: its caches are cold.
  const slope = xx > 0 ? all.reduce((sum, { x, y }) => sum + x * y, 0) / xx : 0;
  const levels = centred.map(({ at }) => at.log - slope * at.perSecond);
  return {
    within: squares(
      all.map(({ x, y }) => y - slope * x),
      0,
    ),
    withinFree: Math.max(0, all.length - runs.length - 1),
    between: squares(levels, mean(levels)),
    betweenFree: Math.max(0, runs.length - 1),
  };
}

/**
 * The spreads from some deployments; undefined where no model has two runs.
 *
 * @param idleMillisOf CPU use of a pod of a model without load
 */
export function machinePaceOf(
  curves: readonly RateCurve[],
  idleMillisOf: (model: ModelId) => number,
): MachinePace | undefined {
  const parts = MODEL_IDS.map((model) => {
    const own = curves.filter((curve) => curve.model === model);
    const runs = own.flatMap((curve) => pointsOf(curve, idleMillisOf(model)));
    return { runs, squares: squaresOf(runs) };
  });
  const sum = (of: (part: ReturnType<typeof squaresOf>) => number) =>
    parts.reduce((total, each) => total + of(each.squares), 0);
  const [withinFree, betweenFree] = [sum((each) => each.withinFree), sum((each) => each.betweenFree)];
  if (withinFree === 0 || betweenFree === 0) return undefined;
  const windows = parts.flatMap(({ runs }) => runs.map(({ length }) => length));
  return {
    runSpread: Math.sqrt(sum((each) => each.between) / betweenFree),
    spellSpread: Math.sqrt(sum((each) => each.within) / withinFree),
    source: `CPU samples of ${plural(windows.length, 'run')}, ${medianOf(windows)} windows each (median)`,
  };
}

/** The same as the twin draws it. */
export const drawnPace = (pace: MachinePace | undefined): Pace | undefined =>
  pace && { kind: 'drawn', runSpread: pace.runSpread, spellSpread: pace.spellSpread };
