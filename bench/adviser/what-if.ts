/**
 * A recorded run behind an HPA with other settings: the same requests, the same luck, another target, tolerance, window,
 * request or bound. What comes out is _simulated_, and worth something only where the twin with the recorded settings stays
 * close to the record. Pure.
 */
import type { ExperimentRun } from '../evidence/experiment-run';
import { loadStartMs, requestsOf } from '../evidence/runs';
import { OUTCOMES } from '../load/run-document';
import { type Band, bandOf, overSeeds } from '../twin/bands';
import type { Scenario } from '../twin/scenario';
import type { Simulated } from '../twin/simulate';
import { type Change, changedScenario } from './change';
import { drawnPace } from './machine-pace';
import { type ModelProfile, podFiguresOf } from './model-profile';
import { readyBySecond } from './ready-pods';
import { recordedScenario } from './recorded-scenario';

/** The recorded number of ready pods must be inside the band of the recorded settings for this share of the time. */
export const MIN_INSIDE_SHARE = 0.85;

/** One way to run, over all seeds. */
export interface Outlook {
  /** Ready pods at each second from the start of the load. */
  readonly ready: readonly Band[];
  readonly podHours: Band;
  /** CPU that the pods requested, core-hours. */
  readonly coreHours: Band;
  /** Requests that were not answered right within the objective. */
  readonly late: Band;
}

export interface WhatIf {
  readonly seeds: number;
  /** Ready pods of the record at each second. */
  readonly recorded: readonly number[];
  readonly recordedLate: number;
  readonly asRecorded: Outlook;
  /** Share of the time in which the record is inside the band of `asRecorded`. */
  readonly insideShare: number;
  readonly change: Change;
  /** Undefined where the twin is too far from the record: a change would tell about the twin, not about the run. */
  readonly changed?: Outlook;
}

const RIGHT = OUTCOMES.indexOf('right');

const lateOf = ({ latencyMs, outcome }: Pick<Simulated, 'latencyMs' | 'outcome'>, limitMs: number) =>
  outcome.reduce((sum, code, i) => sum + (code === RIGHT && latencyMs[i]! <= limitMs ? 0 : 1), 0);

function outlookOf(scenario: Scenario, limitMs: number, seeds: number): Outlook {
  const seconds = Math.floor(scenario.durationMs / 1000);
  const seen = overSeeds(
    seeds,
    () => scenario,
    (simulated) => ({
      ready: readyBySecond(simulated.replicas, seconds),
      podHours: simulated.podSeconds / 3600,
      late: lateOf(simulated, limitMs),
    }),
  );
  const cores = scenario.pod.cpuRequestMillis / 1000;
  return {
    ready: Array.from({ length: seconds }, (_, second) => bandOf(seen.map(({ ready }) => ready[second]!))),
    podHours: bandOf(seen.map(({ podHours }) => podHours)),
    coreHours: bandOf(seen.map(({ podHours }) => podHours * cores)),
    late: bandOf(seen.map(({ late }) => late)),
  };
}

/**
 * Simulates a recorded run as it was and with a change.
 *
 * @throws RangeError if the run has no HPA, or the change does not fit it
 */
export function whatIf(run: ExperimentRun, profile: ModelProfile, change: Change, seeds: number): WhatIf {
  const pod = podFiguresOf(profile, run.applied.resources);
  const scenario = recordedScenario(run, pod, drawnPace(profile.pace));
  if (scenario.scaling.kind !== 'hpa') {
    throw new RangeError(`${run.experiment} must be recorded behind an HPA, received a fixed number of pods`);
  }
  const changed = changedScenario({ ...scenario, scaling: scenario.scaling }, change);
  const { limitMs } = run.slo;
  const asRecorded = outlookOf(scenario, limitMs, seeds);
  const startMs = loadStartMs(run);
  const recorded = readyBySecond(
    run.timeline.replicas.map(({ atMs, ready = 0 }) => ({ atMs: atMs - startMs, ready })),
    asRecorded.ready.length,
  );
  const inside = recorded.filter(
    (pods, second) => pods >= asRecorded.ready[second]!.low && pods <= asRecorded.ready[second]!.high,
  ).length;
  const insideShare = inside / recorded.length;
  return {
    ...{ seeds, recorded, asRecorded, insideShare, change },
    recordedLate: lateOf(requestsOf(run), limitMs),
    ...(insideShare >= MIN_INSIDE_SHARE && { changed: outlookOf(changed, limitMs, seeds) }),
  };
}
