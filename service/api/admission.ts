/**
 * Rejects excess requests before their body is read, so that overload costs little CPU and clients get an answer at once.
 */
import { type Request, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';

import type { ModelName } from '../../models/catalog';
import { type ErrorCode, PATHS } from '../contract';
import { PROBLEM_CODE, sendProblem, type ServiceError } from '../errors';
import type { Metrics } from '../metrics';
import type { Queues } from './served-models';

/**
 * Maximum rejections per second and core of the CPU limit. At about 0.25 ms each they use a tenth of the CPU; further
 * rejections are delayed. Otherwise clients that retry at once would take the CPU from the probes and the models.
 */
const MAX_REJECTIONS_PER_CORE_SECOND = 400;
/** Maximum delay of a rejection, so that rejections do not pile up. */
const MAX_DELAY_MS = 1_000;
/** Metrics count every rejection; the log has at most one line per interval. */
const LOG_INTERVAL_MS = 10_000;

/** Spaces calls evenly: each call returns how long the caller must wait for its turn, in milliseconds. */
export function pacer(
  perSecond: number,
  maxDelayMs: number,
  now: () => number = () => performance.now(),
): () => number {
  let nextAt = 0;
  return () => {
    const delayMs = Math.min(Math.max(0, nextAt - now()), maxDelayMs);
    nextAt = now() + delayMs + 1000 / perSecond;
    return delayMs;
  };
}

/** What admission checks, and where it reports rejections. */
export interface AdmissionOptions {
  readonly queues: Queues;
  readonly metrics: Pick<Metrics, 'rejected'>;
  /** CPU limit of the container, millicores. */
  readonly cpuLimitMillis: number;
  readonly log: Logger;
}

/** The served model that a request names; undefined when it names no served model. */
function modelOf({ params, query }: Request, queues: Queues): ModelName | undefined {
  const requested = params['id'] ?? query['model'];
  const served = [...queues.keys()];
  if (requested === undefined && served.length === 1) return served[0];
  return served.find((model) => model === requested);
}

/** A rejection, and how long to wait before it is sent. */
export interface Rejection {
  readonly error: ServiceError;
  readonly delayMs: number;
}

/** Admits the requests of every port of a service. */
export interface Admission {
  /** Why a request must not go on; undefined when it may. */
  readonly reject: (model: ModelName) => Rejection | undefined;
  /** Counts a request that failed; without a model when it names none. */
  readonly failed: (model: ModelName | undefined, reason: ErrorCode | 'CLIENT_GONE') => void;
}

/** Starts admitting. */
export function createAdmission({ queues, metrics, cpuLimitMillis, log }: AdmissionOptions): Admission {
  const nextDelayMs = pacer((MAX_REJECTIONS_PER_CORE_SECOND * cpuLimitMillis) / 1000, MAX_DELAY_MS);
  let rejected = 0;
  let loggedAt = -Infinity;
  return {
    reject: (model) => {
      const error = queues.get(model)!.rejection();
      if (error === undefined) return undefined;
      rejected++;
      if (performance.now() - loggedAt >= LOG_INTERVAL_MS) {
        // That a model loads or cannot be loaded is in the log already, and needs nobody's care while it starts.
        const level = error.code === 'NOT_READY' ? 'info' : 'warn';
        log[level]({ model, reason: error.code, rejected }, 'rejecting requests');
        rejected = 0;
        loggedAt = performance.now();
      }
      return { error, delayMs: nextDelayMs() };
    },
    failed: (model, reason) => metrics.rejected.inc({ model: model ?? 'none', reason }),
  };
}

/**
 * The first middleware of inference requests. It counts every request that fails, for whatever reason, and rejects
 * requests that would wait too long. If a rejected client keeps sending, its bytes are read and dropped, so that it sees
 * the answer and can keep its connection; a client that waits for `100 Continue` never sends them.
 */
export function admission(queues: Queues, { reject, failed }: Admission): Router {
  const admit: RequestHandler = (request, response, next) => {
    const model = modelOf(request, queues);
    response.once('close', () => {
      const code = response.locals[PROBLEM_CODE] as ErrorCode | undefined;
      const reason = response.writableFinished ? code : 'CLIENT_GONE';
      if (reason !== undefined) failed(model, reason);
    });
    const rejection = model === undefined ? undefined : reject(model);
    if (rejection === undefined) next();
    else setTimeout(() => sendProblem(response, rejection.error), rejection.delayMs);
  };

  // Same matching as the routes, so that no spelling of a path bypasses admission.
  const router = Router({ strict: true, caseSensitive: true });
  // Not `post`, because a router answers OPTIONS by itself for a path that has some methods only.
  const admitPost: RequestHandler = (request, response, next) => {
    if (request.method === 'POST') void admit(request, response, next);
    else next();
  };
  for (const path of [PATHS.classify, PATHS.infer, PATHS.inferVersion, PATHS.predict])
    router.all(path, admitPost);
  return router;
}
