/**
 * The prediction endpoint of KServe's V1 protocol, which is TensorFlow Serving's: `{"instances": [...]}`.
 *
 * @see https://www.tensorflow.org/tfx/serving/api_rest#predict_api
 */
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE } from '../../models/catalog';
import { LIMITS } from '../contract';
import { ServiceError } from '../errors';
import { type Bodies, readWhole } from '../http/body';
import type { QueuedResult } from '../inference/job';
import type { LoadedModel } from '../inference/protocol';
import { readBase64 } from './base64';
import { checkModel, TENSOR_LIMIT } from './infer';
import { INSTANCES_STRUCTURE, parseJson } from './json-body';
import {
  checkSameModel,
  findModel,
  loadedModel,
  recordAnswer,
  runWork,
  type WorkContext,
} from './served-models';
import { readTensor } from './tensors';
import { badField, check } from './validation';

const MUST = `must be a list of 1 to ${LIMITS.images} images`;
const [HEIGHT, WIDTH] = INPUT_SHAPE;

/** JSON body: images as nested numbers, or each as `{"b64": "..."}`; both also under the name of the input. */
export const PREDICT_REQUEST = z.looseObject({
  instances: z
    .custom<readonly unknown[]>(
      (value) => Array.isArray(value) && value.length >= 1 && value.length <= LIMITS.images,
      MUST,
    )
    .meta({
      type: 'array',
      minItems: 1,
      maxItems: LIMITS.images,
      items: {},
      description: `Numbers from 0 to 1 [${INPUT_SHAPE.join(', ')}], or {"b64": base64 of a file}; all of one kind.`,
    }),
});

/** The probabilities of each image, in the order of the model's classes. */
export const PREDICT_ANSWER = z.strictObject({ predictions: z.array(z.array(z.number().min(0).max(1))) });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Removes the name of the input, which TensorFlow Serving makes optional for a model with one input. */
const unnamed = (instance: unknown): unknown =>
  isObject(instance) && INPUT_NAME in instance ? instance[INPUT_NAME] : instance;

function encodedImage(instance: unknown, i: number): Buffer {
  const text = isObject(instance) ? instance['b64'] : undefined;
  const image = typeof text === 'string' ? readBase64(text) : undefined;
  if (image === undefined || image.length === 0) {
    throw badField(
      `instances[${i}]`,
      `must be {"b64": base64 of a file} or [${HEIGHT}, ${WIDTH}, 3] numbers, as every other instance is`,
    );
  }
  if (image.length > LIMITS.imageBytes) {
    const message = `instances[${i}] is larger than ${LIMITS.imageBytes} bytes; send a smaller one.`;
    throw new ServiceError('BODY_TOO_LARGE', message, undefined, `instances[${i}]`);
  }
  return image;
}

/** Names the instance in an error about its image. */
const inInstance = (i: number) => (error: unknown) => {
  if (!(error instanceof ServiceError)) throw error;
  throw new ServiceError(
    error.code,
    `instances[${i}]: ${error.message}`,
    error.retryAfterMs,
    `instances[${i}]`,
  );
};

/**
 * Handlers of the prediction endpoint.
 *
 * @param bodies bounds the body's size and arrival time
 */
export function predictHandlers(context: WorkContext, bodies: Bodies): RequestHandler[] {
  const predict = async (request: Request, response: Response) => {
    const [model, queue] = findModel(context.queues, request.params['id']);
    const body = await readWhole(bodies, request, TENSOR_LIMIT);
    const completeAt = performance.now();
    const value = parseJson(body, request.get('content-type'), INSTANCES_STRUCTURE);
    const instances = check(PREDICT_REQUEST, value, 'the body').instances.map(unnamed);
    loadedModel(queue);
    const predictions: number[][] = [];
    let first: LoadedModel | undefined;
    const add = ({ probabilities, loaded }: QueuedResult) => {
      first ??= loaded;
      checkSameModel(first, loaded);
      const { length } = loaded.classes;
      for (let at = 0; at < probabilities.length; at += length)
        predictions.push(Array.from(probabilities.subarray(at, at + length)));
    };
    if (Array.isArray(instances[0])) {
      const batch = instances.length;
      const images = readTensor(instances, [batch, ...INPUT_SHAPE], ['instances']);
      add(await runWork(context, model, { kind: 'infer', images, batch }, response));
    } else {
      const deadline = performance.now() + queue.timeoutMs;
      for (const [i, image] of instances.map(encodedImage).entries()) {
        const remainingMs = deadline - performance.now();
        const work = { kind: 'classify', image } as const;
        add(await runWork(context, model, work, response, remainingMs, i > 0).catch(inInstance(i)));
      }
    }
    recordAnswer(context, model, completeAt, response);
    response.json({ predictions });
  };
  return [checkModel(context), bodies.accept(() => TENSOR_LIMIT), predict];
}
