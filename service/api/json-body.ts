/**
 * Parses JSON bodies, after a check that their structure is no larger than a valid request needs. `JSON.parse` takes
 * seconds for 16 MB of small lists or keys, which would block the probes; counting characters takes milliseconds.
 */
import { INPUT_SHAPE } from '../../models/catalog';
import { LIMITS } from '../contract';
import { bodyError, ServiceError } from '../errors';
import { badField } from './validation';

/** How often a body may contain one character, those inside strings included. */
interface StructureLimit {
  readonly character: '[' | '{' | ',' | '"' | 'N' | 'I';
  readonly count: number;
  /** The field that has too many. */
  readonly field: string;
  /** What the field must be. */
  readonly must: string;
}
/** Limits of a whole body. */
export type StructureLimits = readonly StructureLimit[];

/** Allowance for everything but the images, such as parameters. */
const OTHERS = { lists: 100, objects: 100, commas: 1_000, quotes: 1_000 } as const;
const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
/** Most commas of a tensor: one behind each number. */
const TENSOR_COMMAS = LIMITS.images * HEIGHT * WIDTH * CHANNELS + OTHERS.commas;
const SHAPE = `[n, ${INPUT_SHAPE.join(', ')}] with n from 1 to ${LIMITS.images}`;
const IMAGES = `a list of 1 to ${LIMITS.images}`;

/** Limits of tensors, whose numbers may be nested by the shape. */
function tensorLimits(field: string, shape: string): StructureLimits {
  const numbers = `${shape}; the body holds more`;
  return [
    {
      character: '[',
      count: LIMITS.images * (1 + HEIGHT + HEIGHT * WIDTH) + OTHERS.lists,
      field,
      must: `${numbers} lists`,
    },
    {
      character: ',',
      count: TENSOR_COMMAS,
      field,
      must: `${numbers} values`,
    },
    { character: '{', count: OTHERS.objects, field, must: `${shape}; the body holds more objects` },
    { character: '"', count: OTHERS.quotes, field, must: `${shape}; the body holds more strings` },
  ];
}

const TENSOR = `must be one tensor of numbers with shape ${SHAPE}`;
const TENSOR_VALUES = { field: 'inputs', must: `${TENSOR}; the body holds more values` } as const;
/** Limits of an Open Inference Protocol request. */
export const TENSOR_STRUCTURE: StructureLimits = [
  ...tensorLimits('inputs', TENSOR),
  // Of NaN and Infinity, which need no comma for their field to be looked for: see `invalidJson`.
  { character: 'N', count: 2 * TENSOR_COMMAS, ...TENSOR_VALUES },
  { character: 'I', count: TENSOR_COMMAS, ...TENSOR_VALUES },
];
/** Limits of a request to `:predict`; base64 may have any number of letters. */
export const INSTANCES_STRUCTURE: StructureLimits = tensorLimits('instances', `must be ${IMAGES} images`);
/** Limits of a request with base64 images. */
export const IMAGES_STRUCTURE: StructureLimits = (
  [
    ['[', OTHERS.lists],
    ['{', OTHERS.objects],
    [',', OTHERS.commas],
    ['"', OTHERS.quotes],
  ] as const
).map(([character, count]) => ({
  character,
  count,
  field: 'images',
  must: `must be ${IMAGES} base64 strings; the body holds more`,
}));

/** @throws ServiceError BAD_REQUEST naming the field */
function checkStructure(body: Uint8Array, limits: StructureLimits): void {
  const counts = new Uint32Array(256);
  for (let i = 0; i < body.length; i++) counts[body[i]!]!++;
  for (const { character, count, field, must } of limits) {
    if (counts[character.charCodeAt(0)]! > count) throw badField(field, must);
  }
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** Non-finite numbers, which Python writes but JSON does not allow. */
const NOT_FINITE = /(?<=[[,:\s])(NaN|-?Infinity)(?=[\],}\s])/g;

/** The error for text that is not JSON. For a non-finite number, it is what `validate` throws on the number's text. */
function invalidJson(text: string, validate: ((value: unknown) => unknown) | undefined): ServiceError {
  if (validate !== undefined && text.search(NOT_FINITE) >= 0) {
    try {
      validate(JSON.parse(text.replace(NOT_FINITE, '"$1"')));
    } catch (error) {
      if (error instanceof ServiceError) return error;
    }
  }
  return bodyError('json.invalid');
}

/**
 * Parses a JSON body.
 *
 * @param contentType the request's header, for its charset
 * @param validate finds the field of a non-finite number
 * @throws ServiceError BAD_REQUEST naming the field where possible; UNSUPPORTED_TYPE for a charset other than UTF-8
 */
export function parseJson(
  body: Buffer,
  contentType: string | undefined,
  structure: StructureLimits,
  validate?: (value: unknown) => unknown,
): unknown {
  // Other charsets can encode a structural character in several ways, so counting bytes would miss some.
  const charset = CHARSET.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii')
    throw bodyError('charset.unsupported');
  if (body.length === 0) throw bodyError('json.empty');
  checkStructure(body, structure);
  const text = new TextDecoder().decode(body);
  try {
    return JSON.parse(text);
  } catch {
    throw invalidJson(text, validate);
  }
}
