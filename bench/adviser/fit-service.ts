/**
 * How an image's CPU time becomes time: of a grid, the form whose simulated p50 and p95 differ least from the measured ones.
 * Each run is simulated with the CPU time per image of its own CPU samples, window by window, so that the machine's speed is
 * not taken for the form. Pure.
 */
import { parseCpuMillis } from '../../infra/quantity';
import { medianOf } from '../../statistics/median';
import type { CpuWindow } from '../evidence/cpu-windows';
import type { RateCurve, RateFigures } from '../evidence/rate-curve';
import { simulate } from '../twin/simulate';
import type { PodFigures } from '../twin/scenario';
import { answersAt, indicesByRate, quoted, together } from './by-rate';
import { recordedScenario } from './recorded-scenario';
import { limitMillisOf, runCpuOf, usableWindows } from './run-cpu';

/** What is fitted to latencies. */
export type ServiceForm = Pick<PodFigures, 'cpuSpread' | 'coldShare' | 'stretch'>;

/** What is known beforehand. */
export type KnownFigures = Pick<PodFigures, 'idleMillis' | 'refusalCpuMs'>;

/** One form against every deployment. */
export interface FormTrial {
  readonly form: ServiceForm;
  /** By experiment: differences of logarithms, two per rate and run; 0.1 is about 10 %. */
  readonly errors: ReadonlyMap<string, readonly number[]>;
  /** By experiment: CPU time per image of each run, ms. */
  readonly cpuMs: ReadonlyMap<string, readonly number[]>;
}

export interface ServiceFit extends ServiceForm {
  /** Median of the runs. */
  readonly cpuMsPerImage: number;
  /** How many measured rates it was fitted to, those of each run counted. */
  readonly rates: number;
  /** Mean of the errors. */
  readonly error: number;
}

const SPREADS = [0.1, 0.2, 0.3, 0.4];
const COLD_SHARES = [0, 0.2, 0.4];
const STRETCHES = [1, 1.15, 1.3];
const FORMS: readonly ServiceForm[] = SPREADS.flatMap((cpuSpread) =>
  COLD_SHARES.flatMap((coldShare) => STRETCHES.map((stretch) => ({ cpuSpread, coldShare, stretch }))),
);
const SEEDS = [1, 2];
/** Fewer requests at a rate do not decide anything. */
const MIN_DUE = 20;
/** A rate that is refused more often says how the pod refuses, not how long it works. */
const MAX_REFUSED_SHARE = 0.05;
const SHARES = [0.5, 0.95];

const isUsable = ({ due, refusedShare }: RateFigures) => due >= MIN_DUE && refusedShare <= MAX_REFUSED_SHARE;

/** A deployment and the windows of its runs, which every form is tried on. */
interface Sampled {
  readonly curve: RateCurve;
  readonly windows: readonly (readonly CpuWindow[])[];
}

/** Runs of a curve that say how much CPU they used. */
const sampledRuns = ({ curve, windows }: Sampled, { idleMillis }: KnownFigures, { coldShare }: ServiceForm) =>
  curve.runs.flatMap((run, r) => {
    const cpu = runCpuOf(windows[r]!, limitMillisOf(run), idleMillis, coldShare);
    return cpu === undefined ? [] : [{ run, cpu, rates: curve.repetitions[r]!.rates.filter(isUsable) }];
  });

function errorsOf(sampled: Sampled, known: KnownFigures, form: ServiceForm): number[] {
  return sampledRuns(sampled, known, form).flatMap(({ run, cpu, rates }) => {
    const { requests, limits } = run.applied.resources;
    const pod: PodFigures = {
      ...known,
      ...form,
      ...{ cpuMsPerImage: cpu.cpuMsPerImage, processes: 1, startCpuMs: 0 },
      cpuRequestMillis: parseCpuMillis(requests.cpu),
      cpuLimitMillis: parseCpuMillis(limits.cpu),
    };
    const indices = indicesByRate(run);
    const seen = SEEDS.map((seed) => simulate(recordedScenario(run, pod, cpu.pace), seed));
    return rates.flatMap(({ ratePerSecond, p50Ms, p95Ms }) => {
      const at = together(seen.map((answers) => answersAt(answers, indices.get(ratePerSecond)!)));
      return [p50Ms, p95Ms].flatMap((measured, i) =>
        Number.isFinite(measured) ? [Math.abs(Math.log(quoted(at, SHARES[i]!) / measured))] : [],
      );
    });
  });
}

/** Tries every form on every deployment. */
export function formTrials(curves: readonly RateCurve[], known: KnownFigures): FormTrial[] {
  const sampled = curves.map((curve) => ({ curve, windows: curve.runs.map(usableWindows) }));
  return FORMS.map((form) => ({
    form,
    errors: new Map(sampled.map((each) => [each.curve.experiment, errorsOf(each, known, form)])),
    cpuMs: new Map(
      sampled.map((each) => [
        each.curve.experiment,
        sampledRuns(each, known, form).map(({ cpu }) => cpu.cpuMsPerImage),
      ]),
    ),
  }));
}

/**
 * The form that suits some deployments best.
 *
 * @throws Error if none of their rates has enough answers and CPU samples
 */
export function fitService(trials: readonly FormTrial[], experiments: readonly string[]): ServiceFit {
  const fits = trials.flatMap(({ form, errors, cpuMs }): ServiceFit[] => {
    const own = experiments.flatMap((name) => errors.get(name) ?? []);
    const times = experiments.flatMap((name) => cpuMs.get(name) ?? []);
    if (own.length === 0 || times.length === 0) return [];
    const error = own.reduce((sum, each) => sum + each, 0) / own.length;
    return [{ ...form, cpuMsPerImage: medianOf(times), rates: Math.ceil(own.length / SHARES.length), error }];
  });
  const [first, ...others] = fits;
  if (first === undefined) {
    throw new Error(
      `${experiments.join(' or ')} must have a rate with ${MIN_DUE} requests that are answered, and CPU samples: run ` +
        `"npm run experiments -- --only ${experiments[0]}"`,
    );
  }
  return others.reduce((best, each) => (each.error < best.error ? each : best), first);
}
