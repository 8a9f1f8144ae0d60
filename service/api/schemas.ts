/**
 * What requests and answers look like: the schemas that check the former and document both.
 */
import { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, MODEL_IDS, OUTPUT_NAME } from '../../models/catalog';
import { LIMITS, SERVICE_NAME, VERSION_DIGITS } from '../contract';
import { PROBLEM } from '../problem';

/** The only datatype of tensors that come in. */
export const DATATYPE = 'FP32';
/** Datatype of an output that was asked for as classes. */
export const CLASSES_DATATYPE = 'BYTES';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const text = z.string();
const milliseconds = z.number().min(0);
const probability = z.number().min(0).max(1);
const wholeNumber = (lowest: number, highest: number) => {
  const error = `must be a whole number from ${lowest} to ${highest}`;
  return z.int(error).min(lowest, error).max(highest, error);
};
/** Arrays that are too long to be checked item by item; who reads them does that. */
const list = (document: z.core.JSONSchemaMeta) =>
  z.custom<readonly unknown[]>(Array.isArray, 'must be a list').meta(document);

/** A model's name in paths and answers. */
export const MODEL_ID = z.enum(MODEL_IDS);
/** A version of a model, made of its content. */
export const VERSION = text.meta({
  description: `The first ${VERSION_DIGITS} hexadecimal digits of the saved model’s SHA-256: the same weights, the same version.`,
  examples: ['0123456789ab'],
});

/** The query of a request for classes. */
export const CLASSIFY_QUERY = z.strictObject({
  model: text
    .meta({ enum: [...MODEL_IDS], description: 'May be left out where one model is served.' })
    .optional(),
  top: wholeNumber(1, LIMITS.topClasses).default(LIMITS.topClassesDefault).meta({
    description: 'How many of the most probable classes to answer with.',
  }),
});

/** The JSON body of a request for classes. */
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

/** The protocol's parameters; those that this service knows are checked where they have an effect. */
const parameters = z.record(
  text,
  z.union([text, z.number(), z.boolean()], 'must be a string, a number or a boolean'),
);
const notBinary = z.literal(false, 'must be false: send and take tensors as JSON');

const tensorData = {
  description: `All numbers flat in row-major order (${HEIGHT * WIDTH * CHANNELS} an image), or nested as the shape says; each finite.`,
  type: 'array',
  minItems: 1,
  maxItems: LIMITS.images * HEIGHT * WIDTH * CHANNELS,
  items: { type: ['number', 'array'] },
};

/** The protocol's `inference_request`, of one tensor of images. */
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
              .meta({ description: 'Answers with so many classes as "probability:index:class", best first.' })
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

const tensorMetadata = z.strictObject({ name: text, datatype: text, shape: z.array(z.int()) });

/** The protocol's `metadata_model_response`, and what is loaded. */
export const MODEL_METADATA = z.strictObject({
  name: MODEL_ID,
  versions: z.array(VERSION),
  platform: text,
  inputs: z.array(tensorMetadata),
  outputs: z.array(tensorMetadata),
  demo: z
    .boolean()
    .meta({ description: 'True for the embedded demo models, whose classes are procedural surfaces.' }),
  classes: z.array(text),
  architecture: text,
  engine: z.strictObject({ name: text, version: text }),
  precision: text,
  threads: z.int().min(1),
  sha256: text.meta({ description: 'Checksum of the saved model.' }),
});

/** The protocol's `metadata_server_response`, and the models. */
export const SERVER_METADATA = z.strictObject({
  name: z.literal(SERVICE_NAME),
  version: text,
  extensions: z.array(text),
  models: z.array(MODEL_ID),
});

/** Answer to the liveness probe. */
export const LIVE = z.strictObject({ live: z.literal(true) });
/** Answer to readiness probes; what is not ready is a problem. */
export const READY = z.strictObject({ name: text, ready: z.literal(true) });
/** File names of the page's samples. */
export const SAMPLES = z.array(text);

const top = z.array(z.strictObject({ class: text, probability })).meta({ description: 'Best first.' });
const timeMs = z.strictObject({
  queue: milliseconds,
  decode: milliseconds,
  inference: milliseconds,
  total: milliseconds,
});
const aboutModel = { model: MODEL_ID, version: VERSION, demo: z.boolean(), classes: z.array(text) };

/** Answer to a raw image. */
export const CLASSIFICATION = z.strictObject({ ...aboutModel, top, timeMs });
/** What {@link CLASSIFICATION} describes; times in milliseconds. */
export type Classification = z.infer<typeof CLASSIFICATION>;

/** Answer to a form or a JSON body, which may hold several images: one result an image, in their order. */
export const CLASSIFICATIONS = z.strictObject({
  ...aboutModel,
  results: z.array(z.union([z.strictObject({ top, timeMs }), z.strictObject({ problem: PROBLEM })])),
});
/** What {@link CLASSIFICATIONS} describes: a result or its problem for each image, times in milliseconds. */
export type Classifications = z.infer<typeof CLASSIFICATIONS>;
