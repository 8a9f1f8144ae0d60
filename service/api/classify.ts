/**
 * The classification endpoint: one image to its most probable classes, or several images to one result per image.
 */
import type { RequestHandler } from 'express';

import { topClasses } from '../../models/evaluation/top-classes';
import { problemOf, ServiceError, toServiceError } from '../errors';
import type { Bodies } from '../http/body';
import { sendJson } from '../http/send-json';
import type { QueuedResult } from '../inference/job';
import type { LoadedModel } from '../inference/protocol';
import { type Admission, rejectAfterBody, sendRejection } from './admission';
import { type Classification, type Classifications, CLASSIFY_QUERY } from './schemas';
import {
  checkSameModel,
  findModel,
  loadedModel,
  recordAnswer,
  runWork,
  versionOf,
  type WorkContext,
} from './served-models';
import { readImages, uploadLimit } from './upload';
import { check, withNumber } from './validation';

interface Classifier {
  /** Number of classes to answer with. */
  readonly top: number;
  /** Classifies one encoded image within `remainingMs`; by default within the whole request's time. */
  readonly run: (image: Buffer, remainingMs?: number) => Promise<QueuedResult>;
  /** Time limit for all images of a request, milliseconds. */
  readonly timeoutMs: number;
}

/** One image's part of the answer, and the model that gave it. */
interface Classified {
  readonly result: Pick<Classification, 'top' | 'timeMs'>;
  readonly loaded: LoadedModel;
}

/** Errors of the decoder: in the image rather than in the service. */
const IMAGE_ERRORS = new Set(['BAD_IMAGE', 'UNSUPPORTED_TYPE']);

/** Milliseconds to three decimals: further digits are noise. */
const toMicroseconds = (ms: number): number => Math.round(1000 * ms) / 1000;

/**
 * @param startedAt when the image's time began, as `performance.now()`
 */
async function classifyImage(
  { top, run }: Classifier,
  image: Buffer,
  startedAt: number,
  remainingMs?: number,
): Promise<Classified> {
  const { probabilities, loaded, queueMs, decodeMs, inferenceMs } = await run(image, remainingMs);
  const total = performance.now() - startedAt;
  return {
    result: {
      top: topClasses(loaded.classes, probabilities, top),
      timeMs: {
        queue: toMicroseconds(queueMs),
        decode: toMicroseconds(decodeMs),
        inference: toMicroseconds(inferenceMs),
        total: toMicroseconds(total),
      },
    },
    loaded,
  };
}

/**
 * Classifies images one after the other, so that one request never fills the queue by itself. An image that is refused or
 * cannot be decoded yields a `problem` entry; the other images are still classified.
 *
 * @param completeAt when the body was complete, as `performance.now()`
 * @throws ServiceError the first image's error when no image could be classified; any error that is not about an image,
 *   WORKER_FAILED if another model answered a later image
 */
async function classifyImages(
  classifier: Classifier,
  images: readonly (Buffer | ServiceError)[],
  completeAt: number,
  requestId: string,
): Promise<Pick<Classifications, 'results'> & { readonly loaded: LoadedModel }> {
  const deadline = performance.now() + classifier.timeoutMs;
  const results: Classifications['results'] = [];
  const errors: ServiceError[] = [];
  let first: LoadedModel | undefined;
  for (const [i, image] of images.entries()) {
    const now = performance.now();
    const startedAt = i === 0 ? completeAt : now;
    if (now >= deadline)
      throw new ServiceError(
        'DEADLINE_EXCEEDED',
        'The images took too long; send fewer images in one request.',
      );
    const classified =
      image instanceof ServiceError
        ? image
        : await classifyImage(classifier, image, startedAt, deadline - now).catch((error: unknown) => {
            const known = toServiceError(error);
            if (!IMAGE_ERRORS.has(known.code)) throw error;
            return known;
          });
    if (classified instanceof ServiceError) {
      errors.push(classified);
      results.push({ problem: problemOf(classified, requestId) });
      continue;
    }
    first ??= classified.loaded;
    checkSameModel(first, classified.loaded);
    results.push(classified.result);
  }
  if (first === undefined) throw errors[0]!;
  return { results, loaded: first };
}

/** Checks the model and the number of classes; a body's fields win over the query's, where generated clients send defaults. */
const checkOptions = (...sources: readonly Readonly<Record<string, unknown>>[]) => {
  const given = sources.flatMap((source) => Object.entries(source)).filter(([, value]) => value != null);
  return check(CLASSIFY_QUERY, withNumber(Object.fromEntries(given), 'top'), 'the query');
};

/**
 * Handlers of the classification endpoint.
 *
 * @param bodies bounds the body's size and arrival time
 * @param admission admits requests whose body names their model
 */
export function classifyHandlers(
  context: WorkContext,
  bodies: Bodies,
  admission: Admission,
): RequestHandler[] {
  const classify: RequestHandler = async (request, response) => {
    // Refuses a wrong query before the body is read.
    const fromQuery = checkOptions(request.query);
    if (fromQuery.model !== undefined) findModel(context.queues, fromQuery.model);
    const { images, isList, options, completeAt } = await readImages(bodies, request);
    const query = isList ? checkOptions(request.query, options) : fromQuery;
    const [model, queue] = findModel(context.queues, query.model);
    const rejection = rejectAfterBody(admission, response, model);
    if (rejection !== undefined) {
      // Before it waits for its turn: a second of refused bodies is more than the memory for all.
      bodies.release(request);
      sendRejection(response, rejection);
      return;
    }
    loadedModel(queue);
    let isAdmitted = false;
    const classifier: Classifier = {
      top: query.top,
      timeoutMs: queue.timeoutMs,
      run: (image, remainingMs) => {
        // Skips the remaining images once the client has disconnected.
        if (response.closed) throw new ServiceError('BAD_REQUEST', 'The client disconnected.');
        const isFurther = isAdmitted;
        isAdmitted = true;
        const work = { kind: 'classify', image } as const;
        return runWork(context, model, work, response, remainingMs, isFurther);
      },
    };
    const factsOf = (loaded: LoadedModel) => ({ model, version: versionOf(loaded), demo: loaded.demo });
    if (isList) {
      const requestId = String(response.getHeader('x-request-id'));
      const { results, loaded } = await classifyImages(classifier, images, completeAt, requestId);
      recordAnswer(context, model, completeAt, response);
      sendJson(response, { ...factsOf(loaded), results } satisfies Classifications);
    } else {
      const { result, loaded } = await classifyImage(classifier, images[0] as Buffer, completeAt);
      recordAnswer(context, model, completeAt, response);
      sendJson(response, { ...factsOf(loaded), ...result } satisfies Classification);
    }
  };
  return [bodies.accept(uploadLimit), classify];
}
