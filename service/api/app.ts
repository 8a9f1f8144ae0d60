/**
 * Wires the HTTP application: middleware, then one entry per operation. It never listens.
 */
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';

import type { ModelId } from '../../models/catalog';
import type { CheckApiKey } from '../http/api-key';
import { httpLog, requestId, traceContext } from '../http/request-log';
import { limitBody } from '../http/server';
import { PATHS } from '../contract';
import { errorHandler } from '../errors';
import type { Metrics } from '../metrics';
import { admission } from './admission';
import { classifyHandlers } from './classify';
import { type OperationId, OPERATIONS } from './endpoints';
import { inferHandlers } from './infer';
import * as metadata from './metadata';
import { openApiHandler } from './openapi';
import { docs, docsFiles, page, pageFiles, sample, samples } from './page';
import { metricsHandler, mount, notFound } from './routes';
import type { Queues } from './served-models';

/** What the application is made of. */
export interface AppDependencies {
  readonly queues: Queues;
  readonly metrics: Metrics;
  /** CPU limit of the container, millicores. */
  readonly cpuLimitMillis: number;
  readonly log: Logger;
  /** True once the service is shutting down: it is then not ready. */
  readonly draining: () => boolean;
  /** Folder of sample images for the page; may be missing. */
  readonly samplesDir: string;
  /** The folder of a saved model. */
  readonly modelDirOf: (model: ModelId) => string;
  /** Checks the API key of every request that needs one. @default no key is required */
  readonly checkApiKey?: CheckApiKey;
  /** Whether another port serves the metrics; then this application does not. @default false */
  readonly hasMetricsPort?: boolean;
  /** @default BODY_TIMEOUT_MS of the contract */
  readonly bodyTimeoutMs?: number;
}

/** Builds the application. */
export function createApp(dependencies: AppDependencies): Express {
  const { metrics, log, samplesDir, checkApiKey, hasMetricsPort = false } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(requestId, traceContext);
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: {
          // blob: is the picked image, data: are the icons of the API explorer.
          'img-src': ["'self'", 'blob:', 'data:'],
          'style-src': ["'self'"],
          'font-src': ["'self'"],
          // The service speaks plain HTTP behind its load balancer: upgrading the page's requests would break them.
          'upgrade-insecure-requests': null,
        },
      },
      // For whoever terminates TLS: over plain HTTP browsers ignore it.
      strictTransportSecurity: false,
    }),
  );
  // Before the log, because logging costs more than rejecting.
  app.use(admission(dependencies), httpLog(log));

  const operations = (Object.keys(OPERATIONS) as OperationId[]).filter(
    (id) => id !== 'metrics' || !hasMetricsPort,
  );
  // One instance, because it bounds the bodies of all requests together.
  const boundedBody = limitBody(dependencies.bodyTimeoutMs);
  const infer = inferHandlers(dependencies, boundedBody);
  const model = [metadata.model(dependencies)];
  const modelReady = [metadata.modelReady(dependencies)];
  mount(app, operations, checkApiKey, {
    classify: classifyHandlers(dependencies, boundedBody),
    live: [metadata.live],
    ready: [metadata.ready(dependencies)],
    server: [metadata.server(dependencies)],
    model,
    modelVersion: model,
    modelReady,
    modelVersionReady: modelReady,
    infer,
    inferVersion: infer,
    openapi: [openApiHandler(operations)],
    metrics: [metricsHandler(metrics)],
    page: [page],
    docs: [docs],
    samples: [samples(samplesDir)],
    sample: [sample(samplesDir)],
  });
  app.use(PATHS.docs, docsFiles());
  app.use(pageFiles(), notFound(PATHS.openapi), errorHandler);
  return app;
}
