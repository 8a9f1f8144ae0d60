/**
 * How well the twin predicts what was recorded: each run is simulated with its own requests, and what it does is compared
 * with what was measured. Pure.
 */
import { MODEL_IDS, type ModelId } from '../../models/catalog';
import { conformalBound } from '../../statistics/conformal';
import type { Evidence } from '../evidence/evidence';
import type { ExperimentRun } from '../evidence/experiment-run';
import type { RateCurve, RateFigures } from '../evidence/rate-curve';
import { loadStartMs, requestsOf } from '../evidence/runs';
import { OUTCOMES } from '../load/run-document';
import { type Band, bandOf, overSeeds } from '../twin/bands';
import type { Simulated } from '../twin/simulate';
import { answersAt, indicesByRate, quoted, together } from './by-rate';
import { type ModelProfile, podFiguresOf, profileOf } from './model-profile';
import { readyBySecond } from './ready-pods';
import { recordedScenario } from './recorded-scenario';

/** Confidence of every conformal bound. */
export const CONFIDENCE = 0.9;

/** One rate of one deployment of fixed size. */
export interface RateCheck {
  readonly experiment: string;
  readonly figures: RateFigures;
  readonly p95Ms: Band;
  readonly refusedShare: Band;
  /** Whether the profile was fitted to this deployment: then its error says nothing about others. */
  readonly isFitted: boolean;
}

/** One recorded run behind an HPA. */
export interface HpaCheck {
  readonly run: ExperimentRun;
  /** Share of the recorded time in which the number of ready pods was inside the band. */
  readonly insideShare: number;
  /** Mean distance of the ready pods from the median of the seeds. */
  readonly meanError: number;
  readonly inTimeShare: { readonly measured: number; readonly simulated: Band };
  /** By second from the start of the load. */
  readonly ready: readonly { readonly measured: number; readonly simulated: Band }[];
}

export interface Validation {
  readonly seeds: number;
  readonly profiles: readonly ModelProfile[];
  readonly rates: readonly RateCheck[];
  readonly hpas: readonly HpaCheck[];
  /** Why a model is missing, in its error's words. */
  readonly missing: readonly string[];
  /** CPU time per image by the runs' own CPU samples, over that of the single pod to which the profile was fitted. */
  readonly cpuRatios: readonly {
    readonly experiment: string;
    readonly single: string;
    readonly ratio: number;
  }[];
}

const RIGHT = OUTCOMES.indexOf('right');

function checkRates(curve: RateCurve, profile: ModelProfile, seeds: number): RateCheck[] {
  const pod = podFiguresOf(profile, curve.runs[0]!.applied.resources);
  const indices = curve.runs.map(indicesByRate);
  const parts = curve.runs.map((run, r) =>
    overSeeds(
      seeds,
      () => recordedScenario(run, pod),
      (simulated) => new Map([...indices[r]!].map(([rate, own]) => [rate, answersAt(simulated, own)])),
    ),
  );
  return curve.rates.map((figures) => {
    // By seed: what the rate became in all runs together.
    const at = Array.from({ length: seeds }, (_, seed) =>
      together(parts.map((run) => run[seed]!.get(figures.ratePerSecond)!)),
    );
    return {
      experiment: curve.experiment,
      figures,
      p95Ms: bandOf(at.map((each) => quoted(each, 0.95))),
      refusedShare: bandOf(at.map(({ refused, due }) => refused / due)),
      isFitted: curve.kind === 'single-pod',
    };
  });
}

function checkHpa(run: ExperimentRun, profile: ModelProfile, seeds: number): HpaCheck {
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
    inTimeShare: {
      measured: inTime(requestsOf(run)),
      simulated: bandOf(seen.map((each) => each.inTime)),
    },
  };
}

/** Profiles of the models that have one; why the others have none, in their errors' words. */
export function profilesOf(evidence: Evidence): Pick<Validation, 'profiles' | 'missing'> {
  const profiles: ModelProfile[] = [];
  const missing: string[] = [];
  for (const model of MODEL_IDS) {
    try {
      profiles.push(profileOf(evidence, model));
    } catch (error) {
      missing.push((error as Error).message);
    }
  }
  return { profiles, missing };
}

const profileIn = (profiles: readonly ModelProfile[], model: ModelId) =>
  profiles.find((profile) => profile.model === model);

/** Simulates the deployments of fixed size. */
export const rateChecks = (
  { curves }: Evidence,
  profiles: readonly ModelProfile[],
  seeds: number,
): RateCheck[] =>
  [...curves.values()].flatMap((curve) => {
    const profile = profileIn(profiles, curve.model);
    return profile === undefined ? [] : checkRates(curve, profile, seeds);
  });

/** How the CPU time per image of other deployments differs from the single pod's: no profile is right for both. */
const cpuRatios = ({ curves }: Evidence): Validation['cpuRatios'] =>
  [...curves.values()].flatMap(({ experiment, model, kind, cpuSecondsPerImage }) => {
    const single = curves.get(`${model}-single-pod`);
    const ratio = cpuSecondsPerImage / (single?.cpuSecondsPerImage ?? NaN);
    return kind === 'single-pod' || single === undefined || !Number.isFinite(ratio)
      ? []
      : [{ experiment, single: single.experiment, ratio }];
  });

/** Simulates every recorded run of the models that have a profile. */
export function validate(evidence: Evidence, seeds: number): Validation {
  const { profiles, missing } = profilesOf(evidence);
  return {
    ...{ seeds, profiles, missing, cpuRatios: cpuRatios(evidence) },
    rates: rateChecks(evidence, profiles, seeds),
    hpas: evidence.hpaRuns.flatMap((run) => {
      const profile = profileIn(profiles, run.model);
      return profile === undefined ? [] : [checkHpa(run, profile, seeds)];
    }),
  };
}

/** A measured p95 over the simulated one, at a rate that the profile was not fitted to and that did not fail. */
const ratiosOf = ({ rates }: Pick<Validation, 'rates'>): number[] =>
  rates.flatMap(({ isFitted, figures, p95Ms }) => {
    const ratio = figures.p95Ms / p95Ms.median;
    return isFitted || figures.verdict === 'fail' || !Number.isFinite(ratio) ? [] : [ratio];
  });

/** By which factor a measured p95 may exceed the simulated one, and from how many cases that is known. */
export interface LatencyBound {
  /** Undefined if there are too few cases. */
  readonly factor?: number;
  readonly cases: number;
}

/** The conformal bound of p95 at {@link CONFIDENCE}. */
export function latencyBound(validation: Pick<Validation, 'rates'>): LatencyBound {
  const ratios = ratiosOf(validation);
  const factor = conformalBound(ratios, CONFIDENCE);
  return { cases: ratios.length, ...(factor !== undefined && { factor }) };
}
