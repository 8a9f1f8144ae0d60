/** Waits for the load generator's Job and reads the documents from its pods' logs. */
import { setTimeout as sleep } from 'node:timers/promises';

import { jobDeadlineSeconds, loadJobName, loadSelectorOf } from '../../infra/construct/load-generator';
import { parseRunDocument, type RunDocument } from '../load/run-document';
import type { ReadApi } from '../timeline/api-reader';
import type { Kubectl } from './kubectl';
import { readUntil } from './read-until';

/** Time for Kubernetes to mark a Job as failed after its deadline. */
const MARKED_FAILED_MS = 60_000;
/** Characters of a failed pod's log in the error. */
const LOG_TAIL = 1500;
/** How often, and after which time, a call of kubectl after the load is tried again. */
const TRIES = 5;
const TRY_AGAIN_MS = 2000;

interface JobObject {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

/** The generator's Job. */
export interface LoadJob {
  readonly namespace: string;
  /** The service that it loads. */
  readonly service: string;
  readonly pods: number;
  /** Length of its schedule. */
  readonly durationSeconds: number;
}

/**
 * Waits until every pod of the Job has succeeded.
 *
 * @throws Error with the Job's reason if it fails, or if its end cannot be read; the signal's reason if it aborts
 */
export async function waitForJob(
  readApi: ReadApi,
  { namespace, service, durationSeconds }: LoadJob,
  signal: AbortSignal,
): Promise<void> {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs/${loadJobName(service)}`;
  const ended = (job: unknown) => {
    const { status } = job as JobObject;
    const holds = (type: string) =>
      status?.conditions?.find((each) => each.type === type && each.status === 'True');
    if (holds('Complete') !== undefined) return true;
    const failure = holds('Failed');
    if (failure === undefined) return undefined;
    throw new Error(
      `the load generator's Job failed: ${failure.reason ?? ''} ${failure.message ?? ''}`.trim(),
    );
  };
  const timeoutMs = 1000 * jobDeadlineSeconds(durationSeconds) + MARKED_FAILED_MS;
  await readUntil(readApi, path, ended, {
    ...{ timeoutMs, signal },
    late: (failedRead) =>
      `the load generator's Job must end within ${timeoutMs / 1000} s, but ` +
      (failedRead === undefined ? 'still runs' : `cannot be read: ${failedRead}`),
  });
}

/**
 * The document in a generator's log: the last line that holds a JSON object. Other lines report progress.
 *
 * @throws Error with the end of the log if it holds no document
 */
export function documentIn(log: string): RunDocument {
  const line = log.split('\n').findLast((each) => each.startsWith('{'));
  if (line === undefined) {
    throw new Error(`the load generator printed no document; its log ends with: ${log.slice(-LOG_TAIL)}`);
  }
  return parseRunDocument(line);
}

/** Names of the Job's pods. */
async function podsOf(kubectl: Kubectl, { namespace, service }: LoadJob): Promise<string[]> {
  const selector = Object.entries(loadSelectorOf(service)).map(([key, value]) => `${key}=${value}`);
  const output = await kubectl([
    ...['get', 'pods', '--namespace', namespace, '--selector', selector.join(',')],
    ...['--output', 'jsonpath={.items[*].metadata.name}'],
  ]);
  return output.split(' ').filter(Boolean);
}

const logOf = (kubectl: Kubectl, { namespace }: LoadJob, pod: string) =>
  kubectl(['logs', pod, '--namespace', namespace, '--container', 'load']);

/**
 * Reads one document per pod. A call that fails is tried again: the measurement is over, and must not be lost.
 *
 * @throws Error unless there are as many documents as pods; the signal's reason if it aborts
 */
export async function collectDocuments(
  kubectl: Kubectl,
  job: LoadJob,
  signal: AbortSignal,
  tryAgainMs = TRY_AGAIN_MS,
): Promise<RunDocument[]> {
  const persistent: Kubectl = async (args) => {
    for (let tries = 1; tries < TRIES; tries++) {
      const output = await kubectl(args).catch(() => undefined);
      if (output !== undefined) return output;
      await sleep(tryAgainMs, undefined, { signal });
    }
    return kubectl(args);
  };
  const documents: RunDocument[] = [];
  for (const pod of await podsOf(persistent, job)) {
    documents.push(documentIn(await logOf(persistent, job, pod)));
  }
  if (documents.length !== job.pods) {
    throw new Error(
      `each of ${job.pods} load generators must print a document, received ${documents.length} documents`,
    );
  }
  return documents;
}

/** The end of each pod's log, for an error message; empty if the pods cannot be listed. */
export async function logTails(kubectl: Kubectl, job: LoadJob): Promise<string> {
  const pods = await podsOf(kubectl, job).catch(() => []);
  const tails = await Promise.all(
    pods.map((pod) =>
      logOf(kubectl, job, pod).then(
        (log) => `${pod}: ${log.slice(-LOG_TAIL)}`,
        (error: unknown) => `${pod}: ${(error as Error).message}`,
      ),
    ),
  );
  return tails.join('\n');
}
