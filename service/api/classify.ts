/**
 * The classification endpoint: one image to its most probable classes, or several images to one result per image.
 */
import type { RequestHandler } from 'express';

import { topClasses } from '../../models/evaluation/top-classes';
import { LIMITS } from '../contract';
import { problemOf, ServiceError, toServiceError } from '../errors';
import type { QueuedResult } from '../inference/model-queue';
import { IMAGES_STRUCTURE, jsonBody } from './json-body';
import { type Classification, type Classifications, CLASSIFY_QUERY } from './schemas';
import { findModel, loadedModel, runWork, versionOf, type WorkContext } from './served-models';
import { JSON_TYPE, readImages } from './upload';
import { check, withNumber } from './validation';

interface Classifier {
  readonly classes: readonly string[];
  /** Number of classes to answer with. */
  readonly top: number;
  /** Classifies one encoded image within `remainingMs`; by default within the whole request's time. */
  readonly run: (image: Buffer, remainingMs?: number) => Promise<QueuedResult>;
  /** Time limit for all images of a request, milliseconds. */
  readonly timeoutMs: number;
}

/** Errors in the image rather than in the service. */
const IMAGE_ERRORS = new Set(['BAD_IMAGE', 'UNSUPPORTED_TYPE']);

/**
 * @param started when the image's time began, as `performance.now()`
 */
async function classifyImage(
  { classes, top, run }: Classifier,
  image: Buffer,
  started: number,
  remainingMs?: number,
): Promise<Pick<Classification, 'top' | 'timeMs'>> {
  const { probabilities, queueMs, decodeMs, inferenceMs } = await run(image, remainingMs);
  const total = performance.now() - started;
  return {
    top: topClasses(classes, probabilities, top),
    timeMs: { queue: queueMs, decode: decodeMs, inference: inferenceMs, total },
  };
}

/**
 * Classifies images one after the other, so that one request never fills the queue by itself. An image that cannot be
 * decoded yields a `problem` entry; the other images are still classified.
 *
 * @throws ServiceError the first image's error when no image could be decoded; any error that is not about an image
 */
async function classifyImages(
  classifier: Classifier,
  images: readonly Buffer[],
  requestId: string,
): Promise<Classifications['results']> {
  const deadline = performance.now() + classifier.timeoutMs;
  const results: Classifications['results'] = [];
  const errors: ServiceError[] = [];
  for (const image of images) {
    const started = performance.now();
    if (started >= deadline)
      throw new ServiceError(
        'DEADLINE_EXCEEDED',
        'The images took too long; send fewer images in one request.',
      );
    try {
      results.push(await classifyImage(classifier, image, started, deadline - started));
    } catch (error) {
      const known = toServiceError(error);
      if (!IMAGE_ERRORS.has(known.code)) throw error;
      errors.push(known);
      results.push({ problem: problemOf(known, requestId) });
    }
  }
  if (errors.length === images.length) throw errors[0]!;
  return results;
}

/**
 * Handlers of the classification endpoint.
 *
 * @param limitBody bounds the body's size and arrival time
 */
export function classifyHandlers(context: WorkContext, limitBody: RequestHandler): RequestHandler[] {
  const classify: RequestHandler = async (request, response) => {
    const query = check(CLASSIFY_QUERY, withNumber(request.query, 'top'), 'the query');
    const [model, queue] = findModel(context.queues, query.model);
    const started = performance.now();
    const { images, isList } = await readImages(request);
    const loaded = loadedModel(queue);
    const classifier: Classifier = {
      classes: loaded.classes,
      top: query.top,
      timeoutMs: queue.timeoutMs,
      run: (image, remainingMs) => {
        // Skips the remaining images once the client has disconnected.
        if (response.closed) throw new ServiceError('BAD_REQUEST', 'The client disconnected.');
        return runWork(context, model, { kind: 'classify', image }, response, remainingMs);
      },
    };
    const { demo, classes } = loaded;
    const modelFacts = { model, version: versionOf(loaded), demo, classes: [...classes] };
    if (isList) {
      const results = await classifyImages(classifier, images, String(response.getHeader('x-request-id')));
      response.json({ ...modelFacts, results } satisfies Classifications);
    } else {
      const result = await classifyImage(classifier, images[0]!, started);
      response.json({ ...modelFacts, ...result } satisfies Classification);
    }
  };
  const parseImages = jsonBody({
    limitBytes: LIMITS.imageJsonBytes,
    structure: IMAGES_STRUCTURE,
    type: JSON_TYPE,
  });
  return [limitBody, parseImages, classify];
}
