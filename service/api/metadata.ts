/**
 * Health and metadata endpoints of the Open Inference Protocol.
 */
import type { RequestHandler, Response } from 'express';

import type { ModelName } from '../../models/catalog';
import { PACKAGE_VERSION } from '../../files/package-version';
import { SERVICE_NAME } from '../contract';
import { ServiceError } from '../errors';
import type { ModelQueue } from '../inference/model-queue';
import { createAccuracies } from './evaluation';
import { modelMetadata, serverMetadata } from './open-inference';
import { findModel, loadedModel, type Queues } from './served-models';

/** What the handlers report on. */
export interface MetadataContext {
  readonly queues: Queues;
  /** True once the service is shutting down: it is then not ready. */
  readonly draining: () => boolean;
  /** The folder of a saved model. */
  readonly modelDirOf: (model: ModelName) => string;
}

/** Waiting does not help with a model that cannot be loaded: the error says so. */
const failureOf = (queue: ModelQueue): ServiceError | undefined =>
  queue.state.kind === 'failed' ? queue.rejection() : undefined;

/** The first such error of a served model, with the model's name. */
function firstFailure(queues: Queues): ServiceError | undefined {
  for (const [name, queue] of queues) {
    const failure = failureOf(queue);
    if (failure !== undefined)
      return new ServiceError(failure.code, `${name}: ${failure.message}`, failure.retryAfterMs);
  }
  return undefined;
}

/** @throws ServiceError NOT_READY, or the failure */
function sendReadiness(
  response: Response,
  subject: 'service' | 'model',
  name: string,
  { ready, failure }: { readonly ready: boolean; readonly failure: ServiceError | undefined },
): void {
  const message = `The ${subject} is not ready; try again soon.`;
  if (!ready) throw failure ?? new ServiceError('NOT_READY', message, 1000);
  response.json({ name, ready: true });
}

/** Liveness: the event loop runs. */
export const live: RequestHandler = (_request, response) => void response.json({ live: true });

/** Whether every model is loaded and no shutdown has begun. */
export const isReady = ({ queues, draining }: MetadataContext): boolean =>
  !draining() && [...queues.values()].every(({ state }) => state.kind === 'ready');

/** Readiness of the service. */
export const ready =
  (context: MetadataContext): RequestHandler =>
  (_request, response) =>
    sendReadiness(response, 'service', SERVICE_NAME, {
      ready: isReady(context),
      failure: firstFailure(context.queues),
    });

/**
 * Whether a model is loaded and no shutdown has begun.
 *
 * @throws ServiceError UNKNOWN_VERSION
 */
export function isModelReady({ draining }: MetadataContext, queue: ModelQueue, version: unknown): boolean {
  const isLoaded = queue.state.kind === 'ready';
  if (isLoaded) loadedModel(queue, version);
  return isLoaded && !draining();
}

/** Readiness of one model. */
export const modelReady =
  (context: MetadataContext): RequestHandler =>
  (request, response) => {
    const [id, queue] = findModel(context.queues, request.params['id']);
    sendReadiness(response, 'model', id, {
      ready: isModelReady(context, queue, request.params['version']),
      failure: failureOf(queue),
    });
  };

/** The server's metadata. */
export const server =
  ({ queues }: MetadataContext): RequestHandler =>
  (_request, response) =>
    void response.json(serverMetadata('rest', PACKAGE_VERSION, [...queues.keys()]));

/** One model's metadata. */
export const model = ({ queues, modelDirOf }: MetadataContext): RequestHandler => {
  const accuracyOf = createAccuracies();
  return (request, response) => {
    const [id, queue] = findModel(queues, request.params['id']);
    const loaded = loadedModel(queue, request.params['version']);
    response.json(modelMetadata(id, loaded, accuracyOf(modelDirOf(id), loaded)));
  };
};
