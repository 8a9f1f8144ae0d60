/**
 * The inference endpoint of the Open Inference Protocol.
 */
import type { Request, RequestHandler, Response } from 'express';

import { LIMITS } from '../contract';
import { type Bodies, type BodyLimit, readWhole } from '../http/body';
import { inferAnswer, type InferAnswer } from './infer-answer';
import { BINARY_HEADER, readInferRequest } from './infer-request';
import {
  checkVersion,
  findModel,
  loadedModel,
  recordAnswer,
  runWork,
  type WorkContext,
} from './served-models';

/** The largest body of a tensor request. */
export const TENSOR_LIMIT: BodyLimit = {
  bytes: LIMITS.tensorBytes,
  subject: 'The body is',
  remedy: `send a batch of at most ${LIMITS.images} images, as binary or UINT8 tensors if possible`,
};

/** Refuses an unknown model before the body is read. */
export const checkModel =
  ({ queues }: WorkContext): RequestHandler =>
  (request, _response, next) => {
    findModel(queues, request.params['id']);
    next();
  };

function send(response: Response, { json, binary }: InferAnswer): void {
  if (binary === undefined) {
    response.json(json);
    return;
  }
  const header = Buffer.from(JSON.stringify(json));
  response.set(BINARY_HEADER, String(header.length));
  response.type('application/octet-stream').send(Buffer.concat([header, binary]));
}

/**
 * Handlers of the inference endpoint.
 *
 * @param bodies bounds the body's size and arrival time
 */
export function inferHandlers(context: WorkContext, bodies: Bodies): RequestHandler[] {
  const infer = async (request: Request, response: Response) => {
    const [model, queue] = findModel(context.queues, request.params['id']);
    const body = await readWhole(bodies, request, TENSOR_LIMIT);
    const completeAt = performance.now();
    const parsed = readInferRequest(body, {
      contentType: request.get('content-type'),
      jsonBytes: request.get(BINARY_HEADER),
    });
    const { version } = request.params;
    loadedModel(queue, version);
    const { images, batch } = parsed;
    const work = { kind: 'infer', images, batch } as const;
    const { probabilities, loaded } = await runWork(context, model, work, response);
    checkVersion(loaded, version);
    recordAnswer(context, model, completeAt, response);
    send(response, inferAnswer(model, loaded, parsed, probabilities));
  };
  return [checkModel(context), bodies.accept(() => TENSOR_LIMIT), infer];
}
