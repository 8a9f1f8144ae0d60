/**
 * Reads inference requests of the Open Inference Protocol: JSON, or JSON followed by a binary tensor.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
import type { z } from 'zod';

import { ServiceError } from '../errors';
import type { ImageTensor } from '../inference/protocol';
import { INFER_REQUEST } from './infer-schemas';
import { parseJson, TENSOR_STRUCTURE } from './json-body';
import { readBinaryTensor, readTensor } from './tensors';
import { badField, check, show } from './validation';

/** Header with the length of the JSON before binary tensors, in requests and responses. */
export const BINARY_HEADER = 'Inference-Header-Content-Length';

/** A validated request. */
export interface InferRequest {
  readonly id?: string;
  readonly images: ImageTensor;
  readonly batch: number;
  /** Number of top classes to return instead of all probabilities. */
  readonly classification?: number;
  /** Whether the output is returned as bytes behind the JSON. */
  readonly isBinary: boolean;
}

/**
 * Validates a request.
 *
 * @param binary the bytes behind the JSON
 * @throws ServiceError BAD_REQUEST naming the field, its allowed values and the value received
 */
function parseInferRequest(body: unknown, binary: Buffer): InferRequest {
  const request = check(INFER_REQUEST, body, 'the body');
  const { data, shape, datatype, parameters: inputParameters } = request.inputs[0]!;
  const path = ['inputs', 0];
  const binaryBytes = inputParameters?.binary_data_size ?? undefined;
  if (binaryBytes === undefined && data == null)
    throw badField('inputs[0].data', 'must be a list, or binary_data_size must be set, received nothing');
  if (binaryBytes !== undefined && data != null)
    throw badField('inputs[0].data', 'must be absent when binary_data_size is set; send one of them');
  if ((binaryBytes ?? 0) !== binary.length) {
    throw badField(
      'inputs[0].parameters.binary_data_size',
      `must be the number of bytes behind the JSON, ${binary.length}, received ${show(binaryBytes)}; check ${BINARY_HEADER}`,
    );
  }
  return {
    images:
      data == null
        ? readBinaryTensor(binary, shape, path, datatype)
        : readTensor(data, shape, [...path, 'data'], datatype),
    ...askedOf(request),
  };
}

/** What a checked request asks for, beside its images. */
export function askedOf({
  id,
  inputs,
  outputs,
  parameters,
}: z.infer<typeof INFER_REQUEST>): Omit<InferRequest, 'images'> {
  const output = outputs?.[0]?.parameters;
  const classification = output?.classification ?? 0;
  return {
    batch: inputs[0]!.shape[0]!,
    isBinary: output?.binary_data ?? parameters?.binary_data_output ?? false,
    ...(id == null ? {} : { id }),
    ...(classification === 0 ? {} : { classification }),
  };
}

/**
 * Reads a request's body.
 *
 * @param headers of the request: its content type, and the length of its JSON when binary tensors follow
 * @throws ServiceError BAD_REQUEST naming the field or header
 */
export function readInferRequest(
  body: Buffer,
  headers: { readonly contentType: string | undefined; readonly jsonBytes: string | undefined },
): InferRequest {
  const jsonBytes = Number(headers.jsonBytes ?? body.length);
  if (!Number.isInteger(jsonBytes) || jsonBytes < 0 || jsonBytes > body.length) {
    throw new ServiceError(
      'BAD_REQUEST',
      `${BINARY_HEADER} must be the length of the JSON, at most ${body.length}, received ${show(headers.jsonBytes)}.`,
    );
  }
  const binary = body.subarray(jsonBytes);
  const parse = (value: unknown) => parseInferRequest(value, binary);
  return parse(parseJson(body.subarray(0, jsonBytes), headers.contentType, TENSOR_STRUCTURE, parse));
}
