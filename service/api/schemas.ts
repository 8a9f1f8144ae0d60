/**
 * Zod schemas of requests and responses. Requests are validated with them; the OpenAPI document shows both.
 */
import { z } from 'zod';

import { PRECISIONS } from '../../models/engines/engine';
import { LIMITS, SERVICE_NAME, VERSION_DIGITS } from '../contract';
import { PROBLEM } from '../problem';

const text = z.string();
const milliseconds = z.number().min(0);
const probability = z.number().min(0).max(1);
/** A whole number with one message for every fault. */
export const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
};
/** A model's name in paths and responses; the OpenAPI document lists the served ones. */
export const MODEL_NAME = z.string();
/** The same in requests. */
const MODEL_CHOICE = MODEL_NAME.meta({ description: 'Optional when the service serves only one model.' });
/** Schemas of which the OpenAPI document lists the values: the names of the served models. */
export const MODEL_NAMES: readonly object[] = [MODEL_NAME, MODEL_CHOICE];
/** A model's version, derived from its content. */
export const VERSION = text.meta({
  description: `The first ${VERSION_DIGITS} hexadecimal digits of the saved model’s SHA-256: the same weights always have the same version.`,
  examples: ['0123456789ab'],
});

/** Query of the classification endpoint. */
export const CLASSIFY_QUERY = z.strictObject({
  model: MODEL_CHOICE.optional(),
  top: wholeNumber(1, LIMITS.topClasses).default(LIMITS.topClassesDefault).meta({
    description: 'Number of most probable classes to return.',
  }),
});

/** JSON body of the classification endpoint. */
export const CLASSIFY_JSON = z.strictObject({
  images: z
    .array(
      text.meta({
        format: 'image-base64',
        maxLength: LIMITS.imageJsonBytes,
        description:
          'Base64 of a file, standard or URL-safe, with or without padding, or a `data:` URL of it.',
      }),
    )
    .min(1)
    .max(LIMITS.images),
  model: CLASSIFY_QUERY.shape.model,
  top: CLASSIFY_QUERY.shape.top.unwrap().optional(),
});

const tensorMetadata = z.strictObject({
  name: text,
  datatype: text,
  shape: z.array(z.int()).meta({ description: '-1 for the batch.' }),
  parameters: z
    .record(text, text)
    .optional()
    .meta({ description: 'Layout, order of the channels, every accepted datatype and its range.' }),
});

/** Accuracy on images that did not train the model. */
export const TEST_ACCURACY = z
  .strictObject({
    images: z.int().min(1),
    share: probability.meta({ description: 'Share of the images that the model classified correctly.' }),
    interval95: z
      .array(probability)
      .length(2)
      .meta({ description: '95 % confidence interval of the share.' }),
    precision: z.enum(PRECISIONS).meta({ description: 'The precision that was measured.' }),
  })
  .meta({
    description:
      'Measured on images that did not train the model: at the precision that it is served at if that was measured, else at fp32. Absent if nothing was measured.',
  });

/** Whether a model is one of the repository's own. */
export const DEMO = z.boolean().meta({
  description:
    'True for the demo models of the repository, which know computer-generated surfaces only. False for every model that you trained, also on the demo’s base.',
});

/** The protocol's `metadata_model_response`, with facts about the loaded model. */
export const MODEL_METADATA = z.strictObject({
  name: MODEL_NAME,
  versions: z.array(VERSION),
  platform: text,
  inputs: z.array(tensorMetadata),
  outputs: z.array(tensorMetadata),
  demo: DEMO,
  classes: z.array(text),
  architecture: text,
  engine: z.strictObject({ name: text, version: text }),
  precision: text,
  threads: z.int().min(1),
  sha256: text.meta({ description: 'SHA-256 of the saved model.' }),
  testAccuracy: TEST_ACCURACY.optional(),
});

/** The protocol's `metadata_server_response`, with the served models. */
export const SERVER_METADATA = z.strictObject({
  name: z.literal(SERVICE_NAME),
  version: text,
  extensions: z.array(text),
  models: z.array(MODEL_NAME),
});

/** Response to the liveness probe. */
export const LIVE = z.strictObject({ live: z.literal(true) });
/** Response to readiness probes when ready; otherwise the response is a problem. */
export const READY = z.strictObject({ name: text, ready: z.literal(true) });
/** File names of the page's sample images. */
export const SAMPLES = z.array(text);

const top = z
  .array(z.strictObject({ class: text, probability }))
  .meta({ description: 'Most probable first.' });
const timeMs = z
  .strictObject({
    queue: milliseconds,
    decode: milliseconds,
    inference: milliseconds,
    total: milliseconds.meta({
      description:
        'From the complete body to the result; of a further image, from the end of the one before.',
    }),
  })
  .meta({ description: 'Milliseconds of each step, without the upload.' });
const aboutModel = { model: MODEL_NAME, version: VERSION, demo: DEMO };

/** Response to a raw image. */
export const CLASSIFICATION = z.strictObject({ ...aboutModel, top, timeMs });
/** Data of {@link CLASSIFICATION}; times in milliseconds. */
export type Classification = z.infer<typeof CLASSIFICATION>;

/** Response to a form or JSON body: one result per image, in order. */
export const CLASSIFICATIONS = z.strictObject({
  ...aboutModel,
  results: z.array(z.union([z.strictObject({ top, timeMs }), z.strictObject({ problem: PROBLEM })])),
});
/** Data of {@link CLASSIFICATIONS}; times in milliseconds. */
export type Classifications = z.infer<typeof CLASSIFICATIONS>;
