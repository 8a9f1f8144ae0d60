/**
 * Requests and responses of the Open Inference Protocol, with tensors as JSON.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import type { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, type ModelId, OUTPUT_NAME } from '../../models/catalog';
import { topClasses } from '../../models/evaluation/top-classes';
import type { TestAccuracy } from './evaluation';
import { check } from './validation';
import { SERVICE_NAME } from '../contract';
import { bodyError, ServiceError } from '../errors';
import type { LoadedModel } from '../inference/protocol';
import {
  CLASSES_DATATYPE,
  DATATYPE,
  type INFER_ANSWER,
  INFER_REQUEST,
  type MODEL_METADATA,
  type SERVER_METADATA,
} from './schemas';
import { versionOf } from './served-models';
import { readTensor } from './tensors';

/** Supported protocol extensions: Triton's, which returns class names. */
export const EXTENSIONS = ['classification'] as const;

/** A validated request. */
export interface InferRequest {
  readonly id?: string;
  /** float32 [batch, 224, 224, 3] in [0, 1] */
  readonly images: Float32Array;
  readonly batch: number;
  /** Number of top classes to return instead of all probabilities. */
  readonly classification?: number;
}

/**
 * Validates a request body.
 *
 * @throws ServiceError BAD_REQUEST naming the field, its allowed values and the value received
 */
export function parseInferRequest(body: unknown): InferRequest {
  const { id, inputs, outputs } = check(INFER_REQUEST, body, 'the body');
  const { data, shape } = inputs[0]!;
  const classification = outputs?.[0]?.parameters?.classification;
  return {
    images: readTensor(data, shape, ['inputs', 0, 'data']),
    batch: shape[0],
    ...(id === undefined ? {} : { id }),
    ...(classification === undefined ? {} : { classification }),
  };
}

/** Non-finite numbers, which Python writes but JSON does not allow. */
const NOT_FINITE = /(?<=[[,:\s])(NaN|-?Infinity)(?=[\],}\s])/g;

/** The error for a body that is not JSON. For a non-finite number, it names that number's field. */
export function invalidJson(text: string): ServiceError {
  if (text.search(NOT_FINITE) >= 0) {
    try {
      parseInferRequest(JSON.parse(text.replace(NOT_FINITE, '"$1"')));
    } catch (error) {
      if (error instanceof ServiceError) return error;
    }
  }
  return bodyError('entity.parse.failed');
}

/** The top classes of each image as `probability:index:class`. */
function namedClasses(
  classes: readonly string[],
  probabilities: Float32Array,
  batch: number,
  count: number,
): string[] {
  return Array.from({ length: batch }, (_, i) =>
    topClasses(classes, probabilities.subarray(i * classes.length, (i + 1) * classes.length), count).map(
      ({ class: name, probability }) => `${probability}:${classes.indexOf(name)}:${name}`,
    ),
  ).flat();
}

type InferAnswer = z.infer<typeof INFER_ANSWER>;
type Output = InferAnswer['outputs'][number];

/** The response to a validated request. */
export function inferResponse(
  model: ModelId,
  loaded: LoadedModel,
  { id, batch, classification }: InferRequest,
  probabilities: Float32Array,
): InferAnswer {
  const { classes, demo } = loaded;
  const count = Math.min(classification ?? classes.length, classes.length);
  const output: Pick<Output, 'datatype' | 'data'> =
    classification === undefined
      ? { datatype: DATATYPE, data: Array.from(probabilities) }
      : { datatype: CLASSES_DATATYPE, data: namedClasses(classes, probabilities, batch, count) };
  return {
    model_name: model,
    model_version: versionOf(loaded),
    ...(id === undefined ? {} : { id }),
    parameters: { demo },
    outputs: [{ name: OUTPUT_NAME, shape: [batch, count], ...output }],
  };
}

/** The server's metadata. */
export const serverMetadata = (version: string, models: ModelId[]): z.infer<typeof SERVER_METADATA> => ({
  name: SERVICE_NAME,
  version,
  extensions: [...EXTENSIONS],
  models,
});

/** A model's metadata. */
export function modelMetadata(
  model: ModelId,
  loaded: LoadedModel,
  testAccuracy?: TestAccuracy,
): z.infer<typeof MODEL_METADATA> {
  return {
    name: model,
    versions: [versionOf(loaded)],
    platform: `tandem_${loaded.engine}`,
    inputs: [{ name: INPUT_NAME, datatype: DATATYPE, shape: [-1, ...INPUT_SHAPE] }],
    outputs: [{ name: OUTPUT_NAME, datatype: DATATYPE, shape: [-1, loaded.classes.length] }],
    demo: loaded.demo,
    classes: [...loaded.classes],
    architecture: loaded.architecture,
    engine: { name: loaded.engine, version: loaded.engineVersion },
    precision: loaded.precision,
    threads: loaded.threads,
    sha256: loaded.sha256,
    ...(testAccuracy === undefined ? {} : { testAccuracy }),
  };
}
