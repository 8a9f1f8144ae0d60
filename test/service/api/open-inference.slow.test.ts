import { LIMITS } from '../../../service/contract';
import type { Running } from '../../../service/main';
import { INFER_ANSWER } from '../../../service/api/infer-schemas';
import { MODEL_METADATA, READY, SERVER_METADATA } from '../../../service/api/schemas';
import { expectProblem, json, post } from '../../support/client';
import { startServer } from '../../support/server';

const SIDE = 224;
const SIZE = SIDE * SIDE * 3;

let server: Running & { url: string };
let version: string;

beforeAll(async () => {
  server = await startServer();
  await server.ready;
  const { state } = server.queues.get('latency')!;
  if (state.kind !== 'ready') throw new Error('the model is not ready');
  version = state.loaded.sha256.slice(0, 12);
});
afterAll(() => server.stop());

const get = (path: string) => fetch(`${server.url}${path}`);
const flat = (batch = 1, value = 0.5) => new Array<unknown>(batch * SIZE).fill(value);
const nested = (value = 0.5) => [
  Array.from({ length: SIDE }, () => Array.from({ length: SIDE }, () => [value, value, value])),
];
const tensor = (changes: object = {}) => ({
  name: 'image',
  datatype: 'FP32',
  shape: [1, SIDE, SIDE, 3],
  data: flat(),
  ...changes,
});
const infer = (body: unknown, path = '/v2/models/latency/infer') =>
  post(`${server.url}${path}`, typeof body === 'string' ? body : JSON.stringify(body), 'application/json');
const output = async (body: unknown) => INFER_ANSWER.parse(await json(await infer(body))).outputs[0]!;

test('the server states its name, version and extensions', async () => {
  expect(SERVER_METADATA.parse(await json(await get('/v2')))).toMatchObject({
    name: 'tandem',
    extensions: ['binary_tensor_data', 'classification', 'model_configuration', 'statistics'],
    models: ['accuracy', 'latency'],
  });
});

describe.each(['/v2/models/latency', '/v2/models/latency/versions/VERSION'])('at %s', (given) => {
  const path = () => given.replace('VERSION', version);

  test('a model describes itself', async () => {
    expect(MODEL_METADATA.parse(await json(await get(path())))).toMatchObject({
      name: 'latency',
      versions: [version],
      inputs: [
        {
          name: 'image',
          datatype: 'FP32',
          shape: [-1, SIDE, SIDE, 3],
          parameters: {
            layout: 'NHWC',
            channels: 'RGB',
            datatypes: 'FP32, UINT8',
            range_FP32: '[0, 1]',
            range_UINT8: '[0, 255]',
          },
        },
      ],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }],
      demo: true,
      classes: ['light', 'dark', 'other'],
      precision: 'fp32',
      threads: 1,
    });
  });

  test('a model is ready', async () => {
    expect(READY.parse(await json(await get(`${path()}/ready`)))).toEqual({
      name: 'latency',
      ready: true,
    });
  });

  test('a tensor becomes probabilities', async () => {
    const response = await infer({ id: 'a1', inputs: [tensor()] }, `${path()}/infer`);
    expect(response.status).toBe(200);
    const answer = INFER_ANSWER.parse(await json(response));
    expect(answer).toMatchObject({ model_name: 'latency', model_version: version, id: 'a1' });
    expect(answer.parameters).toEqual({ demo: true });
    expect(answer.outputs[0]).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [1, 3] });
    expect(answer.outputs[0]!.data![0]).toBeCloseTo(0.5);
  });
});

test.each(['', '/ready'])(
  'a version that is not there is 404 UNKNOWN_VERSION%s, naming the one that is',
  async (end) => {
    const response = await get(`/v2/models/latency/versions/1${end}`);
    await expectProblem(response, 404, 'UNKNOWN_VERSION', new RegExp(`use ${version} or omit`));
  },
);

test('infer with an unknown version or model gets 404', async () => {
  const body = { inputs: [tensor()] };
  const version = await infer(body, '/v2/models/latency/versions/1/infer');
  await expectProblem(version, 404, 'UNKNOWN_VERSION', /does not have this version/);
  const model = await infer(body, '/v2/models/speed/infer');
  await expectProblem(
    model,
    404,
    'UNKNOWN_MODEL',
    /model "speed" is not served here; choose one of accuracy, latency/,
  );
});

test('flat and nested numbers, alone or in a batch, give the same result', async () => {
  const expected = await output({ inputs: [tensor()] });
  expect(await output({ inputs: [tensor({ data: nested() })] })).toEqual(expected);
  const batch = [...nested(0.3), ...nested(0.5)];
  const both = await output({ inputs: [tensor({ shape: [2, SIDE, SIDE, 3], data: batch })] });
  expect(both.shape).toEqual([2, 3]);
  expect(both.data![0]).toBeCloseTo(0.3);
  expect(both.data!.slice(3)).toEqual(expected.data);
});

test('outputs can be named and returned as classes, most probable first', async () => {
  const outputs = [{ name: 'probabilities' }];
  expect(await output({ inputs: [tensor()], outputs })).toEqual(await output({ inputs: [tensor()] }));
  const classes = await output({
    inputs: [tensor({ data: flat(1, 0.75 + 0.01) })],
    outputs: [{ name: 'probabilities', parameters: { classification: 2 } }],
  });
  expect(classes).toMatchObject({ datatype: 'BYTES', shape: [1, 2] });
  expect(classes.data).toEqual([
    expect.stringMatching(/^0\.7[56]\d*:0:light$/),
    expect.stringMatching(/:1:dark$/),
  ]);
});

test('unknown members and parameters are ignored, and null counts as absent', async () => {
  const expected = await output({ inputs: [tensor()] });
  const unknown = { model_name: 'latency', from: [1], parameters: { trace: true, weights: [1], who: null } };
  const input = tensor({ parameters: { content_type: 'np', headers: {} }, origin: 'camera' });
  expect(
    await output({ ...unknown, inputs: [input], outputs: [{ name: 'probabilities', note: 1 }] }),
  ).toEqual(expected);
  const absent = { id: null, parameters: null, outputs: null };
  expect(await output({ ...absent, inputs: [tensor({ parameters: null })] })).toEqual(expected);
  const nulls = { binary_data: null, classification: null };
  expect(
    await output({
      parameters: { binary_data_output: null },
      inputs: [tensor({ parameters: { binary_data_size: null } })],
      outputs: [{ name: 'probabilities', parameters: nulls }],
    }),
  ).toEqual(expected);
});

test('UINT8 levels give the result of the same image as FP32', async () => {
  const level = 128;
  const expected = await output({ inputs: [tensor({ data: flat(1, level / 255) })] });
  const data = flat(1, level);
  expect(await output({ inputs: [tensor({ datatype: 'UINT8', data })] })).toEqual(expected);
});

test('a batch of eight arrives as Python prints float32 numbers', async () => {
  // repr(float(numpy.float32(0.1))): 19 characters.
  const text = JSON.stringify({ inputs: [tensor({ shape: [8, SIDE, SIDE, 3], data: [] })] });
  const numbers = new Array(8 * SIZE).fill('0.10000000149011612').join(', ');
  const response = await infer(text.replace('[]', `[${numbers}]`));
  expect(response.status).toBe(200);
  expect((await json(response)).outputs[0].shape).toEqual([8, 3]);
});

const at = (index: number, value: unknown) => flat().with(index, value);
const hole = () => {
  const data = nested();
  data[0]![3]!.pop();
  return data;
};

test.each<[string, unknown, string, RegExp]>([
  [
    'a wrong shape',
    { inputs: [tensor({ shape: [1, 3, 224, 224] })] },
    'inputs[0].shape',
    /must be \[n, 224, 224, 3\] with n from 1 to 8, received \[1, 3, 224, 224\]/,
  ],
  [
    'too large a batch',
    { inputs: [tensor({ shape: [9, 224, 224, 3] })] },
    'inputs[0].shape',
    /with n from 1 to 8, received \[9, 224, 224, 3\]/,
  ],
  [
    'a shape that is none',
    { inputs: [tensor({ shape: 'all' })] },
    'inputs[0].shape',
    /must be \[n, 224, 224, 3\] with n from 1 to 8, received "all"/,
  ],
  [
    'a shape of two',
    { inputs: [tensor({ shape: [1, 224] })] },
    'inputs[0].shape',
    /must be \[n, 224, 224, 3\]/,
  ],
  [
    'a wrong datatype',
    { inputs: [tensor({ datatype: 'INT8' })] },
    'inputs[0].datatype',
    /must be "FP32" or "UINT8", received "INT8"/,
  ],
  ['a wrong name', { inputs: [tensor({ name: 'x' })] }, 'inputs[0].name', /must be "image", received "x"/],
  [
    'too few numbers',
    { inputs: [tensor({ data: [1, 2] })] },
    'inputs[0].data',
    /must contain 150528 numbers, received 2/,
  ],
  [
    'no data',
    { inputs: [tensor({ data: undefined })] },
    'inputs[0].data',
    /must be a list, or binary_data_size must be set, received nothing/,
  ],
  [
    'null for a number',
    { inputs: [tensor({ data: at(7, null) })] },
    'inputs[0].data[7]',
    /must be a number from 0 to 1, received null/,
  ],
  [
    'a text for a number',
    { inputs: [tensor({ data: at(8, '0.5') })] },
    'inputs[0].data[8]',
    /received "0.5"/,
  ],
  [
    'a number that float32 has not',
    { inputs: [tensor({ data: at(9, 1e300) })] },
    'inputs[0].data[9]',
    /must be a number from 0 to 1/,
  ],
  [
    'a row that is short',
    { inputs: [tensor({ data: hole() })] },
    'inputs[0].data[0][3]',
    /must be a list of 224, received a list of 223/,
  ],
  [
    'a list for a number',
    { inputs: [tensor({ data: at(10, [1]) })] },
    'inputs[0].data[10]',
    /received \[1\]/,
  ],
  ['no tensor', {}, 'inputs', /must be a list of one tensor, received nothing/],
  [
    'two tensors',
    { inputs: [tensor(), tensor()] },
    'inputs',
    /must be a list of one tensor, received a list of 2/,
  ],
  ['a list for a body', [], 'the body', /must be an object/],
  [
    'an unknown output',
    { inputs: [tensor()], outputs: [{ name: 'logits' }] },
    'outputs[0].name',
    /must be "probabilities"/,
  ],
  ['a wrong id', { id: 1, inputs: [tensor()] }, 'id', /must be of type string, received 1/],
  [
    'a wish for binary that is a text',
    { parameters: { binary_data_output: 'yes' }, inputs: [tensor()] },
    'parameters.binary_data_output',
    /must be true or false, received "yes"/,
  ],
  ['a number for a body', 7, 'the body', /must be an object, received 7/],
  [
    'a level above 255',
    { inputs: [tensor({ datatype: 'UINT8', data: flat(1, 255).with(3, 256) })] },
    'inputs[0].data[3]',
    /must be a whole number from 0 to 255, received 256/,
  ],
  [
    'fewer than no class',
    { inputs: [tensor()], outputs: [{ name: 'probabilities', parameters: { classification: -1 } }] },
    'outputs[0].parameters.classification',
    /whole number from 0/,
  ],
])('%s gets 400, naming the field', async (_what, body, field, sentence) => {
  await expectProblem(await infer(body), 400, 'BAD_REQUEST', sentence, field);
});

test.each(['NaN', 'Infinity', '-Infinity'])(
  '%s, as Python writes it, is 400 naming the field',
  async (number) => {
    const text = JSON.stringify({ inputs: [tensor({ data: at(11, 'HERE') })] }).replace(
      '"HERE"',
      ` ${number}`,
    );
    const sentence = new RegExp(`must be a number from 0 to 1, received "${number}"`);
    await expectProblem(await infer(text), 400, 'BAD_REQUEST', sentence, 'inputs[0].data[11]');
  },
);

test('FP32 levels up to 255 get 400 instead of confident nonsense', async () => {
  const sentence = /must be a number from 0 to 1, received 255; divide levels of 0 to 255 by 255/;
  const response = await infer({ inputs: [tensor({ data: flat(1, 255) })] });
  await expectProblem(response, 400, 'BAD_REQUEST', sentence, 'inputs[0].data[0]');
});

test.each<[string, object]>([
  ['all probabilities', {}],
  ['classes', { outputs: [{ name: 'probabilities', parameters: { classification: 2 } }] }],
])('a model that overflows is an error that says so, never null: %s', async (_what, wish) => {
  const response = await infer({ ...wish, inputs: [tensor({ data: flat(1, 0.35) })] });
  await expectProblem(response, 500, 'INTERNAL', /returned NaN or Infinity for these images/);
});

test('invalid JSON, no JSON and endless nesting get 400, with the protocol’s error field', async () => {
  const broken = await infer('{');
  expect((await json(broken.clone())).error).toMatch(/not valid JSON/);
  await expectProblem(broken, 400, 'BAD_REQUEST', /not valid JSON/);
  const deep = `{"inputs":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}`;
  await expectProblem(await infer(deep), 400, 'BAD_REQUEST', /inputs\[0\] must be an object/);
  await expectProblem(await infer(''), 400, 'BAD_REQUEST', /The body is empty; send JSON/);
});

test('a body above the limit for tensors gets 413', async () => {
  const text = JSON.stringify({ inputs: [tensor()], id: 'x'.repeat(LIMITS.tensorBytes) });
  await expectProblem(await infer(text), 413, 'BODY_TOO_LARGE', /larger than 33554432 bytes; send a batch/);
});
