/**
 * The application on the separate metrics port. It needs no API key: network policy decides who can reach it.
 */
import express, { type Express } from 'express';
import type { Logger } from 'pino';

import { PATHS } from '../contract';
import { errorHandler } from '../errors';
import type { Metrics } from '../metrics';
import { requireHost } from '../http/host';
import { httpLog, requestId } from '../http/request-log';
import { securityHeaders } from '../http/security-headers';
import { metricsHandler, notFound, requireMethod } from './routes';

/**
 * Builds the application.
 *
 * @param log of unexpected errors and of requests other than scrapes
 */
export function createMetricsApp(metrics: Metrics, log: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestId, securityHeaders(), httpLog(log), requireHost);
  app.route(PATHS.metrics).all(requireMethod('GET'), metricsHandler(metrics));
  app.use(notFound(PATHS.metrics), errorHandler);
  return app;
}
