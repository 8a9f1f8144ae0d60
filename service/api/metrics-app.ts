/**
 * The application of the metrics' own port: apart from users, and open to whoever may reach it.
 */
import express, { type Express } from 'express';
import helmet from 'helmet';

import { PATHS } from '../contract';
import { errorHandler } from '../errors';
import type { Metrics } from '../metrics';
import { requestId } from '../http/request-log';
import { metricsHandler, nothingHere, only } from './routes';

/** Builds the application. */
export function createMetricsApp(metrics: Metrics): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestId, helmet());
  app.all(PATHS.metrics, only('GET'), metricsHandler(metrics));
  app.use(nothingHere(PATHS.metrics), errorHandler);
  return app;
}
