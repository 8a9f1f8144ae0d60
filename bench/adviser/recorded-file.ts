/** A recording as a file: a run of `npm run experiments`, or the timeline of `tandem bench run` or `tandem bench timeline`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { parseCpuMillis } from '../../infra/quantity';
import { EXPERIMENT_SCHEMA, type ExperimentRun, parseExperimentRun } from '../evidence/experiment-run';
import { type Recording, recordingOf } from '../evidence/hpa-replay';
import { parseTimeline, type TimelineDocument } from '../timeline/timeline-document';

export interface RecordedFile {
  readonly recording: Recording;
  /** Undefined for a timeline alone: it has no objective and no scale. */
  readonly run?: ExperimentRun;
}

interface PodTemplate {
  readonly template?: {
    readonly spec?: {
      readonly containers?: readonly {
        readonly resources?: { readonly requests?: { readonly cpu?: string } };
      }[];
    };
  };
}

/** Sum of the CPU requests of the newest pod; of the target's template where the pods' own were not recorded. */
function requestOf({ subject, pods }: TimelineDocument): number {
  const { template } = (subject.deploymentSpec ?? {}) as PodTemplate;
  const inTemplate = (template?.spec?.containers ?? []).map(({ resources }) => {
    const cpu = resources?.requests?.cpu;
    return cpu === undefined ? null : parseCpuMillis(cpu);
  });
  const requests = pods.findLast((pod) => pod.cpuRequestsMillis)?.cpuRequestsMillis ?? inTemplate;
  if (requests.length === 0 || requests.includes(null)) {
    throw new Error(
      `the pods of ${subject.variant} must state a CPU request in each container: the HPA needs it`,
    );
  }
  return requests.reduce<number>((sum, millis) => sum + millis!, 0);
}

/**
 * A timeline with what a replay needs beside it.
 *
 * @throws Error if the pods state no CPU request
 */
export function recordingOfTimeline(timeline: TimelineDocument): Recording {
  const { load, startedAt } = timeline;
  const originMs = load === undefined ? 0 : Date.parse(load.startedAt) - Date.parse(startedAt);
  return { timeline, originMs, cpuRequestMillis: requestOf(timeline) };
}

/**
 * Reads a recording, compressed with gzip or not.
 *
 * @throws Error that names the file and what is wrong with it
 */
export function readRecordedFile(file: string): RecordedFile {
  try {
    const bytes = readFileSync(file);
    const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8');
    if (text.includes(`"schema":"${EXPERIMENT_SCHEMA}"`)) {
      const run = parseExperimentRun(text);
      return { run, recording: recordingOf(run) };
    }
    return { recording: recordingOfTimeline(parseTimeline(text)) };
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}
