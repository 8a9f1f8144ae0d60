/**
 * How well the twin predicts what was recorded: each run is simulated with its own requests, and what it does is compared
 * with what was measured. Pure.
 */
import { MODEL_IDS } from '../../models/catalog';
import type { Evidence } from '../evidence/evidence';
import { rateAtValue, type RateCurve, type RateFigures } from '../evidence/rate-curve';
import { medianOf } from '../evidence/runs';
import { type Band, bandOf, overSeeds } from '../twin/bands';
import type { PodFigures } from '../twin/scenario';
import { answersAt, type AtRate, indicesByRate, quoted, together } from './by-rate';
import { cpuMsOf } from './fit-service';
import { checkHpa, type HpaCheck } from './hpa-check';
import { fitProfile, type ModelProfile, podFiguresOf, type ProfileFit } from './model-profile';
import { recordedScenario } from './recorded-scenario';

/** One rate of one deployment of fixed size. */
export interface RateCheck {
  readonly experiment: string;
  readonly figures: RateFigures;
  readonly p95Ms: Band;
  readonly refusedShare: Band;
  /** Median of the seeds if each run is simulated with the CPU time per image of its own CPU samples. */
  readonly ownCpuP95Ms: number;
  /** The rate as a share of the one at which the measured p95 reaches the objective; undefined if it never does. */
  readonly kneeShare?: number;
  /** Whether the profile was fitted to this deployment, as there is no other: then its error says nothing about others. */
  readonly isFitted: boolean;
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

const ownCpuSeeds = (seeds: number) => Math.min(20, seeds);

/** By rate, for each seed, what it became in all runs of a curve together. */
function simulatedByRate(curve: RateCurve, podOf: (repetition: number) => PodFigures, seeds: number) {
  const parts = curve.runs.map((run, r) => {
    const indices = indicesByRate(run);
    return overSeeds(
      seeds,
      () => recordedScenario(run, podOf(r)),
      (simulated) => new Map([...indices].map(([rate, own]) => [rate, answersAt(simulated, own)])),
    );
  });
  return new Map(
    curve.rates.map(({ ratePerSecond }) => [
      ratePerSecond,
      Array.from({ length: seeds }, (_, seed) =>
        together(parts.map((run) => run[seed]!.get(ratePerSecond)!)),
      ),
    ]),
  );
}

const p95Of = (at: readonly AtRate[]) => bandOf(at.map((each) => quoted(each, 0.95)));

/** The deployment, predicted by a profile that was fitted to the others. */
function checkRates(curve: RateCurve, fit: ProfileFit, seeds: number): RateCheck[] {
  const others = fit.without(curve.experiment);
  const profile = others ?? fit.profile;
  const { resources } = curve.runs[0]!.applied;
  const pod = podFiguresOf(profile, resources);
  const simulated = simulatedByRate(curve, () => pod, seeds);
  const ownCpu = simulatedByRate(
    curve,
    (r) => ({
      ...pod,
      cpuMsPerImage: cpuMsOf(curve, r, pod.idleMillis, pod.coldShare) ?? pod.cpuMsPerImage,
    }),
    ownCpuSeeds(seeds),
  );
  const knee = rateAtValue(curve.rates, ({ p95Ms }) => p95Ms, curve.slo.limitMs);
  return curve.rates.map((figures): RateCheck => {
    const at = simulated.get(figures.ratePerSecond)!;
    return {
      ...{ experiment: curve.experiment, figures, isFitted: others === undefined },
      p95Ms: p95Of(at),
      refusedShare: bandOf(at.map(({ refused, due }) => refused / due)),
      ownCpuP95Ms: p95Of(ownCpu.get(figures.ratePerSecond)!).median,
      ...(knee !== undefined && { kneeShare: figures.ratePerSecond / knee }),
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

/** Simulates the deployments of fixed size, each from the others. */
export const rateChecks = ({ curves }: Evidence, fits: readonly ProfileFit[], seeds: number): RateCheck[] =>
  [...curves.values()].flatMap((curve) => {
    const fit = fits.find(({ profile }) => profile.model === curve.model);
    return fit === undefined ? [] : checkRates(curve, fit, seeds);
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
  const { fits, profiles, missing } = profilesOf(evidence);
  const rates = rateChecks(evidence, fits, seeds);
  return {
    ...{ seeds, profiles, missing, rates, cpuRatios: cpuRatios(evidence) },
    knees: kneeChecks(evidence, rates),
    repetitionError: repetitionError(evidence),
    hpas: evidence.hpaRuns.flatMap((run) => {
      const profile = profiles.find(({ model }) => model === run.model);
      return profile === undefined ? [] : [checkHpa(run, profile, seeds)];
    }),
  };
}
