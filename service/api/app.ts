/**
 * The HTTP application. It never listens, and knows model processes only through their pool.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import express, { type Express, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';

import type { ModelId } from '../../models/catalog';
import { PACKAGE_ROOT } from '../../files/package-root';
import { gate } from './admission';
import type { CheckApiKey } from '../http/api-key';
import { check, show, withNumber } from './validation';
import { classifyImage, classifyImages } from './classify';
import { LIMITS, PATHS, SERVICE_NAME } from '../contract';
import { errorHandler, ServiceError } from '../errors';
import { limitBody } from '../http/server';
import { IMAGES_STRUCTURE, jsonBody, TENSOR_STRUCTURE } from './json-body';
import type { LoadedModel, Work } from '../inference/protocol';
import type { Metrics } from '../metrics';
import { inferResponse, modelMetadata, parseInferRequest, serverMetadata, versionOf } from './open-inference';
import { openApiDocument } from './openapi';
import { type OperationId, OPERATIONS } from './endpoints';
import { PACKAGE_VERSION } from '../../files/package-version';
import type { ModelWorker, QueuedResult } from '../inference/model-queue';
import { metricsHandler, mount, nothingHere, refuseBinary } from './routes';
import { httpLog, requestId, traceContext } from '../http/request-log';
import { type Classification, type Classifications, CLASSIFY_QUERY } from './schemas';
import { JSON_TYPE, readImages } from './upload';

/** What the application is made of. */
export interface AppDependencies {
  readonly workers: ReadonlyMap<ModelId, ModelWorker>;
  readonly metrics: Metrics;
  /** CPU limit of the container, millicores. */
  readonly cpuLimitMillis: number;
  readonly log: Logger;
  /** True once the service is told to stop: it is then no longer ready. */
  readonly draining: () => boolean;
  /** Folder of sample images for the page; it may be missing. */
  readonly samplesDir: string;
  /** Asked of every request that is not open to all. */
  readonly checkApiKey?: CheckApiKey;
  /** Whether the metrics have a port of their own and are not answered here. */
  readonly hasMetricsPort?: boolean;
  /** How long a body may take to arrive. */
  readonly bodyTimeoutMs?: number;
}

const PAGE_DIR = join(PACKAGE_ROOT, 'service', 'page');

/** Builds the application. */
export function createApp(dependencies: AppDependencies): Express {
  const { workers, metrics, log, draining, samplesDir, checkApiKey, hasMetricsPort = false } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(requestId, traceContext);
  // The service speaks plain HTTP behind its balancer: upgrading its page's requests would break them.
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { 'img-src': ["'self'", 'blob:'], 'upgrade-insecure-requests': null },
      },
    }),
  );
  // Before the log, which costs more than a refusal does.
  app.use(gate(dependencies), httpLog(log));
  const workerOf = (id: unknown): [ModelId, ModelWorker] => {
    const served = [...workers.keys()].join(', ');
    if (id === undefined && workers.size === 1) return [...workers][0]!;
    if (id === undefined)
      throw new ServiceError('BAD_REQUEST', `Say which model: add ?model= and one of ${served}.`);
    const found = [...workers].find(([model]) => model === id);
    if (found === undefined) {
      throw new ServiceError('UNKNOWN_MODEL', `There is no model ${show(id)} here; choose one of ${served}.`);
    }
    return found;
  };

  const loadedOf = (worker: ModelWorker, version?: unknown): LoadedModel => {
    if (worker.state.kind !== 'ready')
      throw new ServiceError('NOT_READY', 'The model is not loaded yet; try again soon.', 1000);
    const { loaded } = worker.state;
    if (version !== undefined && version !== versionOf(loaded)) {
      throw new ServiceError(
        'UNKNOWN_VERSION',
        `The model has no such version here; it has ${versionOf(loaded)}, or leave the version out.`,
      );
    }
    return loaded;
  };

  /** Runs work and measures it; cancels it when the client goes away. */
  const run = async (
    model: ModelId,
    work: Work,
    response: Response,
    leftMs?: number,
  ): Promise<QueuedResult> => {
    const worker = workers.get(model)!;
    const gone = new AbortController();
    const abort = () => gone.abort();
    if (response.closed) abort();
    response.on('close', abort);
    const started = performance.now();
    metrics.inFlight.inc({ model });
    try {
      const result = await worker.run(work, gone.signal, leftMs);
      metrics.requestSeconds.observe({ model }, (performance.now() - started) / 1000);
      metrics.batchSize.observe({ model }, work.kind === 'infer' ? work.batch : 1);
      metrics.queueSeconds.observe({ model }, result.queueMs / 1000);
      metrics.decodeSeconds.observe({ model }, result.decodeMs / 1000);
      metrics.inferenceSeconds.observe({ model }, result.inferenceMs / 1000);
      if (result.tensors !== undefined) metrics.workerTensors.set({ model }, result.tensors);
      return result;
    } finally {
      response.off('close', abort);
      metrics.inFlight.dec({ model });
    }
  };

  const classify: RequestHandler = async (request, response) => {
    const query = check(CLASSIFY_QUERY, withNumber(request.query, 'top'), 'the query');
    const [model, worker] = workerOf(query.model);
    const started = performance.now();
    const { images, isList } = await readImages(request);
    const loaded = loadedOf(worker);
    const ask = {
      classes: loaded.classes,
      top: query.top,
      timeoutMs: worker.timeoutMs,
      run: (image: Buffer, leftMs?: number) => {
        // Of several images, those left when the client goes need not be looked at.
        if (response.closed) throw new ServiceError('BAD_REQUEST', 'The client went away.');
        return run(model, { kind: 'classify', image }, response, leftMs);
      },
    };
    const { demo, classes } = loaded;
    const about = { model, version: versionOf(loaded), demo, classes: [...classes] };
    if (isList) {
      const id = String(response.getHeader('x-request-id'));
      response.json({
        ...about,
        results: await classifyImages(ask, images, id),
      } satisfies Classifications);
    } else {
      response.json({
        ...about,
        ...(await classifyImage(ask, images[0]!, started)),
      } satisfies Classification);
    }
  };

  const infer: RequestHandler = async (request, response) => {
    const [model, worker] = workerOf(request.params['id']);
    const parsed = parseInferRequest(request.body);
    const loaded = loadedOf(worker, request.params['version']);
    const { images, batch } = parsed;
    const { probabilities } = await run(model, { kind: 'infer', images, batch }, response);
    response.json(inferResponse(model, loaded, parsed, probabilities));
  };
  const knownModel: RequestHandler = (request, _response, next) => {
    workerOf(request.params['id']);
    next();
  };

  const ready = () => !draining() && [...workers.values()].every(({ state }) => state.kind === 'ready');
  const readiness = (what: 'service' | 'model', name: string, isReady: boolean, response: Response) => {
    if (!isReady) throw new ServiceError('NOT_READY', `The ${what} is not ready; try again soon.`, 1000);
    response.json({ name, ready: true });
  };

  const bounded = limitBody(dependencies.bodyTimeoutMs);
  const model: RequestHandler = (request, response) => {
    const [id, worker] = workerOf(request.params['id']);
    response.json(modelMetadata(id, loadedOf(worker, request.params['version'])));
  };
  const modelReady: RequestHandler = (request, response) => {
    const [id, worker] = workerOf(request.params['id']);
    if (worker.state.kind === 'ready') loadedOf(worker, request.params['version']);
    readiness('model', id, !draining() && worker.state.kind === 'ready', response);
  };
  const tensors = jsonBody({ limitBytes: LIMITS.tensorJsonBytes, structure: TENSOR_STRUCTURE });
  const inferHandlers = [knownModel, refuseBinary, bounded, tensors, infer];
  const samples = () => {
    const files = existsSync(samplesDir) ? readdirSync(samplesDir).sort() : [];
    return files.filter((file) => file.endsWith('.jpg'));
  };

  const ids = (Object.keys(OPERATIONS) as OperationId[]).filter((id) => id !== 'metrics' || !hasMetricsPort);
  const document = openApiDocument(ids);
  mount(app, ids, checkApiKey, {
    classify: [
      bounded,
      jsonBody({ limitBytes: LIMITS.imageJsonBytes, structure: IMAGES_STRUCTURE, type: JSON_TYPE }),
      classify,
    ],
    live: [(_request, response) => void response.json({ live: true })],
    ready: [(_request, response) => readiness('service', SERVICE_NAME, ready(), response)],
    server: [
      (_request, response) => void response.json(serverMetadata(PACKAGE_VERSION, [...workers.keys()])),
    ],
    model: [model],
    modelVersion: [model],
    modelReady: [modelReady],
    modelVersionReady: [modelReady],
    infer: inferHandlers,
    inferVersion: inferHandlers,
    openapi: [(_request, response) => void response.json(document)],
    metrics: [metricsHandler(metrics)],
    page: [(_request, response) => response.sendFile('index.html', { root: PAGE_DIR })],
    samples: [(_request, response) => void response.json(samples())],
    sample: [
      (request, response, next) => {
        const name = samples().find((file) => file === request.params['name']);
        if (name === undefined) next();
        else response.sendFile(name, { root: samplesDir });
      },
    ],
  });
  app.use(express.static(PAGE_DIR, { index: false }));
  app.use(nothingHere(PATHS.openapi), errorHandler);
  return app;
}
