/** Waits for the load generator's Job and reads the documents from its pods' logs. */
import { setTimeout as sleep } from 'node:timers/promises';

import { loadJobName, loadSelectorOf } from '../../infra/construct/load-generator';
import { parseRunDocument, type RunDocument } from '../load/run-document';
import type { ReadApi } from '../timeline/api-reader';
import type { Kubectl } from './kubectl';

const POLL_INTERVAL_MS = 1000;
/** Characters of a failed pod's log in the error. */
const LOG_TAIL = 1500;

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

/**
 * Waits until every pod of the Job has succeeded.
 *
 * @throws Error with the Job's reason if it fails; the signal's reason if it aborts
 */
export async function waitForJob(
  readApi: ReadApi,
  namespace: string,
  service: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs/${loadJobName(service)}`;
  for (;;) {
    signal.throwIfAborted();
    const { status } = JSON.parse(await readApi(path)) as JobObject;
    const holds = (type: string) =>
      status?.conditions?.find((each) => each.type === type && each.status === 'True');
    if (holds('Complete') !== undefined) return;
    const failure = holds('Failed');
    if (failure !== undefined) {
      throw new Error(
        `the load generator's Job failed: ${failure.reason ?? ''} ${failure.message ?? ''}`.trim(),
      );
    }
    await sleep(POLL_INTERVAL_MS, undefined, { signal });
  }
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
async function podsOf(kubectl: Kubectl, namespace: string, service: string): Promise<string[]> {
  const selector = Object.entries(loadSelectorOf(service)).map(([key, value]) => `${key}=${value}`);
  const output = await kubectl([
    ...['get', 'pods', '--namespace', namespace, '--selector', selector.join(',')],
    ...['--output', 'jsonpath={.items[*].metadata.name}'],
  ]);
  return output.split(' ').filter(Boolean);
}

const logOf = (kubectl: Kubectl, namespace: string, pod: string) =>
  kubectl(['logs', pod, '--namespace', namespace, '--container', 'load']);

/**
 * Reads one document per pod.
 *
 * @throws Error unless there are `count` of them
 */
export async function collectDocuments(
  kubectl: Kubectl,
  namespace: string,
  service: string,
  count: number,
): Promise<RunDocument[]> {
  const pods = await podsOf(kubectl, namespace, service);
  const documents: RunDocument[] = [];
  for (const pod of pods) documents.push(documentIn(await logOf(kubectl, namespace, pod)));
  if (documents.length !== count) {
    throw new Error(
      `each of ${count} load generators must print a document, received ${documents.length} documents`,
    );
  }
  return documents;
}

/** The end of each pod's log, for an error message; empty if the pods cannot be listed. */
export async function logTails(kubectl: Kubectl, namespace: string, service: string): Promise<string> {
  const pods = await podsOf(kubectl, namespace, service).catch(() => []);
  const tails = await Promise.all(
    pods.map((pod) =>
      logOf(kubectl, namespace, pod).then(
        (log) => `${pod}: ${log.slice(-LOG_TAIL)}`,
        (error: unknown) => `${pod}: ${(error as Error).message}`,
      ),
    ),
  );
  return tails.join('\n');
}
