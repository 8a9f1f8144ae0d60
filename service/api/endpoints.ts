/**
 * Everything that can be asked of the service: the application makes its routes of this table, and /openapi.json its
 * document.
 */
import { z } from 'zod';

import { type ErrorCode, IMAGE_FIELD, IMAGE_TYPES, LIMITS, PATHS } from '../contract';
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

/** Media types by what they hold: a schema, or bytes and text that none describes. */
export type Content = Readonly<Record<string, z.ZodType | 'opaque' | readonly z.ZodType[]>>;

/** One thing that can be asked. */
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
  /** What can go wrong beyond {@link COMMON_ERRORS}. */
  readonly errors?: readonly ErrorCode[];
  /** Answered without an API key: probes, and what tells nothing of the models. */
  readonly isOpen?: boolean;
}

/** Errors of every request. */
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
  summary: 'A model’s metadata',
  answer: json(MODEL_METADATA),
} as const;
const modelReady = {
  method: 'GET',
  summary: 'Whether a model is ready',
  answer: json(READY),
  isOpen: true,
} as const;
const infer = {
  method: 'POST',
  summary: 'Probabilities of tensors',
  description:
    'Parameters that are not named here may be sent, as the protocol says, and change nothing. The binary extension is not there.',
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
    summary: 'The classes of an image, or of several',
    description: `A raw image is answered with its classes, or with the problem. A form or a JSON body, of up to ${LIMITS.images} images, is answered with one result an image in their order; an image that cannot be decoded has its problem for a result and spoils no other. Only where none of them can be decoded is the answer the first one's problem.`,
    query: CLASSIFY_QUERY,
    body: {
      ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, 'opaque'])),
      'multipart/form-data': FORM,
      ...json(CLASSIFY_JSON),
    },
    answer: { 'application/json': [CLASSIFICATION, CLASSIFICATIONS] },
    errors: [...WORK_ERRORS, 'BAD_IMAGE'],
  },
  live: { method: 'GET', path: PATHS.live, summary: 'Whether it runs', answer: json(LIVE), isOpen: true },
  ready: {
    method: 'GET',
    path: PATHS.ready,
    summary: 'Whether every model is ready',
    answer: json(READY),
    errors: ['NOT_READY'],
    isOpen: true,
  },
  server: { method: 'GET', path: PATHS.server, summary: 'What is served', answer: json(SERVER_METADATA) },
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
    summary: 'This document',
    answer: json(z.looseObject({ openapi: z.string() })),
    isOpen: true,
  },
  metrics: {
    method: 'GET',
    path: PATHS.metrics,
    summary: 'Prometheus metrics',
    answer: { 'text/plain': 'opaque' },
  },
  page: {
    method: 'GET',
    path: PATHS.page,
    summary: 'The page',
    answer: { 'text/html': 'opaque' },
    isOpen: true,
  },
  samples: {
    method: 'GET',
    path: PATHS.samples,
    summary: 'Names of the sample images',
    answer: json(SAMPLES),
    isOpen: true,
  },
  sample: {
    method: 'GET',
    path: PATHS.sample,
    summary: 'A sample image',
    pathParameters: z.strictObject({ name: z.string() }),
    answer: { 'image/jpeg': 'opaque' },
    errors: ['NOT_FOUND'],
    isOpen: true,
  },
} satisfies Readonly<Record<string, Operation>>;

/** Names of the operations, also those of the document. */
export type OperationId = keyof typeof operations;
/** All operations by name. */
export const OPERATIONS: Readonly<Record<OperationId, Operation>> = operations;
