/**
 * Zod schemas of requests and responses. Requests are validated with them; the OpenAPI document shows both.
 */
import { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, MODEL_IDS, OUTPUT_NAME } from '../../models/catalog';
import { LIMITS, SERVICE_NAME, VERSION_DIGITS } from '../contract';
import { PROBLEM } from '../problem';

/** The only datatype of input tensors. */
export const DATATYPE = 'FP32';
/** Datatype of the output when the request asks for class names. */
export const CLASSES_DATATYPE = 'BYTES';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const text = z.string();
const milliseconds = z.number().min(0);
const probability = z.number().min(0).max(1);
const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
};
/** An array too long for zod to check item by item; its reader checks the items. */
const list = (document: z.core.JSONSchemaMeta) =>
  z.custom<readonly unknown[]>(Array.isArray, 'must be a list').meta(document);

/** A model's id in paths and responses. */
export const MODEL_ID = z.enum(MODEL_IDS);
/** A model's version, derived from its content. */
export const VERSION = text.meta({
  description: `The first ${VERSION_DIGITS} hexadecimal digits of the saved model’s SHA-256: the same weights always have the same version.`,
  examples: ['0123456789ab'],
});

/** Query of the classification endpoint. */
export const CLASSIFY_QUERY = z.strictObject({
  model: text
    .meta({ enum: [...MODEL_IDS], description: 'Optional when the service serves only one model.' })
    .optional(),
  top: wholeNumber(1, LIMITS.topClasses).default(LIMITS.topClassesDefault).meta({
    description: 'Number of most probable classes to return.',
  }),
});

/** JSON body of the classification endpoint. */
export const CLASSIFY_JSON = z.strictObject({
  images: z
    .array(
      text
        .min(1)
        .meta({ contentEncoding: 'base64', format: 'image-base64', maxLength: LIMITS.imageJsonBytes }),
    )
    .min(1)
    .max(LIMITS.images),
});

/** Parameters of the protocol; the known ones have stricter schemas where they take effect. */
const parameters = z.record(
  text,
  z.union([text, z.number(), z.boolean()], 'must be a string, a number or a boolean'),
);
const notBinary = z.literal(false, 'must be false: tensors are sent and returned as JSON');

const tensorData = {
  description: `Finite numbers, flat in row-major order (${HEIGHT * WIDTH * CHANNELS} per image) or nested by the shape.`,
  type: 'array',
  minItems: 1,
  maxItems: LIMITS.images * HEIGHT * WIDTH * CHANNELS,
  items: { type: ['number', 'array'] },
};

/** The protocol's `inference_request`, with one tensor of images. */
export const INFER_REQUEST = z.strictObject({
  id: text.optional(),
  parameters: z
    .object({ binary_data_output: notBinary.optional() })
    .catchall(parameters.valueType)
    .optional(),
  inputs: z
    .array(
      z.strictObject({
        name: z.literal(INPUT_NAME),
        shape: z.tuple(
          [wholeNumber(1, LIMITS.images), z.literal(HEIGHT), z.literal(WIDTH), z.literal(CHANNELS)],
          `must be [n, ${INPUT_SHAPE.join(', ')}] with n from 1 to ${LIMITS.images}`,
        ),
        datatype: z.literal(DATATYPE),
        parameters: parameters.optional(),
        data: list(tensorData),
      }),
      'must be a list of one tensor',
    )
    .length(1, 'must be a list of one tensor'),
  outputs: z
    .array(
      z.strictObject({
        name: z.literal(OUTPUT_NAME),
        parameters: z
          .object({
            binary_data: notBinary.optional(),
            classification: wholeNumber(1, LIMITS.topClasses)
              .meta({
                description:
                  'Number of top classes to return as "probability:index:class", most probable first.',
              })
              .optional(),
          })
          .catchall(parameters.valueType)
          .optional(),
      }),
    )
    .max(1, 'must name each output once')
    .optional(),
});

/** The protocol's `inference_response`. */
export const INFER_ANSWER = z.strictObject({
  model_name: MODEL_ID,
  model_version: VERSION,
  id: text.optional(),
  parameters: z.strictObject({ demo: z.boolean() }),
  outputs: z.array(
    z.strictObject({
      name: z.literal(OUTPUT_NAME),
      shape: z.array(z.int().min(1)).length(2),
      datatype: z.enum([DATATYPE, CLASSES_DATATYPE]),
      data: z.union([z.array(probability), z.array(text)]),
    }),
  ),
});

/** Accuracy on test images, measured when the model was trained. */
export const TEST_ACCURACY = z
  .strictObject({
    images: z.int().min(1),
    share: probability.meta({ description: 'Share of the images that the model classified correctly.' }),
    interval95: z
      .array(probability)
      .length(2)
      .meta({ description: '95 % confidence interval of the share.' }),
  })
  .meta({ description: 'Measured on test images; absent if the saved model has no evaluation.json.' });

const tensorMetadata = z.strictObject({ name: text, datatype: text, shape: z.array(z.int()) });

/** The protocol's `metadata_model_response`, with facts about the loaded model. */
export const MODEL_METADATA = z.strictObject({
  name: MODEL_ID,
  versions: z.array(VERSION),
  platform: text,
  inputs: z.array(tensorMetadata),
  outputs: z.array(tensorMetadata),
  demo: z
    .boolean()
    .meta({ description: 'True for the embedded demo models, which know procedural textures only.' }),
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
  models: z.array(MODEL_ID),
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
const timeMs = z.strictObject({
  queue: milliseconds,
  decode: milliseconds,
  inference: milliseconds,
  total: milliseconds,
});
const aboutModel = { model: MODEL_ID, version: VERSION, demo: z.boolean(), classes: z.array(text) };

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
