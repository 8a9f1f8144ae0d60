/**
 * Turns work away before its body is read, so that overload costs next to nothing and is answered at once.
 */
import { type Request, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';

import type { ModelId } from '../../models/catalog';
import { type ErrorCode, PATHS } from '../contract';
import { PROBLEM_CODE, sendProblem } from '../errors';
import type { Metrics } from '../metrics';
import type { ModelWorker } from '../inference/model-queue';

/**
 * Most refusals in a second for each core of the CPU limit: a tenth of it, at some 0.25 ms each. More wait their turn.
 * Clients that ask again at once would otherwise take all CPU that is left, from the probes and from the models too.
 */
const REFUSALS_PER_CORE_SECOND = 400;
/** Nobody waits longer than this for a refusal, lest they pile up. */
const MOST_PAUSE_MS = 1_000;
/** Refusals are counted in the metrics, not logged one by one; a line now and then says that they occur. */
const LOG_INTERVAL_MS = 10_000;

/** Gives each comer the next free turn of an even rhythm; returns how long it has to wait, milliseconds. */
export function rhythm(
  perSecond: number,
  mostMs: number,
  now: () => number = () => performance.now(),
): () => number {
  let nextAt = 0;
  return () => {
    const pauseMs = Math.min(Math.max(0, nextAt - now()), mostMs);
    nextAt = now() + pauseMs + 1000 / perSecond;
    return pauseMs;
  };
}

/** What admission looks at, and where it tells of refusals. */
export interface AdmissionOptions {
  readonly workers: ReadonlyMap<ModelId, ModelWorker>;
  readonly metrics: Pick<Metrics, 'rejected'>;
  /** CPU limit of the container, millicores. */
  readonly cpuLimitMillis: number;
  readonly log: Logger;
}

/** The served model that a request brings work for; nothing where it names none or another. */
function modelOf({ params, query }: Request, workers: AdmissionOptions['workers']): ModelId | undefined {
  const asked = params['id'] ?? query['model'];
  const served = [...workers.keys()];
  if (asked === undefined && served.length === 1) return served[0];
  return served.find((model) => model === asked);
}

/**
 * What requests for probabilities pass first: each that gets none is counted, however it ends, and one that would wait too
 * long is turned away. A refused client that goes on sending is read and its bytes dropped, so that it gets to see the
 * answer and can keep its connection; one that waits for `100 Continue` never sends them.
 */
export function gate({ workers, metrics, cpuLimitMillis, log }: AdmissionOptions): Router {
  const pause = rhythm((REFUSALS_PER_CORE_SECOND * cpuLimitMillis) / 1000, MOST_PAUSE_MS);
  let refused = 0;
  let loggedAt = -Infinity;

  const admit: RequestHandler = (request, response, next) => {
    const model = modelOf(request, workers);
    response.once('close', () => {
      const code = response.locals[PROBLEM_CODE] as ErrorCode | undefined;
      const reason = response.writableFinished ? code : 'CLIENT_GONE';
      if (reason !== undefined) metrics.rejected.inc({ model: model ?? 'none', reason });
    });
    const refusal = model === undefined ? undefined : workers.get(model)!.refusal();
    if (refusal === undefined) {
      next();
      return;
    }
    refused++;
    if (performance.now() - loggedAt >= LOG_INTERVAL_MS) {
      log.warn({ model, reason: refusal.code, refused }, 'requests are turned away');
      refused = 0;
      loggedAt = performance.now();
    }
    setTimeout(() => sendProblem(response, refusal), pause());
  };

  // Matched as the routes are, so that there is no way round it.
  const router = Router({ strict: true, caseSensitive: true });
  for (const path of [PATHS.classify, PATHS.infer, PATHS.inferVersion]) router.post(path, admit);
  return router;
}
