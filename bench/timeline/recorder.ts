/**
 * Records a deployment from outside: the Kubernetes API every second, or processes and their control groups. A failed read
 * is kept as a failure, so that a gap in the samples is never mistaken for a zero.
 */
import { cpus, totalmem } from 'node:os';

import {
  cpuText,
  type Subject,
  TIMELINE_SCHEMA,
  TIMELINE_VERSION,
  type TimelineDocument,
} from './timeline-document';

/** The series that a source adds samples to. */
export type Series = {
  -readonly [
    K in 'replicas' | 'pods' | 'podMetrics' | 'autoscaler' | 'events' | 'counters'
  ]: TimelineDocument[K][number][];
};

/** Where samples come from: one read of everything, at a time in milliseconds from the start of the recording. */
export type Source = (
  atMs: number,
  series: Series,
  failed: (read: string, error: unknown) => void,
) => Promise<void>;

const INTERVAL_MS = 1000;
/** Later failures are dropped: a source that fails each second must not fill the memory. */
const MAX_FAILURES = 1000;

export interface Recorder {
  /** Stops after the read in progress and returns the document. */
  readonly stop: (complete: boolean) => Promise<TimelineDocument>;
}

/** Describes this machine. */
export const thisMachine = (): Subject['machine'] => ({
  cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  nodeVersion: process.version,
  platform: `${process.platform} ${process.arch}`,
});

/** Whether a recorded machine has this one's CPU: CPU times of another say nothing about this one. */
export const isThisMachine = (recorded: Pick<Subject['machine'], 'cpuModel' | 'cores'>): boolean =>
  cpuText(recorded) === cpuText(thisMachine());

/**
 * Starts recording.
 *
 * @param intervalMs time from the start of one read to the start of the next; a slower read delays the next
 */
export function startRecorder(source: Source, subject: Subject, intervalMs = INTERVAL_MS): Recorder {
  const startedAt = new Date();
  const zeroMs = performance.now();
  const series: Series = { replicas: [], pods: [], podMetrics: [], autoscaler: [], events: [], counters: [] };
  const failures: TimelineDocument['failures'][number][] = [];
  const stopped = new AbortController();
  const record = async () => {
    while (!stopped.signal.aborted) {
      const atMs = Math.round(performance.now() - zeroMs);
      const failed = (read: string, error: unknown) => {
        if (failures.length < MAX_FAILURES) failures.push({ atMs, read, message: (error as Error).message });
      };
      await source(atMs, series, failed).catch((error: unknown) => failed('source', error));
      await pause(intervalMs - (performance.now() - zeroMs - atMs), stopped.signal);
    }
  };
  const recording = record();
  return {
    stop: async (complete) => {
      stopped.abort();
      await recording;
      return {
        schema: TIMELINE_SCHEMA,
        version: TIMELINE_VERSION,
        subject,
        startedAt: startedAt.toISOString(),
        finishedAt: new Date().toISOString(),
        intervalMs,
        complete,
        ...series,
        failures,
      };
    },
  };
}

/** Waits, or until the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) {
      resolve();
      return;
    }
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
