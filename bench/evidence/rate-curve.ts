/**
 * Latency, goodput, refusals and CPU use by offered rate, from runs under `steps:`. Pure.
 */
import type { VariantKind } from '../../infra/variants';
import type { ModelId } from '../../models/catalog';
import { percentile } from '../../statistics/percentile';
import { medianOf } from '../../statistics/median';
import { parseLoad } from '../load/load';
import { effectiveRequests, violationsOf } from '../load/probe-verdict';
import { OUTCOMES } from '../load/run-document';
import type { Slo } from '../load/slo';
import { type ExperimentRun, runName } from './experiment-run';
import { type JudgedRate, type Knee, kneeOf, verdictsOf } from './knee';
import { cpuSamplesOf, loadOf, loadStartMs, requestsOf, soundRuns } from './runs';

/** The first share of a step does not count: the queue of the step before empties or fills. */
export const SETTLE_SHARE = 0.1;
/** A CPU sample belongs to the step that holds at least this share of its window. */
const MIN_WINDOW_SHARE = 0.5;

const RIGHT = OUTCOMES.indexOf('right');
const WRONG = OUTCOMES.indexOf('wrong');
const REFUSED = OUTCOMES.indexOf('refused');

/** One step of one run, as it was measured. */
interface Step {
  readonly ratePerSecond: number;
  readonly seconds: number;
  /** Of every request that was due; at most the time until the deadline. */
  readonly latencyMs: readonly number[];
  readonly outcome: readonly number[];
  /** CPU samples: of one pod, with the milliseconds of their windows in the step. */
  readonly cpu: readonly { readonly cpuMillis: number; readonly percent: number; readonly ms: number }[];
}

/** What was measured at one offered rate. */
export interface RateFigures extends JudgedRate {
  readonly due: number;
  readonly duePerSecond: number;
  /** Latency of answers from the intended send time; NaN where there are too few of them for the percentile. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Right answers within the objective. */
  readonly goodputPerSecond: number;
  readonly refusedShare: number;
  /** Mean CPU use of a pod: percent of its request, and cores; NaN without a sample. */
  readonly cpuPercent: number;
  readonly cpuCores: number;
  /** Right and wrong answers. */
  readonly answeredPerSecond: number;
}

/** One deployment under steps, its repetitions together. */
export interface RateCurve {
  readonly experiment: string;
  readonly model: ModelId;
  readonly kind: VariantKind;
  readonly slo: Slo;
  /** Median of the pods that were ready during the load. */
  readonly pods: number;
  /** The requests of all repetitions taken together, by rate. */
  readonly rates: readonly RateFigures[];
  readonly knee: Knee;
  readonly repetitions: readonly { readonly rates: readonly RateFigures[]; readonly knee: Knee }[];
  /** CPU time of a pod per answer below the knee; NaN where it was not measured. */
  readonly cpuSecondsPerImage: number;
  /** The runs it is made of. */
  readonly runs: readonly ExperimentRun[];
}

function stepsOf(run: ExperimentRun): Step[] {
  const load = parseLoad(loadOf(run).settings.load);
  if (load.kind !== 'steps') {
    throw new RangeError(
      `the load of ${runName(run)} must be steps:…, received ${loadOf(run).settings.load}`,
    );
  }
  const { intendedMs, latencyMs, outcome } = requestsOf(run);
  const samples = cpuSamplesOf(run);
  const stepMs = 1000 * load.stepSeconds;
  return load.ratesPerSecond.map((ratePerSecond, index) => {
    const [fromMs, toMs] = [(index + SETTLE_SHARE) * stepMs, (index + 1) * stepMs];
    const indices = [...intendedMs.keys()].filter((i) => intendedMs[i]! >= fromMs && intendedMs[i]! < toMs);
    const cpu = samples.flatMap((sample) => {
      const ms = Math.min(sample.toMs, toMs) - Math.max(sample.fromMs, index * stepMs);
      const isInside = ms >= MIN_WINDOW_SHARE * (sample.toMs - sample.fromMs);
      return isInside ? [{ cpuMillis: sample.cpuMillis, percent: sample.percent, ms }] : [];
    });
    return {
      ratePerSecond,
      seconds: (toMs - fromMs) / 1000,
      latencyMs: indices.map((i) => latencyMs[i]!),
      outcome: indices.map((i) => outcome[i]!),
      cpu,
    };
  });
}

const violatedOf = ({ latencyMs, outcome }: Step, { limitMs }: Slo): Uint8Array =>
  Uint8Array.from(latencyMs, (ms, i) => (outcome[i] !== RIGHT || ms > limitMs ? 1 : 0));

/**
 * How many of a step's requests say as much as one independent request, as the capacity search counts them. A run that ended
 * early has steps without any.
 */
const effectOf = (step: Step, slo: Slo) =>
  step.latencyMs.length === 0
    ? 1
    : step.latencyMs.length /
      effectiveRequests(
        { violated: violatedOf(step, slo), latencyMs: Float64Array.from(step.latencyMs) },
        slo,
      );

/** Requests of one rate, from one run or several. */
function figuresOf(steps: readonly Step[], slo: Slo): Omit<RateFigures, 'verdict'> {
  const sum = (of: (step: Step) => number) => steps.reduce((total, step) => total + of(step), 0);
  const seconds = sum((step) => step.seconds);
  const count = (...codes: readonly number[]) =>
    sum(({ outcome }) => outcome.filter((code) => codes.includes(code)).length);
  const due = sum(({ outcome }) => outcome.length);
  const answeredMs = steps.flatMap(({ latencyMs, outcome }) =>
    latencyMs.filter((_, i) => outcome[i] === RIGHT || outcome[i] === WRONG),
  );
  // Fewer, and the nearest rank is the maximum.
  const quoted = (share: number) =>
    answeredMs.length * (1 - share) >= 1 - 1e-9 ? percentile(answeredMs, share) : NaN;
  const violations = sum((step) => violationsOf({ violated: violatedOf(step, slo) }));
  // One for all steps: each by its own would weigh down the repetition that was late, as there requests are most alike.
  // The mean by requests is that of the variance of the share of all.
  const effect = due === 0 ? 1 : sum((step) => step.outcome.length * effectOf(step, slo)) / due;
  const samples = steps.flatMap(({ cpu }) => cpu);
  const windowMs = samples.reduce((total, { ms }) => total + ms, 0);
  const meanCpu = (of: (sample: Step['cpu'][number]) => number) =>
    samples.reduce((total, sample) => total + of(sample) * sample.ms, 0) / windowMs;
  return {
    ratePerSecond: steps[0]!.ratePerSecond,
    due,
    duePerSecond: due / seconds,
    p50Ms: quoted(0.5),
    p95Ms: quoted(0.95),
    p99Ms: quoted(0.99),
    goodputPerSecond: (due - violations) / seconds,
    refusedShare: count(REFUSED) / due,
    cpuPercent: meanCpu(({ percent }) => percent),
    cpuCores: meanCpu(({ cpuMillis }) => cpuMillis) / 1000,
    answeredPerSecond: count(RIGHT, WRONG) / seconds,
    violations: violations / effect,
    trials: due / effect,
  };
}

function byRate(steps: readonly Step[], slo: Slo): RateFigures[] {
  const rates = [...new Set(steps.map(({ ratePerSecond }) => ratePerSecond))].sort((a, b) => a - b);
  const figures = rates.map((rate) =>
    figuresOf(
      steps.filter(({ ratePerSecond }) => ratePerSecond === rate),
      slo,
    ),
  );
  const verdicts = verdictsOf(figures, slo.percentile);
  return figures.map((each, i) => ({ ...each, verdict: verdicts[i]! }));
}

function readyPods(run: ExperimentRun): number {
  const fromMs = loadStartMs(run);
  const toMs = fromMs + loadOf(run).durationMs;
  const ready = run.timeline.replicas
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .map(({ ready: count = 0 }) => count);
  return ready.length === 0 ? 0 : medianOf(ready);
}

function cpuSecondsPerImage(rates: readonly RateFigures[], { highPerSecond = Infinity }: Knee, pods: number) {
  const below = rates.filter(
    ({ ratePerSecond, cpuCores }) => ratePerSecond < highPerSecond && Number.isFinite(cpuCores),
  );
  const sum = (of: (figures: RateFigures) => number) => below.reduce((total, each) => total + of(each), 0);
  return (pods * sum(({ cpuCores }) => cpuCores)) / sum(({ answeredPerSecond }) => answeredPerSecond);
}

/**
 * The curve of one deployment.
 *
 * @param runs repetitions of one experiment, at least one
 * @throws RangeError if a run's load is not `steps:`
 */
export function rateCurve(runs: readonly ExperimentRun[]): RateCurve {
  const sound = soundRuns(runs);
  const { experiment, model, kind, slo } = sound[0]!;
  const measured = sound.map(stepsOf);
  const rates = byRate(measured.flat(), slo);
  const knee = kneeOf(rates);
  const pods = medianOf(sound.map(readyPods));
  return {
    ...{ experiment, model, kind, slo, pods, rates, knee },
    repetitions: measured.map((steps) => {
      const own = byRate(steps, slo);
      return { rates: own, knee: kneeOf(own) };
    }),
    cpuSecondsPerImage: cpuSecondsPerImage(rates, knee, pods),
    runs: sound,
  };
}

/**
 * The offered rate at which a figure first reaches a value, by linear interpolation between rates; undefined if it does
 * not.
 */
export function rateAtValue(
  rates: readonly RateFigures[],
  of: (figures: RateFigures) => number,
  value: number,
): number | undefined {
  const known = rates.filter((figures) => Number.isFinite(of(figures)));
  const after = known.findIndex((figures) => of(figures) >= value);
  if (after < 1) return undefined;
  const [a, b] = [known[after - 1]!, known[after]!];
  const share = (value - of(a)) / (of(b) - of(a));
  return a.ratePerSecond + share * (b.ratePerSecond - a.ratePerSecond);
}
