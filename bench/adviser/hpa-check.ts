/** How well the twin predicts one recorded run behind an HPA. Pure. */
import type { ExperimentRun } from '../evidence/experiment-run';
import { loadStartMs, requestsOf } from '../evidence/runs';
import { OUTCOMES } from '../load/run-document';
import { type Band, bandOf, overSeeds } from '../twin/bands';
import type { PodFigures, Scenario } from '../twin/scenario';
import type { Simulated } from '../twin/simulate';
import { drawnPace } from './machine-pace';
import { type ModelProfile, podFiguresOf, type ProfileFit } from './model-profile';
import { readyBySecond } from './ready-pods';
import { recordedScenario } from './recorded-scenario';
import { limitMillisOf, runCpuOf, usableWindows } from './run-cpu';

/** One recorded run behind an HPA. */
export interface HpaCheck {
  readonly run: ExperimentRun;
  /** Whether the profile's CPU time of a start has this run's own starts, as no other run has any. */
  readonly isFitted: boolean;
  /** Share of the recorded time in which the number of ready pods was inside the band. */
  readonly insideShare: number;
  /** The same if the CPU time per image is known by the run's own CPU samples; NaN without samples. */
  readonly ownCpuInsideShare: number;
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

/** The run with the CPU time per image of its own CPU samples, so that only what changes within it is drawn. */
function ownCpuScenario(run: ExperimentRun, { pace }: ModelProfile, pod: PodFigures): Scenario | undefined {
  const own = runCpuOf(usableWindows(run), limitMillisOf(run), pod.idleMillis, pod.coldShare);
  return (
    own &&
    recordedScenario(
      run,
      { ...pod, cpuMsPerImage: own.cpuMsPerImage },
      pace && drawnPace({ ...pace, runSpread: 0 }),
    )
  );
}

/** Share of the seconds in which a measured number of pods is inside the band of the seeds. */
function insideShareOf(measured: readonly number[], bands: readonly Band[]): number {
  const inside = measured.filter((pods, second) => pods >= bands[second]!.low && pods <= bands[second]!.high);
  return inside.length / measured.length;
}

const bandsBySecond = (seen: readonly (readonly number[])[], seconds: number): Band[] =>
  Array.from({ length: seconds }, (_, second) => bandOf(seen.map((ready) => ready[second]!)));

/** Simulates a run, with a profile that does not have its own starts if others have any. */
export function checkHpa(run: ExperimentRun, fit: ProfileFit, seeds: number): HpaCheck {
  const others = fit.withoutRun(run);
  const profile = others ?? fit.profile;
  const pod = podFiguresOf(profile, run.applied.resources);
  const scenario = recordedScenario(run, pod, drawnPace(profile.pace));
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
    run.timeline.replicas.map(({ atMs, ready = 0 }) => ({ atMs: atMs - startMs, ready })),
    seconds,
  );
  const bands = bandsBySecond(
    seen.map((each) => each.ready),
    seconds,
  );
  const own = ownCpuScenario(run, profile, pod);
  const ownReady =
    own &&
    overSeeds(
      seeds,
      () => own,
      ({ replicas }) => readyBySecond(replicas, seconds),
    );
  const ready = measured.map((pods, second) => ({ measured: pods, simulated: bands[second]! }));
  return {
    ...{ run, ready, isFitted: others === undefined },
    insideShare: insideShareOf(measured, bands),
    ownCpuInsideShare: ownReady ? insideShareOf(measured, bandsBySecond(ownReady, seconds)) : NaN,
    meanError:
      ready.reduce((sum, { measured: pods, simulated: { median } }) => sum + Math.abs(pods - median), 0) /
      ready.length,
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
