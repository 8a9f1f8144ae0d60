/**
 * The application on the separate metrics port. It needs no API key: network policy decides who can reach it.
 */
import express, { type Express } from 'express';

import { PATHS } from '../contract';
import { errorHandler } from '../errors';
import type { Metrics } from '../metrics';
import { requireHost } from '../http/host';
import { requestId } from '../http/request-log';
import { securityHeaders } from '../http/security-headers';
import { metricsHandler, notFound, requireMethod } from './routes';

/** Builds the application. */
export function createMetricsApp(metrics: Metrics): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestId, securityHeaders(), requireHost);
  app.route(PATHS.metrics).all(requireMethod('GET'), metricsHandler(metrics));
  app.use(notFound(PATHS.metrics), errorHandler);
  return app;
}
