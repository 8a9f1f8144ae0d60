/**
 * The HTTP application. It never listens, and knows model processes only through their pool.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

import type { ModelId } from '../models/catalog';
import { topClasses } from '../models/evaluation/top-classes';
import { PACKAGE_ROOT } from '../models/package-root';
import { admission } from './admission';
import { type Classification, LIMITS, PATHS } from './contract';
import { errorHandler, ServiceError, toServiceError } from './errors';
import type { LoadedModel, Work } from './messages';
import type { Metrics } from './metrics';
import { inferResponse, modelMetadata, parseInferRequest } from './open-inference';
import type { ModelWorker, QueuedResult } from './pool';
import { readImage } from './upload';

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
}

const PAGE_DIR = join(PACKAGE_ROOT, 'service', 'page');
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
const HEALTH_PATHS = new Set<string>([PATHS.live, PATHS.ready, PATHS.metrics]);

const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  response.set('x-request-id', given !== undefined && REQUEST_ID.test(given) ? given : randomUUID());
  next();
};

/** Logs what was asked and how it ended; never bodies, file names or headers. */
const httpLog = (logger: Logger): RequestHandler =>
  pinoHttp({
    logger,
    genReqId: (_request, response) => response.getHeader('x-request-id') as string,
    autoLogging: { ignore: (request) => HEALTH_PATHS.has(request.url) },
    serializers: {
      req: ({ id, method, url }: { id: string; method: string; url: string }) => ({ id, method, url }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  });

function readTop(value: unknown): number {
  if (value === undefined) return LIMITS.topClassesDefault;
  if (typeof value !== 'string' || !/^[1-9]\d{0,3}$/.test(value)) {
    throw new ServiceError(
      'BAD_REQUEST',
      `top must be a whole number from 1, received ${JSON.stringify(value)}.`,
    );
  }
  return Number(value);
}

/** Builds the application. */
export function createApp(dependencies: AppDependencies): Express {
  const { workers, metrics, log, draining, samplesDir } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  app.use(requestId, admission(dependencies), httpLog(log));
  // The service speaks plain HTTP behind its balancer: upgrading its page's requests would break them.
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { 'img-src': ["'self'", 'blob:'], 'upgrade-insecure-requests': null },
      },
    }),
  );
  const workerOf = (id: unknown): [ModelId, ModelWorker] => {
    const served = [...workers.keys()].join(', ');
    if (id === undefined && workers.size === 1) return [...workers][0]!;
    if (id === undefined)
      throw new ServiceError('BAD_REQUEST', `Say which model: add ?model= and one of ${served}.`);
    const found = [...workers].find(([model]) => model === id);
    if (found === undefined) {
      throw new ServiceError(
        'UNKNOWN_MODEL',
        `There is no model ${JSON.stringify(id)} here; choose one of ${served}.`,
      );
    }
    return found;
  };

  const loadedOf = (worker: ModelWorker): LoadedModel => {
    if (worker.state.kind === 'ready') return worker.state.loaded;
    throw new ServiceError('NOT_READY', 'The model is not loaded yet; try again soon.', 1000);
  };

  /** Runs work and measures it; cancels it when the client goes away. */
  const run = async (model: ModelId, work: Work, response: Response): Promise<QueuedResult> => {
    const worker = workers.get(model)!;
    const gone = new AbortController();
    if (response.closed) gone.abort();
    response.on('close', () => gone.abort());
    const started = performance.now();
    metrics.inFlight.inc({ model });
    try {
      const result = await worker.run(work, gone.signal);
      metrics.requestSeconds.observe({ model }, (performance.now() - started) / 1000);
      metrics.batchSize.observe({ model }, work.kind === 'infer' ? work.batch : 1);
      metrics.queueSeconds.observe({ model }, result.queueMs / 1000);
      metrics.decodeSeconds.observe({ model }, result.decodeMs / 1000);
      metrics.inferenceSeconds.observe({ model }, result.inferenceMs / 1000);
      if (result.tensors !== undefined) metrics.workerTensors.set({ model }, result.tensors);
      return result;
    } catch (error) {
      const reason = gone.signal.aborted ? 'CLIENT_GONE' : toServiceError(error).code;
      metrics.rejected.inc({ model, reason });
      throw error;
    } finally {
      metrics.inFlight.dec({ model });
    }
  };

  const classify = async (request: Request, response: Response): Promise<void> => {
    const [model, worker] = workerOf(request.query['model']);
    const top = readTop(request.query['top']);
    const started = performance.now();
    const image = await readImage(request, request.headers);
    const { classes, demo } = loadedOf(worker);
    const { probabilities, queueMs, decodeMs, inferenceMs } = await run(
      model,
      { kind: 'classify', image },
      response,
    );
    response.json({
      model,
      demo,
      classes,
      top: topClasses(classes, probabilities, top),
      timeMs: {
        queue: queueMs,
        decode: decodeMs,
        inference: inferenceMs,
        total: performance.now() - started,
      },
    } satisfies Classification);
  };

  const infer = async (request: Request, response: Response): Promise<void> => {
    const [model, worker] = workerOf(request.params['id']);
    const parsed = parseInferRequest(request.body);
    const loaded = loadedOf(worker);
    const { images, batch } = parsed;
    const { probabilities } = await run(model, { kind: 'infer', images, batch }, response);
    response.json(inferResponse(model, loaded, parsed, probabilities));
  };

  const ready = () => !draining() && [...workers.values()].every(({ state }) => state.kind === 'ready');
  const readiness = (name: string, isReady: boolean, response: Response) => {
    if (!isReady) throw new ServiceError('NOT_READY', `The ${name} is not ready; try again soon.`, 1000);
    response.json({ name, ready: true });
  };

  const only = (method: 'GET' | 'POST', handler: RequestHandler): RequestHandler => {
    return (request, response, next) => {
      const asked = request.method === 'HEAD' ? 'GET' : request.method;
      if (asked === method) return handler(request, response, next);
      response.set('Allow', method);
      throw new ServiceError('METHOD_NOT_ALLOWED', `${request.method} is not taken here; use ${method}.`);
    };
  };

  app.all(PATHS.classify, only('POST', classify));
  const json = express.json({ limit: LIMITS.tensorJsonBytes, type: () => true, inflate: false });
  app.all(
    PATHS.infer,
    only('POST', (request, response, next) => {
      workerOf(request.params['id']);
      json(request, response, next);
    }),
    infer,
  );
  app.all(
    PATHS.live,
    only('GET', (_request, response) => void response.json({ live: true })),
  );
  app.all(
    PATHS.ready,
    only('GET', (_request, response) => readiness('service', ready(), response)),
  );
  app.all(
    PATHS.server,
    only('GET', (_request, response) => {
      response.json({
        name: 'tandem',
        version: PACKAGE_VERSION,
        extensions: [],
        models: [...workers.keys()],
      });
    }),
  );
  app.all(
    PATHS.model,
    only('GET', (request, response) => {
      const [model, worker] = workerOf(request.params['id']);
      response.json(modelMetadata(model, loadedOf(worker)));
    }),
  );
  app.all(
    PATHS.modelReady,
    only('GET', (request, response) => {
      const [model, worker] = workerOf(request.params['id']);
      readiness(`model ${model}`, !draining() && worker.state.kind === 'ready', response);
    }),
  );
  app.all(
    PATHS.metrics,
    only('GET', async (_request, response) => {
      response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    }),
  );
  app.all(
    PATHS.samples,
    only('GET', (_request, response) => {
      const files = existsSync(samplesDir) ? readdirSync(samplesDir).sort() : [];
      response.json(files.filter((file) => file.endsWith('.jpg')));
    }),
  );
  app.use(PATHS.samples, express.static(samplesDir, { index: false }));
  app.use(express.static(PAGE_DIR));
  app.use((request) => {
    throw new ServiceError('NOT_FOUND', `There is nothing at ${request.path}; the page is at ${PATHS.page}.`);
  });
  app.use(errorHandler);
  return app;
}

const PACKAGE_VERSION = (
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
).version;
