/** How a Service spread the answers over the pods. Pure. */
import { increases, jainIndex } from '../timeline/windows';
import type { ExperimentRun } from './experiment-run';
import { loadOf, loadStartMs } from './runs';

export interface PodShare {
  readonly pod: string;
  readonly node: string;
  readonly answered: number;
  /** Of all answers of the period. */
  readonly share: number;
}

/** The longest period of a run's load, by answers, in which the same pods were ready. */
export interface Balance {
  readonly run: ExperimentRun;
  readonly pods: readonly PodShare[];
  readonly answered: number;
  readonly jain: number;
  /** What Jain's index is on average if each answer falls on a random pod: a Service with fresh connections. */
  readonly jainByChance: number;
}

/** Periods in which the set of ready pods does not change, from the pods' own transitions. */
function periodsOf(run: ExperimentRun): { fromMs: number; toMs: number; ready: readonly string[] }[] {
  const startMs = loadStartMs(run);
  const endMs = startMs + loadOf(run).durationMs;
  const ready = new Map<string, boolean>();
  const changes = [...run.timeline.pods].sort((a, b) => a.atMs - b.atMs);
  const cuts: { fromMs: number; ready: readonly string[] }[] = [];
  for (const { atMs, pod, ready: isReady } of changes) {
    ready.set(pod, isReady);
    const names = [...ready].filter(([, value]) => value).map(([name]) => name);
    cuts.push({ fromMs: Math.min(endMs, Math.max(startMs, atMs)), ready: names.sort() });
  }
  const periods: { fromMs: number; toMs: number; ready: readonly string[] }[] = [];
  cuts.forEach(({ fromMs, ready: names }, i) => {
    const toMs = cuts[i + 1]?.fromMs ?? endMs;
    const last = periods.at(-1);
    if (toMs <= fromMs) return;
    if (last?.ready.join() === names.join()) periods[periods.length - 1] = { ...last, toMs };
    else periods.push({ fromMs, toMs, ready: names });
  });
  return periods;
}

/** The balance of one run; undefined where never two pods were ready together, or none answered. */
export function balanceOf(run: ExperimentRun): Balance | undefined {
  const nodes = new Map(run.timeline.pods.map(({ pod, node }) => [pod, node ?? 'unknown']));
  const balances = periodsOf(run)
    .filter(({ ready }) => ready.length > 1)
    .map(({ fromMs, toMs, ready }) => {
      const counts = increases(run.timeline.counters, ({ answered }) => answered, fromMs, toMs);
      const answered = ready.reduce((sum, pod) => sum + (counts.get(pod) ?? 0), 0);
      const pods = ready
        .map((pod) => ({
          ...{ pod, node: nodes.get(pod)!, answered: counts.get(pod) ?? 0 },
          share: (counts.get(pod) ?? 0) / answered,
        }))
        .sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : b.answered - a.answered));
      return {
        ...{ run, pods, answered },
        jain: jainIndex(pods.map((pod) => pod.answered)),
        // Of multinomial counts: n·k/(n + k − 1), to first order.
        jainByChance: answered / (answered + ready.length - 1),
      };
    });
  return balances
    .filter(({ answered }) => answered > 0)
    .reduce<Balance | undefined>(
      (best, each) => (each.answered > (best?.answered ?? 0) ? each : best),
      undefined,
    );
}

/** In how many standard deviations a pod's share may differ from an equal one by chance alone. */
const CHANCE_DEVIATIONS = 2;

/** Shares between which a pod lies by chance in 95 of 100 cases, if each answer falls on a random pod. */
export function chanceBand({ pods, answered }: Balance): readonly [number, number] {
  const equal = 1 / pods.length;
  const deviation = Math.sqrt((equal * (1 - equal)) / answered);
  return [Math.max(0, equal - CHANCE_DEVIATIONS * deviation), equal + CHANCE_DEVIATIONS * deviation];
}
