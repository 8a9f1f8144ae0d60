/**
 * Zod schemas of what Triton's and KServe's clients ask about models: list, repository index, configuration, statistics.
 *
 * @see https://github.com/triton-inference-server/server/tree/main/docs/protocol
 */
import { z } from 'zod';

import { MODEL_NAME, VERSION } from './schemas';

const text = z.string();
const count = z.int().min(0);

/** Names of the served models. */
export const MODEL_LIST = z.strictObject({ models: z.array(MODEL_NAME) });

/** Request for the index; the clients send no body or an object. */
export const INDEX_REQUEST = z.looseObject({
  ready: z
    .boolean('must be true or false')
    .nullish()
    .meta({ description: 'List only models that are ready.' }),
});

/** The index of Triton's model repository extension. */
export const REPOSITORY_INDEX = z.array(
  z.strictObject({
    name: MODEL_NAME,
    version: VERSION.optional(),
    state: z.enum(['READY', 'LOADING', 'UNAVAILABLE']),
    reason: text.meta({ description: 'Why the model is not ready; else empty.' }),
  }),
);

const tensorConfig = z.strictObject({
  name: text,
  data_type: text,
  dims: z.array(z.int()).meta({ description: 'Without the batch.' }),
});

/** The configuration of Triton's model configuration extension. */
export const MODEL_CONFIG = z.strictObject({
  name: MODEL_NAME,
  platform: text,
  backend: text,
  max_batch_size: z.int().min(1),
  input: z.array(tensorConfig.extend({ format: text })),
  output: z.array(tensorConfig),
  instance_group: z.array(
    z.strictObject({ name: text, kind: text, count: count.meta({ description: 'Processes.' }) }),
  ),
});

const duration = z.strictObject({ count, ns: count });

/** One model's entry of Triton's statistics extension. A count of 0 also means: not measured. */
export const MODEL_STATISTICS = z.strictObject({
  name: MODEL_NAME,
  version: VERSION,
  last_inference: count.meta({ description: 'Milliseconds since 1970; 0 before the first inference.' }),
  inference_count: count.meta({ description: 'Images.' }),
  execution_count: count.meta({ description: 'Runs of the model.' }),
  inference_stats: z.strictObject({
    success: duration.meta({ description: 'Runs of the model, with their wait in the queue.' }),
    fail: duration.meta({ description: 'Images or tensors that failed.' }),
    queue: duration,
    compute_input: duration.meta({ description: 'Decoding.' }),
    compute_infer: duration,
    compute_output: duration,
  }),
  batch_stats: z.array(
    z.strictObject({
      batch_size: z.int().min(1),
      compute_input: duration,
      compute_infer: duration,
      compute_output: duration,
    }),
  ),
});

/** Statistics since the start of the server. */
export const STATISTICS = z.strictObject({ model_stats: z.array(MODEL_STATISTICS) });
