/** How well the twin predicts one recorded run behind an HPA. Pure. */
import type { ExperimentRun } from '../evidence/experiment-run';
import { loadStartMs, requestsOf } from '../evidence/runs';
import { OUTCOMES } from '../load/run-document';
import { type Band, bandOf, overSeeds } from '../twin/bands';
import type { Simulated } from '../twin/simulate';
import { type ModelProfile, podFiguresOf } from './model-profile';
import { readyBySecond } from './ready-pods';
import { recordedScenario } from './recorded-scenario';

/** One recorded run behind an HPA. */
export interface HpaCheck {
  readonly run: ExperimentRun;
  /** Share of the recorded time in which the number of ready pods was inside the band. */
  readonly insideShare: number;
  /** Mean distance of the ready pods from the median of the seeds. */
  readonly meanError: number;
  readonly inTimeShare: { readonly measured: number; readonly simulated: Band };
  /** When the number of ready pods first was at its highest, seconds from the start of the load. */
  readonly toMaxSeconds: { readonly measured: number; readonly simulated: Band };
  /** By second from the start of the load. */
  readonly ready: readonly { readonly measured: number; readonly simulated: Band }[];
}

const RIGHT = OUTCOMES.indexOf('right');

/** When a number of pods is first at its highest, seconds. */
const firstAtMost = (ready: readonly number[]) => ready.indexOf(Math.max(...ready));

/** Simulates a run. */
export function checkHpa(run: ExperimentRun, profile: ModelProfile, seeds: number): HpaCheck {
  const scenario = recordedScenario(run, podFiguresOf(profile, run.applied.resources));
  const seconds = Math.floor(scenario.durationMs / 1000);
  const { limitMs } = run.slo;
  const inTime = ({ latencyMs, outcome }: Pick<Simulated, 'latencyMs' | 'outcome'>) =>
    outcome.reduce((sum, code, i) => sum + (code === RIGHT && latencyMs[i]! <= limitMs ? 1 : 0), 0) /
    outcome.length;
  const seen = overSeeds(
    seeds,
    () => scenario,
    (simulated) => ({ ready: readyBySecond(simulated.replicas, seconds), inTime: inTime(simulated) }),
  );
  const startMs = loadStartMs(run);
  const measured = readyBySecond(
    run.timeline.replicas.map(({ atMs, ready }) => ({ atMs: atMs - startMs, ready })),
    seconds,
  );
  const ready = measured.map((pods, second) => ({
    measured: pods,
    simulated: bandOf(seen.map((each) => each.ready[second]!)),
  }));
  const mean = (of: (each: (typeof ready)[number]) => number) =>
    ready.reduce((sum, each) => sum + of(each), 0) / ready.length;
  return {
    run,
    ready,
    insideShare: mean(({ measured: pods, simulated: { low, high } }) =>
      pods >= low && pods <= high ? 1 : 0,
    ),
    meanError: mean(({ measured: pods, simulated: { median } }) => Math.abs(pods - median)),
    toMaxSeconds: {
      measured: firstAtMost(measured),
      simulated: bandOf(seen.map((each) => firstAtMost(each.ready))),
    },
    inTimeShare: {
      measured: inTime(requestsOf(run)),
      simulated: bandOf(seen.map((each) => each.inTime)),
    },
  };
}
