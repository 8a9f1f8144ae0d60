/**
 * Health and metadata endpoints of the Open Inference Protocol.
 */
import type { RequestHandler, Response } from 'express';

import type { ModelName } from '../../models/catalog';
import { PACKAGE_VERSION } from '../../files/package-version';
import { SERVICE_NAME } from '../contract';
import { ServiceError } from '../errors';
import { testAccuracyOf } from './evaluation';
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

function sendReadiness(response: Response, subject: 'service' | 'model', name: string, ready: boolean): void {
  if (!ready) throw new ServiceError('NOT_READY', `The ${subject} is not ready; try again soon.`, 1000);
  response.json({ name, ready: true });
}

/** Liveness: the event loop runs. */
export const live: RequestHandler = (_request, response) => void response.json({ live: true });

/** Readiness of the service: every model is loaded and no shutdown has begun. */
export const ready =
  ({ queues, draining }: MetadataContext): RequestHandler =>
  (_request, response) => {
    const allReady = [...queues.values()].every(({ state }) => state.kind === 'ready');
    sendReadiness(response, 'service', SERVICE_NAME, !draining() && allReady);
  };

/** Readiness of one model. */
export const modelReady =
  ({ queues, draining }: MetadataContext): RequestHandler =>
  (request, response) => {
    const [id, queue] = findModel(queues, request.params['id']);
    const isReady = queue.state.kind === 'ready';
    if (isReady) loadedModel(queue, request.params['version']);
    sendReadiness(response, 'model', id, !draining() && isReady);
  };

/** The server's metadata. */
export const server =
  ({ queues }: MetadataContext): RequestHandler =>
  (_request, response) =>
    void response.json(serverMetadata(PACKAGE_VERSION, [...queues.keys()]));

/** One model's metadata. */
export const model =
  ({ queues, modelDirOf }: MetadataContext): RequestHandler =>
  (request, response) => {
    const [id, queue] = findModel(queues, request.params['id']);
    const loaded = loadedModel(queue, request.params['version']);
    response.json(modelMetadata(id, loaded, testAccuracyOf(modelDirOf(id), loaded.precision)));
  };
