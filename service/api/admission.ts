/**
 * Rejects excess requests before their body is read, so that overload costs little CPU and clients get an answer at once.
 */
import { type Request, type RequestHandler, type Response, Router } from 'express';
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
/** Metrics count every rejection; the log has at most one line per interval, model and reason. */
const LOG_INTERVAL_MS = 10_000;

/** Key in `response.locals` of the model that a request names, once that is known. */
const ASKED_MODEL = 'askedModel';

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

/** What a request names as its model before its body is read. */
const namedModel = ({ params, query }: Request): unknown => params['id'] ?? query['model'];

/** The served model that a request names; undefined when it names no served model. */
function modelOf(request: Request, queues: Queues): ModelName | undefined {
  const requested = namedModel(request);
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
  /** The same for a request whose body will name the model: it must not go on if no model takes requests. */
  readonly rejectForAny: () => Rejection | undefined;
  /** Counts a request that failed; without a model when it names none. */
  readonly failed: (model: ModelName | undefined, reason: ErrorCode | 'CLIENT_GONE') => void;
}

/** Logs the first rejection of a burst at once, and the others of each model and reason when their interval ends. */
function rejectionLog(log: Logger): (model: ModelName | undefined, reason: ErrorCode) => void {
  const bursts = new Map<string, { rejected: number }>();
  return (model, reason) => {
    const key = `${model} ${reason}`;
    const running = bursts.get(key);
    if (running !== undefined) {
      running.rejected++;
      return;
    }
    // That a model loads or cannot be loaded is in the log already, and needs nobody's care while it starts.
    const level = reason === 'NOT_READY' ? 'info' : 'warn';
    const write = (rejected: number) => log[level]({ model, reason, rejected }, 'rejecting requests');
    const burst = { rejected: 0 };
    bursts.set(key, burst);
    write(1);
    const timer = setInterval(() => {
      if (burst.rejected > 0) write(burst.rejected);
      else {
        clearInterval(timer);
        bursts.delete(key);
      }
      burst.rejected = 0;
    }, LOG_INTERVAL_MS).unref();
  };
}

/** The error that a client may retry first. */
const soonest = (errors: readonly ServiceError[]): ServiceError | undefined =>
  errors.toSorted((one, other) => (one.retryAfterMs ?? 0) - (other.retryAfterMs ?? 0))[0];

/** Starts admitting. */
export function createAdmission({ queues, metrics, cpuLimitMillis, log }: AdmissionOptions): Admission {
  const nextDelayMs = pacer((MAX_REJECTIONS_PER_CORE_SECOND * cpuLimitMillis) / 1000, MAX_DELAY_MS);
  const logRejection = rejectionLog(log);
  const rejection = (model: ModelName | undefined, error: ServiceError | undefined) => {
    if (error === undefined) return undefined;
    logRejection(model, error.code);
    return { error, delayMs: nextDelayMs() };
  };
  return {
    reject: (model) => rejection(model, queues.get(model)!.rejection()),
    rejectForAny: () => {
      const errors = [...queues.values()].flatMap((queue) => queue.rejection() ?? []);
      return rejection(undefined, errors.length === queues.size ? soonest(errors) : undefined);
    },
    failed: (model, reason) => metrics.rejected.inc({ model: model ?? 'none', reason }),
  };
}

/** Admits a request whose body named its model; it then counts as that model's. Why it must not go on, else undefined. */
export function rejectAfterBody(
  { reject }: Admission,
  { locals }: Pick<Response, 'locals'>,
  model: ModelName,
): Rejection | undefined {
  if (locals[ASKED_MODEL] === model) return undefined;
  locals[ASKED_MODEL] = model;
  return reject(model);
}

/** Sends a rejection when it is its turn. */
export function sendRejection(response: Response, { error, delayMs }: Rejection): void {
  setTimeout(() => {
    // A compressed body may be read before it has arrived whole, and be answered with 408 while its rejection waits.
    if (!response.headersSent) sendProblem(response, error);
  }, delayMs);
}

/**
 * The first middleware of inference requests. It counts every request that fails, for whatever reason, and rejects
 * requests that would wait too long. If a rejected client keeps sending, its bytes are read and dropped, so that it sees
 * the answer and can keep its connection; a client that waits for `100 Continue` never sends them.
 */
export function admission(queues: Queues, { reject, rejectForAny, failed }: Admission): Router {
  const rejectionOf = (request: Request, model: ModelName | undefined): Rejection | undefined => {
    if (model !== undefined) return reject(model);
    // A name that is not served gets an error of its own.
    return namedModel(request) === undefined ? rejectForAny() : undefined;
  };
  const admit: RequestHandler = (request, response, next) => {
    const model = modelOf(request, queues);
    response.locals[ASKED_MODEL] = model;
    response.once('close', () => {
      const code = response.locals[PROBLEM_CODE] as ErrorCode | undefined;
      const reason = response.writableFinished ? code : 'CLIENT_GONE';
      if (reason !== undefined) failed(response.locals[ASKED_MODEL] as ModelName | undefined, reason);
    });
    const rejection = rejectionOf(request, model);
    if (rejection === undefined) next();
    else sendRejection(response, rejection);
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
