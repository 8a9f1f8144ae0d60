/** Binary tensors as Triton's clients send and expect them. */
import { BINARY_HEADER } from '../../../service/api/infer-request';
import type { Running } from '../../../service/main';
import { expectProblem, json, post } from '../../support/client';
import { startServer } from '../../support/server';

const SIZE = 224 * 224 * 3;

let server: Running & { url: string };
beforeAll(async () => {
  server = await startServer({ models: ['latency'] });
  await server.ready;
});
afterAll(() => server.stop());

const tensor = (changes: object = {}) => ({
  name: 'image',
  datatype: 'FP32',
  shape: [1, 224, 224, 3],
  ...changes,
});
const binaryTensor = (bytes: Buffer, changes: object = {}) =>
  tensor({ parameters: { binary_data_size: bytes.length }, ...changes });
const floats = (values: Float32Array) => Buffer.from(values.buffer);
const HALF = floats(new Float32Array(SIZE).fill(0.5));

function send(request: object, bytes?: Buffer, jsonBytes?: number | string) {
  const text = Buffer.from(JSON.stringify(request));
  const body = Buffer.concat([text, bytes ?? Buffer.alloc(0)]);
  const header: Record<string, string> =
    bytes === undefined ? {} : { [BINARY_HEADER]: String(jsonBytes ?? text.length) };
  return post(`${server.url}/v2/models/latency/infer`, body, 'application/octet-stream', header);
}

/** The JSON of a binary answer and the bytes behind it. */
async function binaryAnswer(response: Response) {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  const length = Number(response.headers.get(BINARY_HEADER));
  const body = Buffer.from(await response.arrayBuffer());
  const head = JSON.parse(body.toString('utf8', 0, length));
  const bytes = body.subarray(length);
  expect(head.outputs[0].parameters.binary_data_size).toBe(bytes.length);
  expect(head.outputs[0]).not.toHaveProperty('data');
  return { head, bytes };
}

test.each([
  ['FP32', HALF, 0.5],
  ['UINT8', Buffer.alloc(SIZE, 51), 0.2],
])('a binary %s tensor gives the answer of the same tensor in JSON', async (datatype, bytes, mean) => {
  const inJson = await json(await send({ inputs: [tensor({ data: new Array(SIZE).fill(mean) })] }));
  const binary = await json(await send({ inputs: [binaryTensor(bytes, { datatype })] }, bytes));
  expect(binary).toEqual(inJson);
});

test('a batch of two keeps its order', async () => {
  const bytes = Buffer.concat([Buffer.alloc(SIZE, 255), Buffer.alloc(SIZE, 0)]);
  const input = binaryTensor(bytes, { datatype: 'UINT8', shape: [2, 224, 224, 3] });
  const { data } = (await json(await send({ inputs: [input] }, bytes))).outputs[0];
  expect([data[0], data[3]]).toEqual([expect.closeTo(1), expect.closeTo(0)]);
});

test.each<[string, object]>([
  ['the output', { outputs: [{ name: 'probabilities', parameters: { binary_data: true } }] }],
  ['the request', { parameters: { binary_data_output: true } }],
])('%s can ask for a binary answer, also to a JSON tensor', async (_what, wish) => {
  const data = new Array(SIZE).fill(0.5);
  const { head, bytes } = await binaryAnswer(await send({ id: 'b', ...wish, inputs: [tensor({ data })] }));
  expect(head).toMatchObject({ model_name: 'latency', id: 'b' });
  expect(head.outputs[0]).toMatchObject({ datatype: 'FP32', shape: [1, 3] });
  expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([expect.closeTo(0.5), expect.closeTo(0.25)]);
  const [first] = (await json(await send({ inputs: [tensor({ data })] }))).outputs[0].data;
  expect(bytes.readFloatLE(0)).toBe(first);
});

test('what an output says wins over what the request says', async () => {
  const outputs = [{ name: 'probabilities', parameters: { binary_data: false } }];
  const response = await send(
    { parameters: { binary_data_output: true }, outputs, inputs: [binaryTensor(HALF)] },
    HALF,
  );
  expect(response.headers.get(BINARY_HEADER)).toBeNull();
  expect((await json(response)).outputs[0].data).toHaveLength(3);
});

test('class names are returned as BYTES, each after its length', async () => {
  const outputs = [{ name: 'probabilities', parameters: { binary_data: true, classification: 2 } }];
  const { head, bytes } = await binaryAnswer(await send({ outputs, inputs: [binaryTensor(HALF)] }, HALF));
  expect(head.outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [1, 2] });
  const first = bytes.readUInt32LE(0);
  expect(bytes.toString('utf8', 4, 4 + first)).toMatch(/^0\.5\d*:0:light$/);
  expect(bytes.readUInt32LE(4 + first)).toBe(bytes.length - first - 8);
});

const LEVELS = floats(new Float32Array(SIZE).fill(200));
const NAN = floats(new Float32Array(SIZE).fill(NaN, 7, 8));
test.each<[string, object, Buffer | undefined, number | string | undefined, RegExp]>([
  [
    'too few bytes for the shape',
    binaryTensor(HALF.subarray(4)),
    HALF.subarray(4),
    undefined,
    /binary_data_size must be 602112 for FP32 \[1, 224, 224, 3\], received 602108/,
  ],
  [
    'a size other than the bytes behind the JSON',
    binaryTensor(HALF.subarray(4)),
    HALF,
    undefined,
    /binary_data_size must be the number of bytes behind the JSON, 602112, received 602108/,
  ],
  [
    'bytes without a size',
    tensor({ data: [1] }),
    HALF,
    undefined,
    /bytes behind the JSON, 602112, received nothing/,
  ],
  ['data and a size', binaryTensor(HALF, { data: [1] }), HALF, undefined, /data must be absent/],
  [
    'NaN',
    binaryTensor(NAN),
    NAN,
    undefined,
    /inputs\[0\]\.data\[7\] must be a number from 0 to 1, received "NaN"/,
  ],
  [
    'FP32 levels',
    binaryTensor(LEVELS),
    LEVELS,
    undefined,
    /inputs\[0\]\.data\[0\] must be a number from 0 to 1, received 200; divide levels/,
  ],
  [
    'a size and no bytes',
    binaryTensor(HALF),
    undefined,
    undefined,
    /bytes behind the JSON, 0, received 602112/,
  ],
  ['a JSON length beyond the body', binaryTensor(HALF), HALF, 999_999_999, /must be the length of the JSON/],
  ['a JSON length that is none', binaryTensor(HALF), HALF, 'long', /length of the JSON.*received "long"/],
])('%s gets 400', async (_what, input, bytes, jsonBytes, sentence) => {
  await expectProblem(await send({ inputs: [input] }, bytes, jsonBytes), 400, 'BAD_REQUEST', sentence);
});

test('a model that overflows is an error, never NaN in the bytes', async () => {
  const bytes = floats(new Float32Array(SIZE).fill(0.35));
  const response = await send(
    { parameters: { binary_data_output: true }, inputs: [binaryTensor(bytes)] },
    bytes,
  );
  await expectProblem(response, 500, 'INTERNAL', /returned NaN or Infinity for these images/);
});
