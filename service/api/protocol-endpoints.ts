/**
 * The operations of the Open Inference Protocol, with Triton's extensions, and of KServe's V1 protocol.
 */
import { z } from 'zod';

import { PATHS } from '../contract';
import { BINARY_HEADER } from './infer-request';
import { INFER_ANSWER, INFER_REQUEST } from './infer-schemas';
import { INDEX_REQUEST, MODEL_CONFIG, MODEL_LIST, REPOSITORY_INDEX, STATISTICS } from './model-schemas';
import { json, type Operation, WORK_ERRORS } from './operation';
import { PREDICT_ANSWER, PREDICT_REQUEST } from './predict';
import { LIVE, MODEL_METADATA, MODEL_NAME, READY, SERVER_METADATA, VERSION } from './schemas';

const ofModel = z.strictObject({ id: MODEL_NAME });
const ofVersion = z.strictObject({ id: MODEL_NAME, version: VERSION });
const MODEL_ERRORS = ['UNKNOWN_MODEL', 'NOT_READY'] as const;
const VERSION_ERRORS = [...MODEL_ERRORS, 'UNKNOWN_VERSION'] as const;

const model = {
  method: 'GET',
  pathParameters: ofModel,
  errors: MODEL_ERRORS,
} as const;
const version = { method: 'GET', pathParameters: ofVersion, errors: VERSION_ERRORS } as const;

const metadata = { summary: 'Get a model’s metadata', answer: json(MODEL_METADATA) } as const;
const ready = { summary: 'Check whether a model is ready', answer: json(READY), isOpen: true } as const;
const config = {
  summary: 'Get a model’s configuration as Triton shows it',
  answer: json(MODEL_CONFIG),
} as const;
const statistics = {
  summary: 'Get a model’s statistics as Triton shows them',
  answer: json(STATISTICS),
} as const;
const infer = {
  method: 'POST',
  summary: 'Classify image tensors',
  description:
    'Unknown members are ignored, and `null` counts as absent. Binary tensors follow the JSON as in Triton’s extension.',
  headers: z.strictObject({
    [BINARY_HEADER]: z.int().min(0).meta({
      description: 'Bytes of the JSON, when binary tensors follow it; absent when none do.',
    }),
  }),
  body: { ...json(INFER_REQUEST), 'application/octet-stream': 'binary' },
  answer: { ...json(INFER_ANSWER), 'application/octet-stream': 'binary' },
} as const;

/** In the order in which paths are matched. */
export const PROTOCOL_OPERATIONS = {
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
  serverMetadata: {
    method: 'GET',
    path: PATHS.server,
    summary: 'Get the server’s metadata and its models',
    answer: json(SERVER_METADATA),
  },
  models: { method: 'GET', path: PATHS.models, summary: 'List the models', answer: json(MODEL_LIST) },
  statistics: {
    method: 'GET',
    path: PATHS.statistics,
    summary: 'Get every model’s statistics as Triton shows them',
    answer: json(STATISTICS),
  },
  repositoryIndex: {
    method: 'POST',
    path: PATHS.repositoryIndex,
    summary: 'List the models with their versions and states as Triton does',
    body: json(INDEX_REQUEST),
    isBodyOptional: true,
    answer: json(REPOSITORY_INDEX),
    errors: ['BODY_TOO_LARGE', 'UNSUPPORTED_TYPE', 'OVERLOADED'],
  },
  modelMetadata: { ...model, ...metadata, path: PATHS.model },
  modelVersionMetadata: { ...version, ...metadata, path: PATHS.modelVersion },
  modelReady: { ...model, ...ready, path: PATHS.modelReady },
  modelVersionReady: { ...version, ...ready, path: PATHS.modelVersionReady },
  modelConfig: { ...model, ...config, path: PATHS.modelConfig },
  modelVersionConfig: { ...version, ...config, path: PATHS.modelVersionConfig },
  modelStatistics: { ...model, ...statistics, path: PATHS.modelStatistics },
  modelVersionStatistics: { ...version, ...statistics, path: PATHS.modelVersionStatistics },
  infer: { ...infer, path: PATHS.infer, pathParameters: ofModel, errors: WORK_ERRORS },
  inferVersion: {
    ...infer,
    path: PATHS.inferVersion,
    pathParameters: ofVersion,
    errors: [...WORK_ERRORS, 'UNKNOWN_VERSION'],
  },
  v1Models: {
    method: 'GET',
    path: PATHS.v1Models,
    summary: 'List the models (V1 protocol)',
    answer: json(MODEL_LIST),
  },
  predict: {
    method: 'POST',
    path: PATHS.predict,
    summary: 'Classify images (V1 protocol)',
    description: 'KServe’s V1 protocol and TensorFlow Serving’s REST API.',
    pathParameters: ofModel,
    body: json(PREDICT_REQUEST),
    answer: json(PREDICT_ANSWER),
    errors: [...WORK_ERRORS, 'BAD_IMAGE'],
  },
  v1Model: {
    ...model,
    ...ready,
    path: PATHS.v1Model,
    summary: 'Check whether a model is ready (V1 protocol)',
  },
} satisfies Readonly<Record<string, Operation>>;
