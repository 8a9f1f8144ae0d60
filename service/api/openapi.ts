/**
 * Builds the OpenAPI document from the table of operations and their zod schemas. `npx tandem openapi` prints it.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
import type { RequestHandler } from 'express';
import { z } from 'zod';

import type { ModelName } from '../../models/catalog';
import { PROBLEM } from '../problem';
import { type ErrorCode, ERRORS, HTTP_PORT, PATHS } from '../contract';
import { PACKAGE_VERSION } from '../../files/package-version';
import { type OperationId, OPERATIONS } from './endpoints';
import { COMMON_ERRORS, type Content, type Operation } from './operation';
import {
  CLASSIFICATION,
  CLASSIFICATIONS,
  CLASSIFY_JSON,
  MODEL_METADATA,
  MODEL_NAMES,
  READY,
  SERVER_METADATA,
} from './schemas';
import { INFER_ANSWER, INFER_REQUEST } from './infer-schemas';

type Json = Readonly<Record<string, unknown>>;

const SECURITY_SCHEME = 'apiKey';

/** Headers that every request may send. */
const REQUEST_HEADERS = {
  'x-request-id':
    '1 to 64 letters, digits, dots, underscores and hyphens; the service replaces any other value.',
  traceparent: 'W3C trace context: logged and echoed; ignored when invalid.',
  tracestate: 'Echoed unchanged together with a valid traceparent.',
};
const HEADER_PARAMETERS = Object.entries(REQUEST_HEADERS).map(([name, description]) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
}));
const HEADER_REFERENCES = HEADER_PARAMETERS.map(({ name }) => ({ $ref: `#/components/parameters/${name}` }));
const RESPONSE_HEADERS = {
  'x-request-id': {
    description: 'Identifies the request in the log.',
    required: true,
    schema: { type: 'string' },
  },
};
const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds to wait before the next attempt.',
    schema: { type: 'integer', minimum: 1 },
  },
};
const WWW_AUTHENTICATE = { 'WWW-Authenticate': { required: true, schema: { type: 'string' } } };

/** Schemas listed by name under `components`. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Classification: CLASSIFICATION,
  Classifications: CLASSIFICATIONS,
  ImagesInJson: CLASSIFY_JSON,
  InferRequest: INFER_REQUEST,
  InferAnswer: INFER_ANSWER,
  ModelMetadata: MODEL_METADATA,
  Problem: PROBLEM,
  Ready: READY,
  ServerMetadata: SERVER_METADATA,
};
const nameOf = (schema: z.ZodType) => Object.keys(NAMED).find((name) => NAMED[name] === schema);
const uriOf = (name: string) => `#/components/schemas/${name}`;

/** Drops the keys that only a stand-alone JSON schema has. */
function embedded(schema: object): Json {
  const result: Record<string, unknown> = { ...schema };
  delete result['$schema'];
  delete result['$id'];
  return result;
}

type Models = readonly ModelName[];

/** Lists the served models wherever a schema is a model's name. */
const listing =
  (models: Models): NonNullable<z.core.ToJSONSchemaParams['override']> =>
  ({ zodSchema, jsonSchema }) => {
    if (MODEL_NAMES.includes(zodSchema)) jsonSchema.enum = [...models];
  };

function namedSchemas(models: Models): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const override = listing(models);
  const { schemas } = z.toJSONSchema(registry, { uri: uriOf, unrepresentable: 'any', override });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, embedded(schema)]));
}

function schemaOf(schema: z.ZodType, models: Models): Json {
  const name = nameOf(schema);
  if (name !== undefined) return { $ref: uriOf(name) };
  return embedded(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: listing(models) }));
}

function contentOf(content: Content, models: Models): Json {
  const media = (schema: Content[string]) => {
    if (schema === 'text') return { schema: { type: 'string' } };
    if (schema === 'binary') return { schema: { type: 'string', format: 'binary' } };
    if (schema instanceof z.ZodType) return { schema: schemaOf(schema, models) };
    return { schema: { anyOf: schema.map((each) => schemaOf(each, models)) } };
  };
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, media(schema)]));
}

const parametersOf = (
  schema: z.ZodObject | undefined,
  place: 'path' | 'query' | 'header',
  models: Models,
): Json[] =>
  Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: schemaOf(field as z.ZodType, models),
  }));

const responseHeadersOf = (schema: z.ZodObject | undefined, models: Models): Json =>
  Object.fromEntries(
    Object.entries(schema?.shape ?? {}).map(([name, field]): [string, Json] => [
      name,
      { schema: schemaOf(field as z.ZodType, models) },
    ]),
  );

function errorResponses(codes: readonly ErrorCode[]): Json {
  const unique = [...new Set(codes)];
  return Object.fromEntries(
    [...new Set(unique.map((code) => ERRORS[code].status))].map((status) => [
      status,
      {
        description: unique
          .filter((code) => ERRORS[code].status === status)
          .map((code) => `${code}: ${ERRORS[code].title}.`)
          .join(' '),
        headers: {
          ...RESPONSE_HEADERS,
          ...(status === 503 ? RETRY_AFTER : {}),
          ...(status === 401 ? WWW_AUTHENTICATE : {}),
        },
        content: { 'application/problem+json': { schema: { $ref: uriOf('Problem') } } },
      },
    ]),
  );
}

/** Groups of operations: the first whose paths start so. */
const TAGS = [
  { name: 'classification', description: 'Images in, classes out.', start: PATHS.classify },
  {
    name: 'open-inference',
    description: 'The Open Inference Protocol, or V2 protocol.',
    start: PATHS.server,
  },
  { name: 'v1', description: 'KServe’s V1 protocol, which is TensorFlow Serving’s.', start: PATHS.v1Models },
  { name: 'service', description: 'The page, this document and the metrics.', start: '/' },
] as const;
const tagOf = (path: string) => TAGS.find(({ start }) => path.startsWith(start))!;

function operationObject(id: OperationId, operation: Operation, models: Models): Json {
  const {
    summary,
    description,
    pathParameters,
    query,
    headers,
    body,
    isBodyOptional = false,
    answer,
    errors = [],
    isOpen = false,
  } = operation;
  return {
    operationId: id,
    summary,
    description: description ?? `${summary}.`,
    tags: [tagOf(operation.path).name],
    parameters: [
      ...parametersOf(pathParameters, 'path', models),
      ...parametersOf(query, 'query', models),
      ...parametersOf(headers, 'header', models),
      ...HEADER_REFERENCES,
    ],
    ...(body === undefined
      ? {}
      : { requestBody: { required: !isBodyOptional, content: contentOf(body, models) } }),
    // Empty: no key needed. Otherwise the key is optional in the document, because the operator decides.
    security: isOpen ? [] : [{ [SECURITY_SCHEME]: [] }, {}],
    responses: {
      200: {
        description: 'Success.',
        headers: { ...RESPONSE_HEADERS, ...responseHeadersOf(headers, models) },
        content: contentOf(answer, models),
      },
      ...errorResponses([...COMMON_ERRORS, ...(isOpen ? [] : (['UNAUTHENTICATED'] as const)), ...errors]),
    },
  };
}

/** A path of Express as OpenAPI writes it. */
export const documentedPath = (path: string): string =>
  path.replace(/(?<!\\):(\w+)/g, '{$1}').replaceAll('\\', '');

/** The document of a service with the given operations and models. */
export function openApiDocument(ids: readonly OperationId[], models: Models): Json {
  const paths = ids.map((id): [string, Json] => {
    const operation = OPERATIONS[id];
    const path = documentedPath(operation.path);
    return [path, { [operation.method.toLowerCase()]: operationObject(id, operation, models) }];
  });
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tandem',
      version: PACKAGE_VERSION,
      description: `Image classifiers: ${models.join(', ')}.`,
      contact: { name: 'Tandem' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: `Port ${HTTP_PORT} of a pod.` }],
    tags: TAGS.map(({ name, description }) => ({ name, description })),
    paths: Object.fromEntries(paths),
    components: {
      schemas: namedSchemas(models),
      parameters: Object.fromEntries(HEADER_PARAMETERS.map((parameter) => [parameter.name, parameter])),
      securitySchemes: { [SECURITY_SCHEME]: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** Sends the document of the given operations and models. The first request makes it: a start must not wait for it. */
export function openApiHandler(ids: readonly OperationId[], models: Models): RequestHandler {
  let document: Json | undefined;
  return (_request, response) => void response.json((document ??= openApiDocument(ids, models)));
}

/** The document of a service with every operation. */
export const completeDocument = (models: Models): Json =>
  openApiDocument(Object.keys(OPERATIONS) as OperationId[], models);
