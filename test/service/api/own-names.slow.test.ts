import { join } from 'node:path';

import { PATHS } from '../../../service/contract';
import type { Running } from '../../../service/main';
import { expectProblem, json, post } from '../../support/client';
import { fakeModels, grey, startServer } from '../../support/server';

let server: Running & { url: string };
let jpeg: Buffer;

beforeAll(async () => {
  const models = { 'flowers-2': 'mobilenetv2_050', birds: 'resnet50v2' } as const;
  server = await startServer({ models: Object.keys(models), modelsDir: fakeModels('', models) });
  await server.ready;
  jpeg = await grey(0.9).jpeg().toBuffer();
});
afterAll(() => server.stop());

const get = async (path: string) => json(await fetch(`${server.url}${path}`));

test('models are served under the names that they were trained with', async () => {
  expect(await get(PATHS.server)).toMatchObject({ models: ['flowers-2', 'birds'] });
  expect(await get(PATHS.v1Models)).toEqual({ models: ['flowers-2', 'birds'] });
  expect(await get('/v2/models/flowers-2')).toMatchObject({
    name: 'flowers-2',
    architecture: 'mobilenetv2_050',
  });
  const answer = await json(await post(`${server.url}/v1/classify?model=flowers-2`, jpeg, 'image/jpeg'));
  expect(answer).toMatchObject({ model: 'flowers-2', top: [{ class: 'light' }, {}, {}] });
  const instances = [{ b64: jpeg.toString('base64') }];
  const predicted = await post(
    `${server.url}/v1/models/birds:predict`,
    JSON.stringify({ instances }),
    'application/json',
  );
  expect(predicted.status).toBe(200);
});

test('a folder that is given may be served under another name than its model has', async () => {
  const models = fakeModels();
  const renamed = await startServer({ models: ['flowers'] }, 20_000, {
    modelDirs: new Map([['flowers', join(models, 'latency')]]),
  });
  try {
    await renamed.ready;
    const answer = await json(await post(`${renamed.url}/v1/classify`, jpeg, 'image/jpeg'));
    expect(answer).toMatchObject({ model: 'flowers' });
  } finally {
    await renamed.stop();
  }
});

test('a model that is not served is refused with the names of those that are', async () => {
  const answer = await post(`${server.url}/v1/classify?model=latency`, jpeg, 'image/jpeg');
  await expectProblem(answer, 404, 'UNKNOWN_MODEL', /choose one of flowers-2, birds/);
});

test('the OpenAPI document and the metrics have the names', async () => {
  const { paths } = await get(PATHS.openapi);
  const [id] = paths['/v2/models/{id}'].get.parameters;
  expect(id.schema).toEqual({ type: 'string', enum: ['flowers-2', 'birds'] });
  const metrics = await (await fetch(`${server.url}${PATHS.metrics}`)).text();
  for (const name of ['flowers-2', 'birds'])
    expect(metrics).toMatch(new RegExp(`^inference_worker_ready\\{model="${name}"\\} 1$`, 'm'));
});
