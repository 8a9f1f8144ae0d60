/**
 * Every operation of the HTTP API in one table. The routes and /openapi.json are both built from it.
 */
import { z } from 'zod';

import { type ErrorCode, IMAGE_FIELD, LIMITS, PATHS } from '../contract';
import { IMAGE_MEDIA_TYPES } from '../../models/data/image-formats';
import {
  CLASSIFICATION,
  CLASSIFICATIONS,
  CLASSIFY_JSON,
  CLASSIFY_QUERY,
  INFER_ANSWER,
  INFER_REQUEST,
  LIVE,
  MODEL_ID,
  MODEL_METADATA,
  READY,
  SAMPLES,
  SERVER_METADATA,
  VERSION,
} from './schemas';

/** The schema of each media type; `opaque` for bytes and text without a schema, a list for alternatives. */
export type Content = Readonly<Record<string, z.ZodType | 'opaque' | readonly z.ZodType[]>>;

/** One operation. */
export interface Operation {
  readonly method: 'GET' | 'POST';
  /** In Express' form: `/v2/models/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly pathParameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: Content;
  readonly answer: Content;
  /** Errors beyond {@link COMMON_ERRORS}. */
  readonly errors?: readonly ErrorCode[];
  /** Needs no API key: probes, and what reveals nothing about the models. @default false */
  readonly isOpen?: boolean;
}

/** Errors that any request can cause. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  'BAD_REQUEST',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
];

const WORK_ERRORS: readonly ErrorCode[] = [
  'UNKNOWN_MODEL',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_TYPE',
  'OVERLOADED',
  'NOT_READY',
  'WORKER_FAILED',
  'DEADLINE_EXCEEDED',
];
const json = (schema: z.ZodType): Content => ({ 'application/json': schema });
const ofModel = z.strictObject({ id: MODEL_ID });
const ofVersion = z.strictObject({ id: MODEL_ID, version: VERSION });

const modelMetadata = {
  method: 'GET',
  summary: 'Get a model’s metadata',
  answer: json(MODEL_METADATA),
} as const;
const modelReady = {
  method: 'GET',
  summary: 'Check whether a model is ready',
  answer: json(READY),
  isOpen: true,
} as const;
const infer = {
  method: 'POST',
  summary: 'Classify image tensors',
  description:
    'Unknown parameters are ignored, as the protocol requires. The binary tensor extension is not supported.',
  body: json(INFER_REQUEST),
  answer: json(INFER_ANSWER),
} as const;

const FORM = z.strictObject({
  [IMAGE_FIELD]: z
    .array(z.string().meta({ format: 'binary' }))
    .min(1)
    .max(LIMITS.images),
});

const operations = {
  classify: {
    method: 'POST',
    path: PATHS.classify,
    summary: 'Classify one or several images',
    description: `Send one image as the raw body, or up to ${LIMITS.images} images as a form or as JSON. A raw body returns the classes of its image. A form or JSON body returns one result per image, in order. An image that cannot be decoded yields a \`problem\` entry; the other images are still classified. If no image can be decoded, the response is the first image's problem.`,
    query: CLASSIFY_QUERY,
    body: {
      ...Object.fromEntries(IMAGE_MEDIA_TYPES.map((type) => [type, 'opaque'])),
      'multipart/form-data': FORM,
      ...json(CLASSIFY_JSON),
    },
    answer: { 'application/json': [CLASSIFICATION, CLASSIFICATIONS] },
    errors: [...WORK_ERRORS, 'BAD_IMAGE'],
  },
  live: {
    method: 'GET',
    path: PATHS.live,
    summary: 'Check whether the server is live',
    answer: json(LIVE),
    isOpen: true,
  },
  ready: {
    method: 'GET',
    path: PATHS.ready,
    summary: 'Check whether every model is ready',
    answer: json(READY),
    errors: ['NOT_READY'],
    isOpen: true,
  },
  server: {
    method: 'GET',
    path: PATHS.server,
    summary: 'Get the server’s metadata and its models',
    answer: json(SERVER_METADATA),
  },
  model: {
    ...modelMetadata,
    path: PATHS.model,
    pathParameters: ofModel,
    errors: ['UNKNOWN_MODEL', 'NOT_READY'],
  },
  modelVersion: {
    ...modelMetadata,
    path: PATHS.modelVersion,
    pathParameters: ofVersion,
    errors: ['UNKNOWN_MODEL', 'UNKNOWN_VERSION', 'NOT_READY'],
  },
  modelReady: {
    ...modelReady,
    path: PATHS.modelReady,
    pathParameters: ofModel,
    errors: ['UNKNOWN_MODEL', 'NOT_READY'],
  },
  modelVersionReady: {
    ...modelReady,
    path: PATHS.modelVersionReady,
    pathParameters: ofVersion,
    errors: ['UNKNOWN_MODEL', 'UNKNOWN_VERSION', 'NOT_READY'],
  },
  infer: { ...infer, path: PATHS.infer, pathParameters: ofModel, errors: WORK_ERRORS },
  inferVersion: {
    ...infer,
    path: PATHS.inferVersion,
    pathParameters: ofVersion,
    errors: [...WORK_ERRORS, 'UNKNOWN_VERSION'],
  },
  openapi: {
    method: 'GET',
    path: PATHS.openapi,
    summary: 'Get this OpenAPI document',
    answer: json(z.looseObject({ openapi: z.string() })),
    isOpen: true,
  },
  metrics: {
    method: 'GET',
    path: PATHS.metrics,
    summary: 'Get Prometheus metrics',
    answer: { 'text/plain': 'opaque' },
  },
  page: {
    method: 'GET',
    path: PATHS.page,
    summary: 'Get the demo page',
    answer: { 'text/html': 'opaque' },
    isOpen: true,
  },
  docs: {
    method: 'GET',
    path: PATHS.docs,
    summary: 'Get the API explorer',
    answer: { 'text/html': 'opaque' },
    isOpen: true,
  },
  samples: {
    method: 'GET',
    path: PATHS.samples,
    summary: 'List the sample images',
    answer: json(SAMPLES),
    isOpen: true,
  },
  sample: {
    method: 'GET',
    path: PATHS.sample,
    summary: 'Get a sample image',
    pathParameters: z.strictObject({ name: z.string() }),
    answer: { 'image/jpeg': 'opaque' },
    errors: ['NOT_FOUND'],
    isOpen: true,
  },
} satisfies Readonly<Record<string, Operation>>;

/** Name of an operation: its `operationId` in the document. */
export type OperationId = keyof typeof operations;
/** All operations by name. */
export const OPERATIONS: Readonly<Record<OperationId, Operation>> = operations;
