/**
 * What one model costs on the machine that was measured: the twin's figures of a pod, each with the run that it comes from.
 * Pure.
 */
import { parseCpuMillis } from '../../infra/quantity';
import type { Resources } from '../../infra/variants';
import { MODEL_IDS, type ModelId, MODELS } from '../../models/catalog';
import { parallelismOf } from '../../service/inference/parallelism';
import type { Evidence } from '../evidence/evidence';
import { type ExperimentRun, runName } from '../evidence/experiment-run';
import { idleMillisOf } from '../evidence/hpa-run';
import { MACHINE_FILE } from '../evidence/machine';
import type { RateCurve } from '../evidence/rate-curve';
import { modelName, plural } from '../evidence/words';
import { cpuText } from '../timeline/timeline-document';
import { MEAN_CONTAINER_START_MS, startCores } from '../twin/fleet';
import type { PodFigures } from '../twin/scenario';
import { PROBES } from '../../infra/construct/deployment-defaults';
import { medianOf } from '../../statistics/median';
import { fitService, formTrials } from './fit-service';
import { type MachinePace, machinePaceOf } from './machine-pace';

/** A figure and where it comes from. */
export interface Sourced {
  readonly value: number;
  /** Name of a document in docs/experiment/data/, and what was done with it. */
  readonly source: string;
}

export interface ModelProfile {
  readonly model: ModelId;
  readonly precision: string;
  /** Whether the service must be told the precision, since by itself it chooses the other. @default false */
  readonly isPrecisionSet?: boolean;
  /** CPU model and cores of the machine. */
  readonly machine: string;
  readonly cpuMsPerImage: Sourced;
  readonly cpuSpread: Sourced;
  readonly coldShare: Sourced;
  readonly stretch: Sourced;
  readonly idleMillis: Sourced;
  readonly startCpuMs: Sourced;
  /** The most memory that a pod used. */
  readonly memoryBytes: Sourced;
  /** Memory of each process after the first. @default as much as a whole pod's */
  readonly memoryPerProcessBytes?: Sourced;
  /** How the speed of the machine that was measured changed. @default not known: recordings of one run do not say */
  readonly pace?: MachinePace;
}

/** CPU time of a refused request: `npm run bench:overload` on the machine of docs/serving.md. */
const REFUSAL_CPU_MS = 0.25;

/** `latency-single-pod-1 to 3, latency-max-size-2`: runs of one experiment that follow each other are joined. */
export function filesText(runs: readonly Pick<ExperimentRun, 'experiment' | 'repetition'>[]): string {
  const spans: { readonly experiment: string; readonly first: number; readonly last: number }[] = [];
  for (const { experiment, repetition } of runs) {
    const span = spans.at(-1);
    if (span?.experiment === experiment && span.last + 1 === repetition) {
      spans[spans.length - 1] = { ...span, last: repetition };
    } else spans.push({ experiment, first: repetition, last: repetition });
  }
  return spans
    .map(({ experiment, first, last }) => `${experiment}-${first}${last === first ? '' : ` to ${last}`}`)
    .join(', ');
}

/** @throws Error that names the command which measures what is missing */
function needed<T>(what: string, model: ModelId, command: string, value: T | undefined): T {
  if (value === undefined) {
    throw new Error(`the recordings have no ${what} of ${modelName(model)}: run "${command}" first`);
  }
  return value;
}

/**
 * CPU time of a start, as the twin uses it: the median over pods that started during a recording. The recorded time is that
 * from the kubelet's first sight of the pod until it was ready. So it holds the start of the container, and on average half
 * the distance of two startup probes; the rest is spent at what the idle service leaves of the CPU limit.
 *
 * @param idleMillis CPU use without load, millicores
 */
export function startCpu(runs: readonly ExperimentRun[], idleMillis: number): Sourced | undefined {
  const waitedMs = MEAN_CONTAINER_START_MS + 500 * PROBES.startup.periodSeconds;
  const starts = runs.flatMap((run) => {
    const cores = startCores({
      cpuLimitMillis: parseCpuMillis(run.applied.resources.limits.cpu),
      idleMillis,
    });
    const began = Date.parse(run.timeline.startedAt);
    const ready = new Map(run.timeline.pods.filter((pod) => pod.ready).map((pod) => [pod.uid, pod]));
    return [...ready.values()].flatMap(({ startedAt, readyChangedAt }) => {
      if (startedAt === undefined || readyChangedAt === undefined || Date.parse(startedAt) < began) return [];
      const tookMs = Date.parse(readyChangedAt) - Date.parse(startedAt) - waitedMs;
      return tookMs > 0 ? [{ cpuMs: tookMs * cores, run }] : [];
    });
  });
  if (starts.length === 0) return undefined;
  const files = filesText([...new Set(starts.map(({ run }) => run))]);
  const source = `${files}: median of ${starts.length} starts at their CPU limit`;
  return { value: medianOf(starts.map(({ cpuMs }) => cpuMs)), source };
}

/** CPU of a pod without load: the median of the runs that were recorded for longer than their load; undefined without one. */
export function idleCpu(runs: readonly ExperimentRun[]): Sourced | undefined {
  const idle = runs.flatMap((run) => {
    const millis = idleMillisOf(run);
    return millis === undefined ? [] : [{ millis, run }];
  });
  if (idle.length === 0) return undefined;
  const source = `${filesText(idle.map(({ run }) => run))}: median of the pods’ samples after the load`;
  return { value: medianOf(idle.map(({ millis }) => millis)), source };
}

/** The most memory that a pod used; undefined without a sample. */
export function mostMemory(runs: readonly ExperimentRun[]): Sourced | undefined {
  const most = runs
    .flatMap((run) =>
      run.timeline.podMetrics.map(({ memoryBytes }) => ({ value: memoryBytes, source: runName(run) })),
    )
    .reduce<Sourced | undefined>((best, each) => (best && best.value >= each.value ? best : each), undefined);
  return most && { value: most.value, source: `${most.source}: the most of all pods` };
}

/** The fixed deployments of a model that were measured, its single pod first. */
const curvesOf = ({ curves }: Evidence, model: ModelId): RateCurve[] =>
  (['single-pod', 'max-size'] as const).flatMap((kind) => curves.get(`${model}-${kind}`) ?? []);

/**
 * The profile of a model from all its deployments; from all but one, or without the starts of one run, to predict that one.
 */
export interface ProfileFit {
  readonly profile: ModelProfile;
  /** Undefined if there is no other deployment that it could be fitted to. */
  readonly without: (experiment: string) => ModelProfile | undefined;
  /** With the idle CPU and the CPU time of a start from the other runs; undefined if no pod started in one of them. */
  readonly withoutRun: (run: ExperimentRun) => ModelProfile | undefined;
}

/**
 * Fits the profile of a model.
 *
 * @throws Error that names the command which measures what is missing
 */
export function fitProfile(evidence: Evidence, model: ModelId): ProfileFit {
  const { machine } = evidence;
  const runs = evidence.runs.filter((run) => run.model === model);
  const document = needed(MACHINE_FILE, model, 'npm run experiments -- --only machine', machine);
  const cost = needed(
    'CPU time per image',
    model,
    'npm run experiments -- --only machine',
    document.cpuPerImage.find((each) => each.model === model && each.isDefault),
  );
  const name = `${model}-single-pod`;
  needed('single pod', model, `npm run experiments -- --only ${name}`, evidence.curves.get(name));
  const curves = curvesOf(evidence, model);
  const hpa = `npm run experiments -- --only ${model}-hpa-steps`;
  // Pods are probed and watched by more than the lone service that the machine's experiment watches.
  const idleOf = (each: ModelId, of = evidence.runs): Sourced => {
    const figures = document.cpuPerImage.find((own) => own.model === each && own.isDefault);
    const watched = { value: figures?.idleCpuMillis ?? 0, source: 'machine: a service that is only watched' };
    return idleCpu(of.filter((run) => run.model === each)) ?? watched;
  };
  const idle = new Map(MODEL_IDS.map((each) => [each, idleOf(each)]));
  const idleMillis = idle.get(model)!;
  const common = {
    model,
    precision: cost.precision,
    machine: cpuText(document.machine),
    idleMillis,
    startCpuMs: needed(
      'pod that started while it was recorded',
      model,
      hpa,
      startCpu(runs, idleMillis.value),
    ),
    memoryBytes: needed('memory use', model, hpa, mostMemory(runs)),
  };
  const known = { idleMillis: idleMillis.value, refusalCpuMs: REFUSAL_CPU_MS };
  const trials = formTrials(curves, known);
  const paceWithout = (experiment?: string) =>
    machinePaceOf(
      [...evidence.curves.values()].filter((curve) => curve.experiment !== experiment),
      (each) => idle.get(each)!.value,
    );
  const fittedTo = (own: readonly RateCurve[], without?: string): ModelProfile => {
    const fit = fitService(
      trials,
      own.map(({ experiment }) => experiment),
    );
    const names = filesText(own.flatMap((curve) => curve.runs));
    const pace = paceWithout(without);
    const fitted = `${names}: fitted to p50 and p95 of ${plural(fit.rates, 'rate')}`;
    return {
      ...common,
      ...(pace && { pace }),
      cpuMsPerImage: { value: fit.cpuMsPerImage, source: `${names}: median by their CPU samples` },
      cpuSpread: { value: fit.cpuSpread, source: fitted },
      coldShare: { value: fit.coldShare, source: fitted },
      stretch: { value: fit.stretch, source: fitted },
    };
  };
  const profile = fittedTo(curves);
  return {
    profile,
    without(experiment) {
      const others = curves.filter((curve) => curve.experiment !== experiment);
      return others.length === 0 ? undefined : fittedTo(others, experiment);
    },
    withoutRun(run) {
      const others = runs.filter((each) => runName(each) !== runName(run));
      const own = idleOf(model, others);
      const startCpuMs = startCpu(others, own.value);
      return startCpuMs && { ...profile, idleMillis: own, startCpuMs };
    },
  };
}

/** The profile of a model from all its deployments. */
export const profileOf = (evidence: Evidence, model: ModelId): ModelProfile =>
  fitProfile(evidence, model).profile;

/**
 * The twin's figures of a pod with these resources. More threads count as no faster than one: the profile has no figure for
 * them, and this is the careful side.
 */
export function podFiguresOf(
  profile: Pick<ModelProfile, 'model'> &
    Readonly<
      Record<
        'cpuMsPerImage' | 'cpuSpread' | 'coldShare' | 'stretch' | 'idleMillis' | 'startCpuMs',
        Pick<Sourced, 'value'>
      >
    >,
  { requests, limits }: Pick<Resources, 'requests' | 'limits'>,
): PodFigures {
  const cpuLimitMillis = parseCpuMillis(limits.cpu);
  return {
    cpuRequestMillis: parseCpuMillis(requests.cpu),
    cpuLimitMillis,
    processes: parallelismOf(MODELS[profile.model].architecture, cpuLimitMillis).processes,
    cpuMsPerImage: profile.cpuMsPerImage.value,
    cpuSpread: profile.cpuSpread.value,
    coldShare: profile.coldShare.value,
    stretch: profile.stretch.value,
    idleMillis: profile.idleMillis.value,
    startCpuMs: profile.startCpuMs.value,
    refusalCpuMs: REFUSAL_CPU_MS,
  };
}
