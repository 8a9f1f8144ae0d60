/**
 * How well the twin predicts what was recorded: each run is simulated with its own requests, and what it does is compared
 * with what was measured. Pure.
 */
import { MODEL_IDS } from '../../models/catalog';
import { medianOf } from '../../statistics/median';
import type { Evidence } from '../evidence/evidence';
import { rateAtValue, type RateCurve, type RateFigures } from '../evidence/rate-curve';
import { type Band, bandOf, overSeeds } from '../twin/bands';
import type { Pace } from '../twin/pace';
import type { PodFigures } from '../twin/scenario';
import { answersAt, type AtRate, indicesByRate, measuredAt, quoted, together } from './by-rate';
import { checkHpa, type HpaCheck } from './hpa-check';
import { drawnPace } from './machine-pace';
import { fitProfile, type ModelProfile, podFiguresOf, type ProfileFit } from './model-profile';
import { recordedScenario } from './recorded-scenario';
import { limitMillisOf, runCpuOf, usableWindows } from './run-cpu';

/** One rate of one deployment of fixed size, simulated as the adviser does: on a machine that keeps its speed. */
export interface SteadyCheck {
  readonly experiment: string;
  readonly figures: RateFigures;
  /** The recorded objective's limit. */
  readonly limitMs: number;
  /** One percentile of the latency of right answers: measured, and the median of the seeds; NaN of too few answers. */
  readonly measuredMs: number;
  readonly steadyMs: number;
  /** Whether the profile was fitted to this deployment, as there is no other: then its error says nothing about others. */
  readonly isFitted: boolean;
}

/** The p95 also on a machine whose speed changes as it was measured elsewhere. */
export interface RateCheck extends SteadyCheck {
  readonly p95Ms: Band;
  /** How far each seed's p95 is from their median, as a share: an exact twin would miss by as much. */
  readonly luck: readonly number[];
  readonly refusedShare: Band;
  /** Median of the seeds if each run is simulated with its own CPU samples: with the speed that its machine had. */
  readonly ownCpuP95Ms: number;
  readonly ownCpuLuck: readonly number[];
  /** The rate as a share of the one at which the measured p95 reaches the objective; undefined if it never does. */
  readonly kneeShare?: number;
}

/** At which rate the p95 of one deployment of fixed size reaches its objective, by interpolation between rates. */
export interface KneeCheck {
  readonly experiment: string;
  /** Of each repetition in which it does. */
  readonly measuredPerSecond: readonly number[];
  readonly simulatedPerSecond?: number;
  readonly isFitted: boolean;
}

export interface Validation {
  readonly seeds: number;
  readonly profiles: readonly ModelProfile[];
  readonly rates: readonly RateCheck[];
  readonly knees: readonly KneeCheck[];
  /** Median distance of the p95 of single repetitions from that of all together, as a share: what no prediction can know. */
  readonly repetitionError: number;
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

/** Seeds for a median without a band. */
const MEDIAN_SEEDS = 20;

/** By rate, for each seed, what it became in all runs of a curve together. */
function simulatedByRate(
  curve: RateCurve,
  seeds: number,
  figuresOf: (repetition: number) => { readonly pod: PodFigures; readonly pace?: Pace | undefined },
) {
  const parts = curve.runs.map((run, r) => {
    const indices = indicesByRate(run);
    const { pod, pace } = figuresOf(r);
    return overSeeds(
      seeds,
      () => recordedScenario(run, pod, pace),
      (simulated) => new Map([...indices].map(([rate, own]) => [rate, answersAt(simulated, own)])),
    );
  });
  return new Map(
    curve.rates.map(({ ratePerSecond }) => [
      ratePerSecond,
      Array.from({ length: seeds }, (_, seed) =>
        together(parts.flatMap((run) => run[seed]!.get(ratePerSecond) ?? [])),
      ),
    ]),
  );
}

const P95 = 0.95;
const p95sOf = (at: readonly AtRate[]) => at.map((each) => quoted(each, P95));
const p95Of = (at: readonly AtRate[]) => bandOf(p95sOf(at));
const luckOf = (at: readonly AtRate[]) => {
  const { median } = p95Of(at);
  return p95sOf(at).map((p95Ms) => Math.abs(p95Ms / median - 1));
};

/** The profile for a deployment that was fitted to the others, if there are any. */
function profileFor({ experiment }: RateCurve, fit: ProfileFit) {
  const others = fit.without(experiment);
  return { profile: others ?? fit.profile, isFitted: others === undefined };
}

const podOf = (curve: RateCurve, profile: ModelProfile) =>
  podFiguresOf(profile, curve.runs[0]!.applied.resources);

/** The deployment as the adviser predicts it. */
function steadyChecksOf(curve: RateCurve, fit: ProfileFit, seeds: number, share: number): SteadyCheck[] {
  const { profile, isFitted } = profileFor(curve, fit);
  const pod = podOf(curve, profile);
  const simulated = simulatedByRate(curve, Math.min(MEDIAN_SEEDS, seeds), () => ({ pod }));
  const measured = measuredAt(curve.runs);
  return curve.rates.map((figures) => ({
    ...{ experiment: curve.experiment, figures, isFitted, limitMs: curve.slo.limitMs },
    measuredMs: quoted(measured(figures.ratePerSecond), share),
    steadyMs: bandOf(simulated.get(figures.ratePerSecond)!.map((at) => quoted(at, share))).median,
  }));
}

function checkRates(curve: RateCurve, fit: ProfileFit, seeds: number): RateCheck[] {
  const { profile } = profileFor(curve, fit);
  const pod = podOf(curve, profile);
  const pace = drawnPace(profile.pace);
  const simulated = simulatedByRate(curve, seeds, () => ({ pod, pace }));
  const ownCpu = simulatedByRate(curve, Math.min(MEDIAN_SEEDS, seeds), (r) => {
    const run = curve.runs[r]!;
    const own = runCpuOf(usableWindows(run), limitMillisOf(run), pod.idleMillis, pod.coldShare);
    return own === undefined
      ? { pod }
      : { pod: { ...pod, cpuMsPerImage: own.cpuMsPerImage }, pace: own.pace };
  });
  const knee = rateAtValue(curve.rates, ({ p95Ms }) => p95Ms, curve.slo.limitMs);
  return steadyChecksOf(curve, fit, seeds, P95).map((steady): RateCheck => {
    const { ratePerSecond } = steady.figures;
    const [at, own] = [simulated.get(ratePerSecond)!, ownCpu.get(ratePerSecond)!];
    return {
      ...{ ...steady, p95Ms: p95Of(at), luck: luckOf(at) },
      ...{ ownCpuP95Ms: p95Of(own).median, ownCpuLuck: luckOf(own) },
      refusedShare: bandOf(at.map(({ refused, due }) => refused / due)),
      ...(knee !== undefined && { kneeShare: ratePerSecond / knee }),
    };
  });
}

/** The knee of each deployment, measured and from what was simulated at its rates. */
function kneeChecks({ curves }: Evidence, rates: readonly RateCheck[]): KneeCheck[] {
  return [...curves.values()].flatMap(({ experiment, slo, rates: measured, repetitions }) => {
    const own = rates.filter((check) => check.experiment === experiment);
    if (own.length === 0) return [];
    const simulated = (figures: RateFigures) =>
      own.find(({ figures: { ratePerSecond } }) => ratePerSecond === figures.ratePerSecond)!.p95Ms.median;
    const knee = rateAtValue(measured, simulated, slo.limitMs);
    return [
      {
        ...{ experiment, isFitted: own[0]!.isFitted },
        measuredPerSecond: repetitions.flatMap(
          (repetition) => rateAtValue(repetition.rates, ({ p95Ms }) => p95Ms, slo.limitMs) ?? [],
        ),
        ...(knee !== undefined && { simulatedPerSecond: knee }),
      },
    ];
  });
}

/** How far single repetitions are from all together, at rates that did not fail. */
function repetitionError({ curves }: Evidence): number {
  const errors = [...curves.values()].flatMap(({ rates, repetitions }) =>
    rates
      .filter(({ verdict }) => verdict !== 'fail')
      .flatMap(({ ratePerSecond, p95Ms }) =>
        repetitions.flatMap((repetition) => {
          const own = repetition.rates.find((each) => each.ratePerSecond === ratePerSecond)?.p95Ms ?? NaN;
          const error = Math.abs(own / p95Ms - 1);
          return Number.isFinite(error) ? [error] : [];
        }),
      ),
  );
  return errors.length === 0 ? NaN : medianOf(errors);
}

/** Profiles of the models that have one; why the others have none, in their errors' words. */
export function profilesOf(
  evidence: Evidence,
): Pick<Validation, 'profiles' | 'missing'> & { readonly fits: readonly ProfileFit[] } {
  const fits: ProfileFit[] = [];
  const missing: string[] = [];
  for (const model of MODEL_IDS) {
    try {
      fits.push(fitProfile(evidence, model));
    } catch (error) {
      missing.push((error as Error).message);
    }
  }
  return { fits, profiles: fits.map(({ profile }) => profile), missing };
}

/** Checks the deployments of fixed size, each from the others. */
function eachCurve<T>(
  { curves }: Evidence,
  fits: readonly ProfileFit[],
  check: (curve: RateCurve, fit: ProfileFit) => readonly T[],
): T[] {
  return [...curves.values()].flatMap((curve) => {
    const fit = fits.find(({ profile }) => profile.model === curve.model);
    return fit === undefined ? [] : check(curve, fit);
  });
}

/** How far the adviser's predictions of a percentile are off, at every recorded rate. @param share such as 0.95 */
export const steadyChecks = (
  evidence: Evidence,
  fits: readonly ProfileFit[],
  seeds: number,
  share: number,
): SteadyCheck[] => eachCurve(evidence, fits, (curve, fit) => steadyChecksOf(curve, fit, seeds, share));

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
  const { fits, profiles, missing } = profilesOf(evidence);
  const rates = eachCurve(evidence, fits, (curve, fit) => checkRates(curve, fit, seeds));
  return {
    ...{ seeds, profiles, missing, rates, cpuRatios: cpuRatios(evidence) },
    knees: kneeChecks(evidence, rates),
    repetitionError: repetitionError(evidence),
    hpas: evidence.hpaRuns.flatMap((run) => {
      const fit = fits.find(({ profile }) => profile.model === run.model);
      return fit === undefined ? [] : [checkHpa(run, fit, seeds)];
    }),
  };
}
