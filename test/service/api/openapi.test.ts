import { execFileSync } from 'node:child_process';

import { pino } from 'pino';

import { MODEL_IDS } from '../../../models/catalog';
import { createApp } from '../../../service/api/app';
import { createMetrics } from '../../../service/metrics';
import { documentedPath, openApiDocument } from '../../../service/api/openapi';
import { type OperationId, OPERATIONS } from '../../../service/api/endpoints';

const ALL = Object.keys(OPERATIONS) as OperationId[];
interface Item {
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly headers: object }>>;
}
const document = openApiDocument(ALL, MODEL_IDS) as { readonly paths: Record<string, Record<string, Item>> };

interface Layer {
  readonly route?: { readonly path: string };
}

function routesOf(hasMetricsPort: boolean): string[] {
  const app = createApp({
    models: MODEL_IDS,
    queues: new Map(),
    metrics: createMetrics(new Map()),
    cpuLimitMillis: 1000,
    log: pino({ level: 'silent' }),
    draining: () => false,
    samplesDir: 'none',
    modelDirOf: () => 'none',
    hasMetricsPort,
  });
  const layers = (app.router as unknown as { stack: Layer[] }).stack;
  return layers.flatMap(({ route }) => (route === undefined ? [] : [documentedPath(route.path)]));
}

// In a process of its own: the validator is an ES module, which Jest's contexts cannot import.
const SCRIPT = `
  import('@seriousme/openapi-schema-validator').then(async ({ Validator }) => {
    const document = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
    const { info, ...broken } = document;
    const results = [];
    for (const each of [document, broken]) results.push(await new Validator().validate(each));
    console.log(JSON.stringify(results));
  });
`;

test('the document is valid OpenAPI 3.1, and the validator rejects one without info', () => {
  const output = execFileSync(process.execPath, ['-e', SCRIPT], {
    input: JSON.stringify(document),
    encoding: 'utf8',
  });
  const [whole, broken] = JSON.parse(output);
  expect(whole).toEqual({ valid: true });
  expect(broken.valid).toBe(false);
});

test('the document lists exactly the routes', () => {
  expect(routesOf(false).sort()).toEqual(Object.keys(document.paths).sort());
  expect(new Set(routesOf(false)).size).toBe(ALL.length);
});

test('with a separate metrics port, the main port has no metrics route', () => {
  expect(routesOf(true).sort()).toEqual(
    Object.keys(document.paths)
      .filter((path) => path !== '/metrics')
      .sort(),
  );
});

test('probes, the page and the document need no key; everything else can require one', () => {
  const open = Object.entries(document.paths).filter(
    ([, item]) => Object.values(item)[0]!.security.length === 0,
  );
  expect(open.map(([path]) => path).sort()).toEqual([
    '/',
    '/docs',
    '/openapi.json',
    '/samples',
    '/samples/{name}',
    '/v1/models/{id}',
    '/v2/health/live',
    '/v2/health/ready',
    '/v2/models/{id}/ready',
    '/v2/models/{id}/versions/{version}/ready',
  ]);
});

test('the document lists the served models in paths, queries, bodies and answers', () => {
  const documentOf = (...models: string[]) => JSON.stringify(openApiDocument(ALL, models));
  const flowers = documentOf('flowers');
  expect(flowers).toContain('"enum":["flowers"]');
  expect(flowers).not.toMatch(/"enum":\["(accuracy|latency)/);
  const lists = (text: string) => text.match(/"enum":\["[^\]]*birds"\]/g)?.length;
  expect(lists(documentOf('birds'))).toBe(lists(documentOf('flowers', 'birds')));
  expect(flowers.replaceAll('flowers', 'birds')).toBe(documentOf('birds'));
  const path = document.paths['/v2/models/{id}']!['get']!;
  expect(path.parameters[0]!.schema).toEqual({ type: 'string', enum: [...MODEL_IDS] });
});

test('the document shows the limits that requests are validated against', () => {
  const { parameters, requestBody } = document.paths['/v1/classify']!['post']!;
  const top = parameters.find(({ name }) => name === 'top');
  expect(top!.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 1000, default: 5 });
  expect(Object.keys(requestBody.content)).toEqual([
    'image/jpeg',
    'image/png',
    'image/webp',
    'application/octet-stream',
    'multipart/form-data',
    'application/json',
  ]);
});

test.each(['/v2/models/{id}/infer', '/v2/models/{id}/versions/{version}/infer'])(
  '%s has the length of the JSON before a binary tensor as a header, both ways',
  (path) => {
    const name = 'Inference-Header-Content-Length';
    const { parameters, responses } = document.paths[path]!['post']!;
    const sent = parameters.find((parameter) => parameter.name === name);
    expect(sent).toMatchObject({ in: 'header', required: false, schema: { type: 'integer', minimum: 0 } });
    expect(responses['200']!.headers).toHaveProperty([name, 'schema', 'type'], 'integer');
    expect(document.paths['/v1/classify']!['post']!.responses['200']!.headers).not.toHaveProperty(name);
  },
);

test('wherever an answer says demo, the document says of which models it is true', () => {
  const found: { readonly description?: string }[] = [];
  JSON.stringify(document, (key, value: unknown) => {
    if (key === 'demo') found.push(value as object);
    return value;
  });
  expect(found.length).toBeGreaterThanOrEqual(4);
  for (const { description } of found) expect(description).toMatch(/^True for the demo models of the reposi/);
});
