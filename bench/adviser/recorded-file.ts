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

/** Sum of the containers' CPU requests in the Deployment's template. */
function requestOf({ subject }: TimelineDocument): number {
  const { template } = (subject.deploymentSpec ?? {}) as PodTemplate;
  const requests = (template?.spec?.containers ?? []).map(({ resources }) => resources?.requests?.cpu);
  if (requests.length === 0 || requests.includes(undefined)) {
    throw new Error('the recorded Deployment must state a CPU request in each container: the HPA needs it');
  }
  return requests.reduce((sum, cpu) => sum + parseCpuMillis(cpu!), 0);
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
    const timeline = parseTimeline(text);
    const originMs =
      timeline.load === undefined ? 0 : Date.parse(timeline.load.startedAt) - Date.parse(timeline.startedAt);
    return { recording: { timeline, originMs, cpuRequestMillis: requestOf(timeline) } };
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}
