/**
 * Images to their most probable classes: one, or several with a result each.
 */
import { topClasses } from '../../models/evaluation/top-classes';
import { problemOf, ServiceError, toServiceError } from '../errors';
import type { QueuedResult } from '../inference/model-queue';
import type { Classification, Classifications } from './schemas';

/** What is asked of images, and who answers it. */
export interface ClassifyAsk {
  readonly classes: readonly string[];
  /** How many classes to answer with. */
  readonly top: number;
  /** Gets the time that is left for it, milliseconds; nothing for a request's only image, which has all of it. */
  readonly run: (image: Buffer, leftMs?: number) => Promise<QueuedResult>;
  /** Most time for all images, milliseconds. */
  readonly timeoutMs: number;
}

/** Errors that are about an image and not about the service. */
const OF_IMAGE = new Set(['BAD_IMAGE', 'UNSUPPORTED_TYPE']);

/**
 * Classifies one image.
 *
 * @param started when its time began, of `performance.now()`
 * @param leftMs the time that is left for it
 */
export async function classifyImage(
  { classes, top, run }: ClassifyAsk,
  image: Buffer,
  started: number,
  leftMs?: number,
): Promise<Pick<Classification, 'top' | 'timeMs'>> {
  const { probabilities, queueMs, decodeMs, inferenceMs } = await run(image, leftMs);
  const total = performance.now() - started;
  return {
    top: topClasses(classes, probabilities, top),
    timeMs: { queue: queueMs, decode: decodeMs, inference: inferenceMs, total },
  };
}

/**
 * Classifies images one after the other, so that a form of several never fills the queue by itself. One that cannot be
 * decoded has its problem for a result.
 *
 * @throws ServiceError the first image's, where none could be decoded; whatever else fails
 */
export async function classifyImages(
  ask: ClassifyAsk,
  images: readonly Buffer[],
  requestId: string,
): Promise<Classifications['results']> {
  const deadline = performance.now() + ask.timeoutMs;
  const results: Classifications['results'] = [];
  const errors: ServiceError[] = [];
  for (const image of images) {
    const started = performance.now();
    if (started >= deadline)
      throw new ServiceError('DEADLINE_EXCEEDED', 'The images took too long; send fewer in one request.');
    try {
      results.push(await classifyImage(ask, image, started, deadline - started));
    } catch (error) {
      const known = toServiceError(error);
      if (!OF_IMAGE.has(known.code)) throw error;
      errors.push(known);
      results.push({ problem: problemOf(known, requestId) });
    }
  }
  if (errors.length === images.length) throw errors[0]!;
  return results;
}
