/**
 * The Open Inference Protocol's requests and answers, tensors in JSON.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import type { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, type ModelId, OUTPUT_NAME } from '../../models/catalog';
import { topClasses } from '../../models/evaluation/top-classes';
import { check } from './validation';
import { SERVICE_NAME, VERSION_DIGITS } from '../contract';
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
import { readTensor } from './tensors';

/** Triton's extension that answers with class names. */
export const EXTENSIONS = ['classification'] as const;

/**
 * A model's version is made of its content, so that it cannot be forgotten or moved to other weights, and every
 * replica of one image names the same.
 */
export const versionOf = ({ sha256 }: Pick<LoadedModel, 'sha256'>): string => sha256.slice(0, VERSION_DIGITS);

/** A request whose body was checked. */
export interface InferRequest {
  readonly id?: string;
  /** float32 [batch, 224, 224, 3] in [0, 1] */
  readonly images: Float32Array;
  readonly batch: number;
  /** How many classes to name instead of giving all probabilities. */
  readonly classification?: number;
}

/**
 * Checks a request's body.
 *
 * @throws ServiceError BAD_REQUEST naming the field, what it must be and what it is
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

/** Numbers that Python and JavaScript write into JSON, which has none of them. */
const NOT_FINITE = /(?<=[[,:\s])(NaN|-?Infinity)(?=[\],}\s])/g;

/** Why a body is no JSON. Where it is for a number that is not finite, that number's field is named. */
export function brokenJson(text: string): ServiceError {
  if (text.search(NOT_FINITE) >= 0) {
    try {
      parseInferRequest(JSON.parse(text.replace(NOT_FINITE, '"$1"')));
    } catch (error) {
      if (error instanceof ServiceError) return error;
    }
  }
  return bodyError('entity.parse.failed');
}

/** `probability:index:class` of the best classes of each image. */
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

/** The answer to a request. */
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
export function modelMetadata(model: ModelId, loaded: LoadedModel): z.infer<typeof MODEL_METADATA> {
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
  };
}
