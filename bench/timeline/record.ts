/** Recordings of a Deployment or of processes for a given time, with the load that was sent meanwhile. */
import { readFileSync } from 'node:fs';

import { mergeRuns } from '../load/documents';
import { parseRunDocument } from '../load/run-document';
import { openApi } from './api-reader';
import { behindAutoscaler } from './behind-autoscaler';
import { kubernetesSource } from './kubernetes-source';
import { processSource, type WatchedProcess } from './process-source';
import { pause, type Source, startRecorder, thisMachine } from './recorder';
import { subjectOf, watchedOf } from './subject';
import type { Subject, TimelineDocument } from './timeline-document';

export interface RecordingTime {
  readonly seconds: number;
  /** Ends the recording early. */
  readonly stop: AbortSignal;
  /** Whether an early end is a whole recording: true where no length was asked for. */
  readonly mayStop: boolean;
}

async function record(source: Source, subject: Subject, time: RecordingTime): Promise<TimelineDocument> {
  const recorder = startRecorder(source, subject);
  await pause(1000 * time.seconds, time.stop);
  return recorder.stop(time.mayStop || !time.stop.aborted);
}

/**
 * Records a Deployment.
 *
 * @param kubectl the program, with its leading arguments such as `--kubeconfig`
 * @throws Error with kubectl's own message, or if the Deployment cannot be read
 */
export async function recordDeployment(
  kubectl: readonly [string, ...string[]],
  namespace: string,
  name: string,
  time: RecordingTime,
): Promise<TimelineDocument> {
  const api = await openApi(kubectl);
  try {
    const watched = await watchedOf(api.read, namespace, name);
    return await record(kubernetesSource(api.read, watched), await subjectOf(api.read, watched), time);
  } finally {
    await api.close();
  }
}

/**
 * Records an HPA with its target's pods and their CPU samples; nothing is read that its decisions do not need. A recording
 * of 0 s has each read once.
 *
 * @param check refuses what the caller cannot use, before time is spent on a recording
 * @param kubectl the program, with its leading arguments such as `--kubeconfig`
 * @throws Error with kubectl's own message, or with the remedy where something cannot be read
 */
export async function recordAutoscaler(
  kubectl: readonly [string, ...string[]],
  namespace: string,
  name: string,
  time: RecordingTime,
  check: (subject: Subject) => void,
): Promise<TimelineDocument> {
  const api = await openApi(kubectl);
  try {
    const { watched, subject } = await behindAutoscaler(api.read, namespace, name);
    check(subject);
    return await record(kubernetesSource(api.read, watched), subject, time);
  } finally {
    await api.close();
  }
}

/** Records processes on this machine. */
export const recordProcesses = (
  processes: readonly WatchedProcess[],
  time: RecordingTime,
): Promise<TimelineDocument> =>
  record(
    processSource(processes),
    {
      variant: processes.map(({ name }) => name).join(','),
      ...{ deploymentSpec: null, autoscalerSpec: null, machine: thisMachine(), nodes: [] },
    },
    time,
  );

/**
 * Puts the documents of `tandem bench load --out` into a recording.
 *
 * @throws Error if a file cannot be read or is no such document; RangeError if their settings differ, if a shard is
 * missing or there twice, or if nothing of the load was sent during the recording
 */
export function withLoad(timeline: TimelineDocument, files: readonly string[]): TimelineDocument {
  const load = mergeRuns(files.map((file) => parseRunDocument(readFileSync(file, 'utf8'))));
  const { startedAt, finishedAt } = timeline;
  const untilMs = Math.max(...load.generators.map((each) => Date.parse(each.finishedAt)));
  if (untilMs < Date.parse(startedAt) || Date.parse(load.startedAt) > Date.parse(finishedAt)) {
    throw new RangeError(
      `--runs must be of a load that was sent during the recording, ${startedAt} to ${finishedAt}, ` +
        `received one of ${load.startedAt} to ${new Date(untilMs).toISOString()}: ` +
        'give the files that "tandem bench load --out" wrote meanwhile',
    );
  }
  return { ...timeline, load };
}
