/** What Triton's and KServe's clients ask about models. */
import { MODEL_CONFIG, MODEL_LIST, REPOSITORY_INDEX, STATISTICS } from '../../../service/api/model-schemas';
import type { Running } from '../../../service/main';
import { expectProblem, json, post } from '../../support/client';
import { fakeModels, grey, startServer } from '../../support/server';

let server: Running & { url: string };
let version: string;
beforeAll(async () => {
  server = await startServer({}, undefined, { parallelism: { processes: 2, threads: 1 } });
  await server.ready;
  version = (await json(await get('/v2/models/latency'))).versions[0];
});
afterAll(() => server.stop());

const get = (path: string) => fetch(`${server.url}${path}`);
const index = (body: string) => post(`${server.url}/v2/repository/index`, body, 'application/json');

test.each(['/v2/models', '/v1/models'])('%s lists the models', async (path) => {
  expect(MODEL_LIST.parse(await json(await get(path)))).toEqual({ models: ['accuracy', 'latency'] });
});

test('the V1 protocol says that a model is ready', async () => {
  expect(await json(await get('/v1/models/latency'))).toEqual({ name: 'latency', ready: true });
  const unknown = await get('/v1/models/speed');
  expect((await json(unknown.clone())).error).toMatch(/"speed" is not served/);
  await expectProblem(unknown, 404, 'UNKNOWN_MODEL', /"speed"/);
});

describe.each(['/v2/models/latency', '/v2/models/latency/versions/VERSION'])('at %s', (given) => {
  const path = () => given.replace('VERSION', version);

  test('the configuration has the tensors without their batch', async () => {
    expect(MODEL_CONFIG.parse(await json(await get(`${path()}/config`)))).toMatchObject({
      name: 'latency',
      platform: 'tandem_onnxruntime',
      max_batch_size: 8,
      input: [{ name: 'image', data_type: 'TYPE_FP32', format: 'FORMAT_NHWC', dims: [224, 224, 3] }],
      output: [{ name: 'probabilities', data_type: 'TYPE_FP32', dims: [3] }],
      instance_group: [{ kind: 'KIND_CPU', count: 2 }],
    });
  });

  test('the statistics count inferences', async () => {
    const read = async () =>
      STATISTICS.parse(await json(await get(`${path()}/stats`))).model_stats.find(
        ({ name }) => name === 'latency',
      )!;
    const before = await read();
    const jpeg = await grey(0.9).jpeg().toBuffer();
    await post(`${server.url}/v1/classify?model=latency`, jpeg, 'image/jpeg');
    await post(`${server.url}/v1/classify?model=latency`, Buffer.from('no image'), 'image/jpeg');
    const after = await read();
    expect(after.version).toBe(version);
    expect(after.inference_count - before.inference_count).toBe(1);
    expect(after.execution_count - before.execution_count).toBe(1);
    expect(after.inference_stats.fail.count - before.inference_stats.fail.count).toBe(1);
    expect(after.last_inference).toBeGreaterThan(Date.now() - 60_000);
    // The fake engine takes 30 ms.
    const inferNs = after.inference_stats.compute_infer.ns - before.inference_stats.compute_infer.ns;
    expect(inferNs).toBeGreaterThan(20e6);
    expect(after.inference_stats.success.ns - before.inference_stats.success.ns).toBeGreaterThan(inferNs);
    expect(after.batch_stats).toMatchObject([
      { batch_size: 1, compute_infer: { count: after.execution_count } },
    ]);
  });
});

test.each(['config', 'stats'])('%s of another version is 404', async (what) => {
  await expectProblem(
    await get(`/v2/models/latency/versions/1/${what}`),
    404,
    'UNKNOWN_VERSION',
    /does not have/,
  );
});

test('the statistics of all models have one entry each', async () => {
  const { model_stats } = STATISTICS.parse(await json(await get('/v2/models/stats')));
  expect(model_stats.map(({ name }) => name)).toEqual(['accuracy', 'latency']);
});

test('the repository index lists the models, for no body and for an object', async () => {
  const strings = JSON.stringify({ others: new Array(1_100).fill('') });
  for (const body of ['', '{}', '{"ready": true}', '{"ready": null, "other": 1}', strings]) {
    const entries = REPOSITORY_INDEX.parse(await json(await index(body)));
    expect(entries).toMatchObject([{ name: 'accuracy' }, { name: 'latency', version, state: 'READY' }]);
  }
  await expectProblem(
    await index('{"ready": 1}'),
    400,
    'BAD_REQUEST',
    /ready must be true or false/,
    'ready',
  );
});

test('a model that cannot be loaded is in the index, unless only ready ones are asked for', async () => {
  const broken = await startServer({ models: ['latency'], modelsDir: fakeModels('broken') });
  const ask = async (body: string) =>
    json(await post(`${broken.url}/v2/repository/index`, body, 'application/json'));
  try {
    let entries: { state: string }[] = [];
    for (let tries = 0; entries[0]?.state !== 'UNAVAILABLE' && tries < 200; tries++) {
      entries = REPOSITORY_INDEX.parse(await ask('{}'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(entries).toEqual([
      { name: 'latency', state: 'UNAVAILABLE', reason: expect.stringMatching(/cannot be loaded/) },
    ]);
    expect(await ask('{"ready": true}')).toEqual([]);
  } finally {
    await broken.stop();
  }
});
