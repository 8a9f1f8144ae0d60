/**
 * The OpenAPI document, made of the table of operations and the schemas that check requests: `npm run openapi`.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
import { z } from 'zod';

import { PROBLEM } from '../problem';
import { type ErrorCode, ERRORS, HTTP_PORT, IMAGE_FIELD, IMAGE_TYPES } from '../contract';
import { PACKAGE_VERSION } from '../../files/package-version';
import { COMMON_ERRORS, type Content, type Operation, type OperationId, OPERATIONS } from './endpoints';
import {
  CLASSIFICATION,
  CLASSIFICATIONS,
  CLASSIFY_JSON,
  INFER_ANSWER,
  INFER_REQUEST,
  MODEL_METADATA,
  READY,
  SERVER_METADATA,
} from './schemas';

type Json = Readonly<Record<string, unknown>>;

const SECURITY_SCHEME = 'apiKey';

/** Headers that every request may bring and every answer has. */
const REQUEST_HEADERS = {
  'x-request-id': 'Up to 64 letters, digits, dots, underscores and hyphens; what is otherwise is replaced.',
  traceparent: 'W3C trace context: logged and given back; what is invalid is ignored.',
  tracestate: 'Given back untouched with a valid traceparent.',
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
    description: 'Names the request in the log.',
    required: true,
    schema: { type: 'string' },
  },
};
const RETRY_AFTER = {
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer', minimum: 1 },
  },
};
const WWW_AUTHENTICATE = { 'WWW-Authenticate': { required: true, schema: { type: 'string' } } };

/** Schemas that the document names. */
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

/** A JSON schema as it stands inside of the document. */
function inner(schema: object): Json {
  const left: Record<string, unknown> = { ...schema };
  delete left['$schema'];
  delete left['$id'];
  return left;
}

function namedSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: uriOf, unrepresentable: 'any' });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inner(schema)]));
}

function schemaOf(schema: z.ZodType): Json {
  const name = nameOf(schema);
  if (name !== undefined) return { $ref: uriOf(name) };
  return inner(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function contentOf(content: Content): Json {
  const media = (held: Content[string]) => {
    if (held === 'opaque') return {};
    if (held instanceof z.ZodType) return { schema: schemaOf(held) };
    return { schema: { anyOf: held.map((schema) => schemaOf(schema)) } };
  };
  const encoding = { encoding: { [IMAGE_FIELD]: { contentType: IMAGE_TYPES.join(', ') } } };
  return Object.fromEntries(
    Object.entries(content).map(([type, held]) => [
      type,
      { ...media(held), ...(type === 'multipart/form-data' ? encoding : {}) },
    ]),
  );
}

const parametersOf = (schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] =>
  Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: schemaOf(field as z.ZodType),
  }));

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
        content: { 'application/problem+json': { schema: schemaOf(PROBLEM) } },
      },
    ]),
  );
}

function operationObject(id: OperationId, operation: Operation): Json {
  const {
    summary,
    description,
    pathParameters,
    query,
    body,
    answer,
    errors = [],
    isOpen = false,
  } = operation;
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...parametersOf(pathParameters, 'path'),
      ...parametersOf(query, 'query'),
      ...HEADER_REFERENCES,
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    // Empty where no key is needed; else with or without one, as the operator decides.
    security: isOpen ? [] : [{ [SECURITY_SCHEME]: [] }, {}],
    responses: {
      200: { description: 'Done.', headers: RESPONSE_HEADERS, content: contentOf(answer) },
      ...errorResponses([...COMMON_ERRORS, ...(isOpen ? [] : (['UNAUTHENTICATED'] as const)), ...errors]),
    },
  };
}

/** The document of a service that has the given operations. */
export function openApiDocument(ids: readonly OperationId[]): Json {
  const paths = ids.map((id): [string, Json] => {
    const operation = OPERATIONS[id];
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    return [path, { [operation.method.toLowerCase()]: operationObject(id, operation) }];
  });
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tandem',
      version: PACKAGE_VERSION,
      description: 'Two image classifiers, one tuned for accuracy and one for latency.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: `Port ${HTTP_PORT} of a pod.` }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: namedSchemas(),
      parameters: Object.fromEntries(HEADER_PARAMETERS.map((parameter) => [parameter.name, parameter])),
      securitySchemes: { [SECURITY_SCHEME]: { type: 'http', scheme: 'bearer' } },
    },
  };
}

if (require.main === module) {
  console.log(JSON.stringify(openApiDocument(Object.keys(OPERATIONS) as OperationId[]), undefined, 2));
}
