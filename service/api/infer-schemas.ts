/**
 * Zod schemas of inference in the Open Inference Protocol, with Triton's extensions for binary tensors and classification.
 *
 * Unknown members are ignored and `null` counts as absent, because clients add members of other servers and write every
 * member that they know.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
import { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, OUTPUT_NAME } from '../../models/catalog';
import { LIMITS } from '../contract';
import { DEMO, MODEL_NAME, VERSION, wholeNumber } from './schemas';
import { DATATYPES } from './tensors';

/** Datatype of the output, unless the request asks for class names. */
export const OUTPUT_DATATYPE = 'FP32';
/** Datatype of the output when the request asks for class names. */
export const CLASSES_DATATYPE = 'BYTES';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const SHAPE_MESSAGE = `must be [n, ${INPUT_SHAPE.join(', ')}] with n from 1 to ${LIMITS.images}`;
const text = z.string();

/** Parameters: unknown ones are ignored. */
const parametersOf = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape).nullish();
const flag = (description: string) => z.boolean('must be true or false').nullish().meta({ description });
const binarySize = z
  .int('must be a whole number')
  .min(0, 'must be at least 0')
  .meta({ description: 'Bytes of this tensor behind the JSON.' });

/** An array too long for zod to check item by item; its reader checks the items. */
const data = z.custom<readonly unknown[]>(Array.isArray, 'must be a list').meta({
  description: `Numbers of the datatype, flat in row-major order (${HEIGHT * WIDTH * CHANNELS} per image) or nested by the shape. Absent for a binary tensor.`,
  type: 'array',
  minItems: 1,
  maxItems: LIMITS.images * HEIGHT * WIDTH * CHANNELS,
  items: {},
});
const shape = z
  .array(z.int(SHAPE_MESSAGE), SHAPE_MESSAGE)
  .length(1 + INPUT_SHAPE.length, SHAPE_MESSAGE)
  .refine(
    ([batch, ...image]) =>
      batch! >= 1 && batch! <= LIMITS.images && image.every((size, i) => size === INPUT_SHAPE[i]),
    SHAPE_MESSAGE,
  )
  .meta({ description: `[n, ${INPUT_SHAPE.join(', ')}]: images, height, width, channels.` });

/** The protocol's `inference_request`, with one tensor of images. */
export const INFER_REQUEST = z.looseObject({
  id: text.nullish(),
  parameters: parametersOf({
    binary_data_output: flag('Default of `binary_data`, for outputs that do not set it.'),
  }),
  inputs: z
    .array(
      z.looseObject({
        name: z.literal(INPUT_NAME),
        shape,
        datatype: z.enum(DATATYPES),
        parameters: parametersOf({ binary_data_size: binarySize.nullish() }),
        data: data.nullish(),
      }),
      'must be a list of one tensor',
    )
    .length(1, 'must be a list of one tensor'),
  outputs: z
    .array(
      z.looseObject({
        name: z.literal(OUTPUT_NAME),
        parameters: parametersOf({
          binary_data: flag('Whether to return this output as bytes behind the JSON.'),
          classification: wholeNumber(0, LIMITS.topClasses).nullish().meta({
            description:
              'Number of top classes to return as "probability:index:class", most probable first; 0 for all probabilities.',
          }),
        }),
      }),
    )
    .max(1, 'must name each output once')
    .nullish(),
});

/** The protocol's `inference_response`. */
export const INFER_ANSWER = z.strictObject({
  model_name: MODEL_NAME,
  model_version: VERSION,
  id: text.optional(),
  parameters: z.strictObject({ demo: DEMO }),
  outputs: z.array(
    z.strictObject({
      name: z.literal(OUTPUT_NAME),
      shape: z.array(z.int().min(1)).length(2),
      datatype: z.enum([OUTPUT_DATATYPE, CLASSES_DATATYPE]),
      parameters: z.strictObject({ binary_data_size: binarySize }).optional(),
      data: z
        .array(z.union([z.number().min(0).max(1), text]))
        .optional()
        .meta({ description: 'Absent for a binary output.' }),
    }),
  ),
});
