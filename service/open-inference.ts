/**
 * The Open Inference Protocol's JSON form of tensors.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import { INPUT_NAME, INPUT_SHAPE, OUTPUT_NAME } from '../models/catalog';
import { ServiceError } from './errors';
import type { LoadedModel } from './messages';

/** Most images in one request. */
const MAX_BATCH = 8;
const DATATYPE = 'FP32';
const IMAGE_SIZE = INPUT_SHAPE.reduce((product, size) => product * size, 1);

export interface InferRequest {
  readonly id?: string;
  /** float32 [batch, 224, 224, 3] in [0, 1] */
  readonly images: Float32Array;
  readonly batch: number;
}

const bad = (message: string) => new ServiceError('BAD_REQUEST', message);

const show = (value: unknown) => (JSON.stringify(value) as string | undefined)?.slice(0, 60) ?? 'nothing';

/**
 * Checks a request's body.
 *
 * @throws ServiceError BAD_REQUEST naming the field, what it must be and what it is
 */
export function parseInferRequest(body: unknown): InferRequest {
  const { id, inputs } = (body ?? {}) as { id?: unknown; inputs?: unknown };
  if (id !== undefined && typeof id !== 'string') throw bad(`id must be a string, received ${show(id)}.`);
  if (!Array.isArray(inputs) || inputs.length !== 1) throw bad('inputs must be a list of one tensor.');
  const { name, shape, datatype, data } = (inputs[0] ?? {}) as Record<string, unknown>;
  if (name !== INPUT_NAME) throw bad(`inputs[0].name must be "${INPUT_NAME}", received ${show(name)}.`);
  if (datatype !== DATATYPE)
    throw bad(`inputs[0].datatype must be "${DATATYPE}", received ${show(datatype)}.`);
  const [batch, ...rest] = (Array.isArray(shape) ? shape : []) as unknown[];
  const fits = Number.isInteger(batch) && (batch as number) >= 1 && (batch as number) <= MAX_BATCH;
  if (!fits || String(rest) !== String(INPUT_SHAPE)) {
    const expected = `[n, ${INPUT_SHAPE.join(', ')}] with n from 1 to ${MAX_BATCH}`;
    throw bad(`inputs[0].shape must be ${expected}, received ${show(shape)}.`);
  }
  const count = (batch as number) * IMAGE_SIZE;
  const flat = Array.isArray(data) ? (data.flat(INPUT_SHAPE.length) as unknown[]) : [];
  if (flat.length !== count) throw bad(`inputs[0].data must hold ${count} numbers, received ${flat.length}.`);
  const images = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = flat[i];
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw bad(`inputs[0].data[${i}] must be a finite number, received ${show(value)}.`);
    }
    images[i] = value;
  }
  return { images, batch: batch as number, ...(id === undefined ? {} : { id }) };
}

/** The answer to a request. */
export function inferResponse(
  model: string,
  loaded: LoadedModel,
  request: InferRequest,
  probabilities: Float32Array,
) {
  return {
    model_name: model,
    ...(request.id === undefined ? {} : { id: request.id }),
    parameters: { demo: loaded.demo, classes: loaded.classes },
    outputs: [
      {
        name: OUTPUT_NAME,
        datatype: DATATYPE,
        shape: [request.batch, loaded.classes.length],
        data: Array.from(probabilities),
      },
    ],
  };
}

/** A model's metadata. */
export function modelMetadata(model: string, loaded: LoadedModel) {
  return {
    name: model,
    versions: [],
    platform: `tandem_${loaded.engine}`,
    inputs: [{ name: INPUT_NAME, datatype: DATATYPE, shape: [-1, ...INPUT_SHAPE] }],
    outputs: [{ name: OUTPUT_NAME, datatype: DATATYPE, shape: [-1, loaded.classes.length] }],
    demo: loaded.demo,
    classes: loaded.classes,
    architecture: loaded.architecture,
    engine: { name: loaded.engine, version: loaded.engineVersion },
    precision: loaded.precision,
    threads: loaded.threads,
    sha256: loaded.sha256,
  };
}
