/**
 * The rules that make a run valid: its figures must be those of the server, not of the generator.
 */
import { minTrials } from '../../statistics/binomial';
import { percentile } from '../../statistics/percentile';
import { type Load, MAX_IN_FLIGHT } from './load';
import {
  type BrokenRule,
  type GeneratorReport,
  MAX_CLOCK_DRIFT_SHARE,
  MAX_GENERATOR_CPU_SHARE,
  MAX_LAG_P99_MS,
  OUTCOMES,
  type Requests,
  VALIDITY_RULES,
  type ValidityRule,
} from './run-document';
import { percentileName } from './slo';

/** What to do about each broken rule. */
export const VALIDITY_REMEDIES: Readonly<Record<ValidityRule, string>> = {
  lag: 'it needs a free core: stop other work on its machine, or run it on another',
  unsent: `lower the rate: more than ${MAX_IN_FLIGHT} requests waited for an answer`,
  generatorCpu: 'lower the rate, or share it out over several generators with --shard',
  sample: 'send for longer, or quote a lower percentile',
  clockDrift: 'wait until the machine’s clock is synchronized',
  inFlight: 'lower the rate: the server cannot keep up, so its latency depends on how long you send',
  incomplete: 'let the run end',
  startsApart: 'give all of them the same --start-at',
};

/** A broken rule in words, with its figure and the remedy. */
export const brokenText = ({ rule, detail }: BrokenRule): string =>
  `${VALIDITY_RULES[rule]}: ${detail}; ${VALIDITY_REMEDIES[rule]}`;

/** A wall clock that counts whole milliseconds drifts this much by rounding. */
const CLOCK_RESOLUTION_MS = 2;
export const CONFIDENCE = 0.99;

/** Loads whose rate does not change, so that requests in flight must not grow. */
const STEADY: readonly Load['kind'][] = ['constant', 'poisson'];
const WINDOWS = 20;
/** In standard errors of the slope. */
const MIN_SLOPE_T = 4;
/** Growth over the run up to which it does not count as drift, in requests. */
const MIN_GROWTH = 5;

/**
 * Growth of the requests in flight over a run, in requests: the slope of the means of 20 windows; 0 if it does not
 * stand out from the windows' own scatter.
 */
export function inFlightGrowth({ intendedMs, latencyMs }: Requests, durationMs: number): number {
  const meanInFlight = new Float64Array(WINDOWS);
  const windowMs = durationMs / WINDOWS;
  intendedMs.forEach((startMs, i) => {
    const endMs = Math.min(startMs + latencyMs[i]!, durationMs);
    for (let window = Math.floor(startMs / windowMs); window < WINDOWS; window++) {
      const overlapMs = Math.min(endMs, (window + 1) * windowMs) - Math.max(startMs, window * windowMs);
      if (overlapMs <= 0) break;
      meanInFlight[window]! += overlapMs / windowMs;
    }
  });
  return growthOf(meanInFlight);
}

/** Growth of any series of means: its rise from first to last by least squares; 0 if it is within the scatter. */
export function growthOf(means: Float64Array): number {
  const count = means.length;
  const middle = (count - 1) / 2;
  const mean = means.reduce((sum, value) => sum + value, 0) / count;
  const squares = (count * (count * count - 1)) / 12;
  const slope = means.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / squares;
  const residual = means.reduce((sum, value, i) => sum + (value - mean - slope * (i - middle)) ** 2, 0);
  const error = Math.sqrt(residual / (count - 2) / squares);
  const growth = slope * (count - 1);
  return growth > MIN_GROWTH && slope > MIN_SLOPE_T * error ? growth : 0;
}

export interface JudgedRun {
  readonly loadKind: Load['kind'];
  readonly requests: Requests;
  readonly generators: readonly GeneratorReport[];
  readonly durationMs: number;
  readonly complete: boolean;
  /** The percentile that will be quoted from the run, such as 0.95. */
  readonly percentile: number;
}

/** The rules that a run broke, each with its figure; none if it is valid. */
export function brokenRules(run: JudgedRun): BrokenRule[] {
  const { requests, generators } = run;
  const unsentCode = OUTCOMES.indexOf('unsent');
  const sent = (_: number, i: number) => requests.outcome[i] !== unsentCode;
  const lagsMs = Array.from(requests.lagMs).filter(sent);
  const unsent = requests.outcome.length - lagsMs.length;
  const lagP99Ms = percentile(lagsMs, 0.99);
  const cpuShare = Math.max(...generators.map((each) => each.cpuShare));
  const needed = minTrials(run.percentile, 0, CONFIDENCE);
  const drifting = generators.find(
    ({ clockDriftMs, elapsedMs }) =>
      clockDriftMs > CLOCK_RESOLUTION_MS && clockDriftMs > MAX_CLOCK_DRIFT_SHARE * elapsedMs,
  );
  const startsMs = generators.map(({ startedAt }) => Date.parse(startedAt));
  const apartMs = Math.max(...startsMs) - Math.min(...startsMs);
  const growth = STEADY.includes(run.loadKind) ? inFlightGrowth(requests, run.durationMs) : 0;
  const rules: [BrokenRule['rule'], boolean, string][] = [
    ['lag', lagP99Ms > MAX_LAG_P99_MS, `${lagP99Ms.toFixed(1)} ms`],
    ['unsent', unsent > 0, `${unsent} of ${requests.outcome.length}`],
    ['generatorCpu', cpuShare > MAX_GENERATOR_CPU_SHARE, `${(100 * cpuShare).toFixed(0)} %`],
    [
      'sample',
      requests.outcome.length < needed,
      `${requests.outcome.length} requests; ${percentileName(run.percentile)} needs ${needed}`,
    ],
    ['clockDrift', drifting !== undefined, `${drifting?.clockDriftMs.toFixed(1)} ms`],
    ['inFlight', growth > 0, `${growth.toFixed(1)} more at the end than at the start`],
    [
      'startsApart',
      run.loadKind !== 'closed' && apartMs > MAX_LAG_P99_MS,
      `${(apartMs / 1000).toFixed(2)} s`,
    ],
    ['incomplete', !run.complete, `${requests.outcome.length} requests were due until then`],
  ];
  return rules.flatMap(([rule, broken, detail]) => (broken ? [{ rule, detail }] : []));
}
