/** What every analysis of an experiment asks of its runs. Pure. */
import { parseCpuMillis } from '../../infra/quantity';
import { decodeRequests, type RunDocument, VALIDITY_RULES, type ValidityRule } from '../load/run-document';
import type { PodMetricSample } from '../timeline/timeline-document';
import { type ExperimentRun, runName } from './experiment-run';

/** Rules that speak of the generator. The others are about one steady rate; these loads change theirs. */
const GENERATOR_RULES: readonly ValidityRule[] = [
  'lag',
  'unsent',
  'generatorCpu',
  'clockDrift',
  'incomplete',
];

/**
 * The load of a run.
 *
 * @throws Error if the document has none
 */
export function loadOf(run: ExperimentRun): RunDocument {
  const { load } = run.timeline;
  if (load === undefined) {
    throw new Error(
      `the run ${runName(run)} must have a load: delete its file and run "npm run experiments" again`,
    );
  }
  return load;
}

export const requestsOf = (run: ExperimentRun) => decodeRequests(loadOf(run).requests);

/** When the load began, milliseconds from the start of the recording. */
export const loadStartMs = (run: ExperimentRun): number =>
  Date.parse(loadOf(run).startedAt) - Date.parse(run.timeline.startedAt);

/** In which the pods computed, by their own metrics; undefined if no pod stated it. */
export function precisionOf({ timeline: { counters } }: ExperimentRun): string | undefined {
  const stated = new Set(counters.flatMap(({ precision }) => precision ?? []));
  return stated.size === 0 ? undefined : [...stated].sort().join(' and ');
}

/** A pod's CPU request as it was deployed. */
export const requestMillisOf = (run: ExperimentRun): number =>
  parseCpuMillis(run.applied.resources.requests.cpu);

/** Why a run's figures may be the generator's: the rules' texts; none if they are the deployment's. */
export function flawsOf(run: ExperimentRun): string[] {
  const { validity } = loadOf(run);
  const rules = validity.broken.filter(({ rule }) => GENERATOR_RULES.includes(rule));
  const texts = rules.map(({ rule, detail }) => `${VALIDITY_RULES[rule]} (${detail})`);
  return run.timeline.complete ? texts : [...texts, 'the recording was interrupted'];
}

/** The runs without a flaw; all of them where none is: a chart then says so. */
export function soundRuns<T extends ExperimentRun>(runs: readonly T[]): readonly T[] {
  const sound = runs.filter((run) => flawsOf(run).length === 0);
  return sound.length === 0 ? runs : sound;
}

/** A CPU sample on the run's own clock. */
export interface CpuSample {
  readonly pod: string;
  /** Its window, milliseconds from the start of the load. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly cpuMillis: number;
  /** Of the pod's request. */
  readonly percent: number;
}

/** The CPU samples of a run, each at the window that metrics-server stated. */
export function cpuSamplesOf(run: ExperimentRun): CpuSample[] {
  const startMs = Date.parse(loadOf(run).startedAt);
  const requestMillis = requestMillisOf(run);
  return run.timeline.podMetrics.map(({ pod, timestamp, windowMs, cpuMillis }: PodMetricSample) => {
    const toMs = Date.parse(timestamp) - startMs;
    return { pod, fromMs: toMs - windowMs, toMs, cpuMillis, percent: (100 * cpuMillis) / requestMillis };
  });
}
