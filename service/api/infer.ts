/**
 * The inference endpoint of the Open Inference Protocol.
 */
import type { RequestHandler } from 'express';

import { LIMITS } from '../contract';
import { ServiceError } from '../errors';
import { jsonBody, TENSOR_STRUCTURE } from './json-body';
import { inferResponse, parseInferRequest } from './open-inference';
import { findModel, loadedModel, runWork, type WorkContext } from './served-models';

/** Request header of the protocol's binary tensor extension, which this service does not support. */
const BINARY_HEADER = 'inference-header-content-length';

/** Rejects binary tensors before their body is read. */
const rejectBinary: RequestHandler = (request, _response, next) => {
  if (request.get(BINARY_HEADER) !== undefined) {
    throw new ServiceError(
      'BAD_REQUEST',
      'Binary tensors are not supported; set binary_data to false and send JSON.',
    );
  }
  next();
};

/**
 * Handlers of the inference endpoint.
 *
 * @param limitBody bounds the body's size and arrival time
 */
export function inferHandlers(context: WorkContext, limitBody: RequestHandler): RequestHandler[] {
  const checkModel: RequestHandler = (request, _response, next) => {
    findModel(context.queues, request.params['id']);
    next();
  };
  const infer: RequestHandler = async (request, response) => {
    const [model, queue] = findModel(context.queues, request.params['id']);
    const parsed = parseInferRequest(request.body);
    const loaded = loadedModel(queue, request.params['version']);
    const { images, batch } = parsed;
    const { probabilities } = await runWork(context, model, { kind: 'infer', images, batch }, response);
    response.json(inferResponse(model, loaded, parsed, probabilities));
  };
  const parseTensors = jsonBody({ limitBytes: LIMITS.tensorJsonBytes, structure: TENSOR_STRUCTURE });
  return [checkModel, rejectBinary, limitBody, parseTensors, infer];
}
