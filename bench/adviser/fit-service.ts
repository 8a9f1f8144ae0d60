/**
 * CPU time of an image and its spread, fitted to a single pod's measured latencies: of a grid, the pair whose simulated p50
 * and p95 differ least from the measured ones. Pure.
 */
import { parseCpuMillis } from '../../infra/quantity';
import type { RateCurve } from '../evidence/rate-curve';
import { simulate } from '../twin/simulate';
import type { PodFigures } from '../twin/scenario';
import { answersAt, indicesByRate, quoted, together } from './by-rate';
import { recordedScenario } from './recorded-scenario';

export interface ServiceFit {
  readonly cpuMsPerImage: number;
  readonly cpuSpread: number;
  /** How many measured rates it was fitted to. */
  readonly rates: number;
  /** Mean of the absolute differences of logarithms; 0.1 is about 10 %. */
  readonly error: number;
}

/** Factors of the CPU time per image that was measured without a queue. */
const FACTORS = Array.from({ length: 19 }, (_, i) => 0.7 + 0.05 * i);
const SPREADS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
const SEEDS = [1, 2];
/** Fewer answers at a rate do not decide anything. */
const MIN_ANSWERS = 20;
/** A rate that is refused more often says how the pod refuses, not how long it works. */
const MAX_REFUSED_SHARE = 0.05;
const SHARES = [0.5, 0.95];

/**
 * Fits one single pod.
 *
 * @param known figures that are not fitted; the CPU time is where the search begins
 * @throws Error if no rate has enough answers
 */
export function fitService(
  curve: RateCurve,
  known: Pick<PodFigures, 'cpuMsPerImage' | 'idleMillis' | 'refusalCpuMs'>,
): ServiceFit {
  const usable = curve.rates.filter(
    ({ due, refusedShare }) => due >= MIN_ANSWERS && refusedShare <= MAX_REFUSED_SHARE,
  );
  if (usable.length === 0) {
    throw new Error(
      `${curve.experiment} must have a rate with ${MIN_ANSWERS} requests that are answered: run "npm run experiments -- --only ${curve.experiment}"`,
    );
  }
  const { requests, limits } = curve.runs[0]!.applied.resources;
  const indices = curve.runs.map(indicesByRate);
  const errorOf = (cpuMsPerImage: number, cpuSpread: number): number => {
    const pod: PodFigures = {
      ...known,
      ...{ cpuMsPerImage, cpuSpread, processes: 1, threadSpeedup: 1, startCpuMs: 0 },
      cpuRequestMillis: parseCpuMillis(requests.cpu),
      cpuLimitMillis: parseCpuMillis(limits.cpu),
    };
    const runs = curve.runs.map((run) => SEEDS.map((seed) => simulate(recordedScenario(run, pod), seed)));
    const errors = usable.flatMap((rate) => {
      const at = together(
        runs.flatMap((seeds, r) =>
          seeds.map((answers) => answersAt(answers, indices[r]!.get(rate.ratePerSecond)!)),
        ),
      );
      const measured = [rate.p50Ms, rate.p95Ms];
      return SHARES.flatMap((share, i) =>
        Number.isFinite(measured[i]) ? [Math.abs(Math.log(quoted(at, share) / measured[i]!))] : [],
      );
    });
    return errors.reduce((sum, error) => sum + error, 0) / errors.length;
  };
  const tried = FACTORS.flatMap((factor) =>
    SPREADS.map((cpuSpread) => {
      const cpuMsPerImage = factor * known.cpuMsPerImage;
      return { cpuMsPerImage, cpuSpread, rates: usable.length, error: errorOf(cpuMsPerImage, cpuSpread) };
    }),
  );
  return tried.reduce((best, each) => (each.error < best.error ? each : best));
}
