/**
 * Wires the HTTP application: middleware, then one entry per operation. It never listens.
 */
import express, { type Express } from 'express';
import type { Logger } from 'pino';

import type { ModelName } from '../../models/catalog';
import type { CheckApiKey } from '../http/api-key';
import { allowOrigins, answerPreflight } from '../http/cors';
import { countPending, createBodies, type PendingBytes } from '../http/body';
import { requireHost } from '../http/host';
import { queryParser } from '../http/query';
import { httpLog, requestId } from '../http/request-log';
import { securityHeaders } from '../http/security-headers';
import { PATHS } from '../contract';
import { errorHandler } from '../errors';
import type { Metrics } from '../metrics';
import { type Admission, admission, type AdmissionOptions, createAdmission } from './admission';
import { classifyHandlers } from './classify';
import { type OperationId, OPERATIONS } from './endpoints';
import { inferHandlers } from './infer';
import * as metadata from './metadata';
import { openApiHandler } from './openapi';
import { docs, docsFiles, page, pageFiles, sample, samples } from './page';
import * as modelInfo from './model-info';
import { predictHandlers } from './predict';
import { createStatistics, type Statistics } from './statistics';
import { ignorePreconditions, metricsHandler, mount, notFound } from './routes';
import type { Queues } from './served-models';

/** What the application is made of. */
export interface AppDependencies {
  /** Names of the models that are or will be in {@link queues}. */
  readonly models: readonly ModelName[];
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
  readonly modelDirOf: (model: ModelName) => string;
  /** Checks the API key of every request that needs one. @default no key is required */
  readonly checkApiKey?: CheckApiKey;
  /** Origins of pages that may call the API from a browser. @default none */
  readonly corsOrigins?: readonly string[];
  /** Whether another port serves the metrics; then this application does not. @default false */
  readonly hasMetricsPort?: boolean;
  /** @default BODY_TIMEOUT_MS of the contract */
  readonly bodyTimeoutMs?: number;
  /** What another port shares. @default new ones */
  readonly shared?: Shared;
}

/** What counts the requests of all ports of a service together. */
export interface Shared {
  readonly admission: Admission;
  readonly statistics: Statistics;
  readonly pending: PendingBytes;
}

/** Starts counting. */
export const createShared = (options: AdmissionOptions): Shared => ({
  admission: createAdmission(options),
  statistics: createStatistics(),
  pending: countPending(),
});

/** Builds the application. */
export function createApp(dependencies: AppDependencies): Express {
  const {
    queues,
    metrics,
    log,
    samplesDir,
    checkApiKey,
    corsOrigins = [],
    hasMetricsPort = false,
  } = dependencies;
  const { shared = createShared(dependencies) } = dependencies;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('query parser', queryParser());
  app.use(requestId);
  app.use(
    securityHeaders({
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
  if (corsOrigins.length > 0) app.use(allowOrigins(corsOrigins));
  // Before the log, because logging costs more than rejecting.
  app.use(admission(queues, shared.admission), httpLog(log), requireHost, answerPreflight);

  const operations = (Object.keys(OPERATIONS) as OperationId[]).filter(
    (id) => id !== 'metrics' || !hasMetricsPort,
  );
  // One instance, because it bounds the bodies of all requests together.
  const bodies = createBodies(dependencies.bodyTimeoutMs, shared.pending);
  const { statistics } = shared;
  const context = { queues, metrics, statistics };
  const infer = inferHandlers(context, bodies);
  const model = [metadata.model(dependencies)];
  const modelReady = [metadata.modelReady(dependencies)];
  const modelConfig = [modelInfo.modelConfig(queues)];
  const modelList = [modelInfo.modelList(queues)];
  const modelStatistics = [modelInfo.modelStatistics(queues, statistics)];
  mount(app, operations, checkApiKey, {
    classify: classifyHandlers(context, bodies, shared.admission),
    live: [metadata.live],
    ready: [metadata.ready(dependencies)],
    serverMetadata: [metadata.server(dependencies)],
    modelMetadata: model,
    modelVersionMetadata: model,
    modelReady,
    modelVersionReady: modelReady,
    models: modelList,
    statistics: modelStatistics,
    repositoryIndex: modelInfo.repositoryIndex(queues, bodies),
    modelConfig,
    modelVersionConfig: modelConfig,
    modelStatistics,
    modelVersionStatistics: modelStatistics,
    infer,
    inferVersion: infer,
    v1Models: modelList,
    predict: predictHandlers(context, bodies),
    v1Model: modelReady,
    openapi: [openApiHandler(operations, dependencies.models)],
    metrics: [metricsHandler(metrics)],
    page: [page],
    docs: [docs],
    samples: [samples(samplesDir)],
    sample: [sample(samplesDir)],
  });
  app.use(ignorePreconditions);
  app.use(PATHS.docs, docsFiles());
  app.use(pageFiles(), notFound(PATHS.openapi), errorHandler);
  return app;
}
