/**
 * Looks up the models that this service serves and runs their work.
 */
import type { ModelName } from '../../models/catalog';
import { VERSION_DIGITS } from '../contract';
import { ServiceError } from '../errors';
import type { Disconnection, QueuedResult } from '../inference/job';
import type { ModelQueue } from '../inference/model-queue';
import type { LoadedModel, Work } from '../inference/protocol';
import type { Metrics } from '../metrics';
import type { Statistics } from './statistics';
import { show } from './validation';

/** When a request whose images met two models may be sent again, milliseconds. */
const RETRY_MS = 1_000;

/** The served models' queues by their names. */
export type Queues = ReadonlyMap<ModelName, ModelQueue>;

/** The model that a request names; may be omitted when only one model is served. */
export function findModel(queues: Queues, id: unknown): [ModelName, ModelQueue] {
  const served = [...queues.keys()].join(', ');
  if (id === undefined && queues.size === 1) return [...queues][0]!;
  if (id === undefined)
    throw new ServiceError('BAD_REQUEST', `Choose a model: add ?model= with one of ${served}.`);
  const found = [...queues].find(([model]) => model === id);
  if (found === undefined) {
    throw new ServiceError(
      'UNKNOWN_MODEL',
      `The model ${show(id)} is not served here; choose one of ${served}.`,
    );
  }
  return found;
}

/**
 * A model's version is derived from its content: new weights always get a new version, and all replicas of one image
 * report the same version.
 */
export const versionOf = ({ sha256 }: Pick<LoadedModel, 'sha256'>): string => sha256.slice(0, VERSION_DIGITS);

/**
 * Facts about a loaded model.
 *
 * @throws ServiceError NOT_READY, or UNKNOWN_VERSION when the request names another version
 */
export function loadedModel(queue: ModelQueue, version?: unknown): LoadedModel {
  const { state } = queue;
  // Says whether to wait or to see the log.
  if (state.kind !== 'ready') throw queue.rejection()!;
  checkVersion(state.loaded, version);
  return state.loaded;
}

/**
 * Checks the version that a request names, before its work and again with the model that did it.
 *
 * @throws ServiceError UNKNOWN_VERSION
 */
export function checkVersion(loaded: LoadedModel, version: unknown): void {
  if (version === undefined || version === versionOf(loaded)) return;
  throw new ServiceError(
    'UNKNOWN_VERSION',
    `The model does not have this version; use ${versionOf(loaded)} or omit the version.`,
  );
}

/**
 * Checks that the same model answered all images of a request, because an answer names one version and one list of classes.
 *
 * @param first what answered the first image
 * @throws ServiceError WORKER_FAILED
 */
export function checkSameModel(first: LoadedModel, { sha256 }: LoadedModel): void {
  if (sha256 === first.sha256) return;
  const message = 'The model was replaced between the images of this request; send it again.';
  throw new ServiceError('WORKER_FAILED', message, RETRY_MS);
}

/** What {@link runWork} uses. */
export interface WorkContext {
  readonly queues: Queues;
  readonly metrics: Metrics;
  readonly statistics: Statistics;
}

/** The answer that a client waits for: it closes when the client disconnects. */
interface Answer {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/**
 * Runs one piece of work and records its metrics and statistics. Cancels the work when the client disconnects.
 *
 * @param remainingMs time left until the request's deadline
 * @param isAdmitted whether it is a further image of a request whose first was taken
 */
export async function runWork(
  { queues, metrics, statistics }: WorkContext,
  model: ModelName,
  work: Work,
  response: Answer,
  remainingMs?: number,
  isAdmitted?: boolean,
): Promise<QueuedResult> {
  let onDisconnect: (() => void) | undefined;
  const disconnection: Disconnection = {
    aborted: response.closed,
    addEventListener: (_event, cancel) => {
      onDisconnect = cancel;
      response.once('close', cancel);
    },
  };
  const started = performance.now();
  metrics.inFlight.inc({ model });
  try {
    const result = await queues.get(model)!.run(work, disconnection, remainingMs, isAdmitted);
    const totalMs = performance.now() - started;
    const batch = work.kind === 'infer' ? work.batch : 1;
    statistics.succeeded(model, batch, result, totalMs);
    metrics.batchSize.observe({ model }, batch);
    metrics.queueSeconds.observe({ model }, result.queueMs / 1000);
    metrics.decodeSeconds.observe({ model }, result.decodeMs / 1000);
    metrics.inferenceSeconds.observe({ model }, result.inferenceMs / 1000);
    if (result.tensors !== undefined) metrics.workerTensors.set({ model }, result.tensors);
    return result;
  } catch (error) {
    statistics.failed(model, performance.now() - started);
    throw error;
  } finally {
    if (onDisconnect !== undefined) response.off('close', onDisconnect);
    metrics.inFlight.dec({ model });
  }
}

/**
 * Records that a request gets its answer now: once, however many images it has, and only if its client still waits.
 *
 * @param completeAt when the request's body was complete, as `performance.now()`
 */
export function recordAnswer(
  { metrics }: Pick<WorkContext, 'metrics'>,
  model: ModelName,
  completeAt: number,
  response: Pick<Answer, 'closed'>,
): void {
  if (response.closed) return;
  metrics.requestSeconds.observe({ model }, (performance.now() - completeAt) / 1000);
}
