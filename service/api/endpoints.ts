/**
 * Every operation of the HTTP API in one table. The routes and /openapi.json are both built from it.
 */
import { z } from 'zod';

import { IMAGE_MEDIA_TYPES } from '../../models/data/image-formats';
import { IMAGE_FIELDS, LIMITS, PATHS } from '../contract';
import { json, type Operation, WORK_ERRORS } from './operation';
import { PROTOCOL_OPERATIONS } from './protocol-endpoints';
import { CLASSIFICATION, CLASSIFICATIONS, CLASSIFY_JSON, CLASSIFY_QUERY, SAMPLES } from './schemas';

const FORM = z.strictObject({
  [IMAGE_FIELDS[0]]: z
    .array(z.string().meta({ format: 'binary' }))
    .min(1)
    .max(LIMITS.images),
  model: CLASSIFY_QUERY.shape.model,
  top: CLASSIFY_QUERY.shape.top.unwrap().optional(),
});

const operations = {
  classify: {
    method: 'POST',
    path: PATHS.classify,
    summary: 'Classify one or several images',
    description: `Send one image as the raw body, or up to ${LIMITS.images} images as a form or as JSON. The bytes decide what a body or a file is, whatever type it declares. A raw body returns the classes of its image. A form or JSON body returns one result per image, in order. An image that is refused or cannot be decoded yields a \`problem\` entry; the other images are still classified. If no image can be classified, the response is the first image's problem.`,
    query: CLASSIFY_QUERY,
    body: {
      ...Object.fromEntries<'binary'>(IMAGE_MEDIA_TYPES.map((type) => [type, 'binary'])),
      'application/octet-stream': 'binary',
      'multipart/form-data': FORM,
      ...json(CLASSIFY_JSON),
    },
    answer: { 'application/json': [CLASSIFICATION, CLASSIFICATIONS] },
    errors: [...WORK_ERRORS, 'BAD_IMAGE'],
  },
  ...PROTOCOL_OPERATIONS,
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
    answer: { 'text/plain': 'text' },
  },
  page: {
    method: 'GET',
    path: PATHS.page,
    summary: 'Get the demo page',
    answer: { 'text/html': 'text' },
    isOpen: true,
  },
  docs: {
    method: 'GET',
    path: PATHS.docs,
    summary: 'Get the API explorer',
    answer: { 'text/html': 'text' },
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
    answer: { 'image/jpeg': 'binary' },
    errors: ['NOT_FOUND'],
    isOpen: true,
  },
} satisfies Readonly<Record<string, Operation>>;

/** Name of an operation: its `operationId` in the document. */
export type OperationId = keyof typeof operations;
/** All operations by name. */
export const OPERATIONS: Readonly<Record<OperationId, Operation>> = operations;
