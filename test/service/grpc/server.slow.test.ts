/** The gRPC port with the client of gRPC's own library. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, constants } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { status } from '@grpc/grpc-js';

import { INFER_REQUEST } from '../../../service/grpc/messages';
import { encode } from '../../../service/grpc/wire';
import type { Running } from '../../../service/main';
import { seededRandom } from '../../../statistics/seeded-random';
import { json, post } from '../../support/client';
import { grpcClient } from '../../support/grpc-client';
import { recorded } from '../../support/recorded-log';
import { startServer } from '../../support/server';

const SIZE = 224 * 224 * 3;
const KEY = 'a-key';
const authorized = { authorization: `Bearer ${KEY}` };

const dir = mkdtempSync(join(tmpdir(), 'tandem-grpc-'));
const { lines, log } = recorded();
let server: Running & { url: string };
let client: ReturnType<typeof grpcClient>;
beforeAll(async () => {
  const apiKeyFile = join(dir, 'keys');
  writeFileSync(apiKeyFile, KEY);
  server = await startServer({ models: ['latency'], grpcPort: 0, apiKeyFile }, 20_000, { log });
  client = grpcClient(server.grpcPort!);
  await server.ready;
});
afterAll(async () => {
  client.close();
  await server.stop();
  rmSync(dir, { recursive: true });
});

const floats = (value: number, images = 1) => Buffer.from(new Float32Array(images * SIZE).fill(value).buffer);
const request = (changes: object = {}, input: object = {}) => ({
  model_name: 'latency',
  inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 224, 224, 3], ...input }],
  raw_input_contents: [floats(0.5)],
  ...changes,
});
const infer = (message: object, metadata: Record<string, string> = {}) =>
  client.call('ModelInfer', message, { metadata: { ...authorized, ...metadata } });
const numbersOf = (bytes: Buffer) =>
  Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));

/** The same request through the REST form. */
async function restAnswer(values: number[], outputs: object[] = []) {
  const input = { name: 'image', datatype: 'FP32', shape: [1, 224, 224, 3], data: values };
  const body = JSON.stringify({ inputs: [input], outputs });
  const answer = await json(
    await post(`${server.url}/v2/models/latency/infer`, body, 'application/json', authorized),
  );
  return answer.outputs[0].data;
}
const HALVES = new Array<number>(SIZE).fill(0.5);

test('the server and the model are live and ready, without an API key', async () => {
  expect((await client.call('ServerLive')).answer).toEqual({ live: true });
  expect((await client.call('ServerReady')).answer).toEqual({ ready: true });
  expect((await client.call('ModelReady', { name: 'latency' })).answer).toEqual({ ready: true });
});

test('metadata name the server, the tensors and the version', async () => {
  const { answer } = await client.call('ServerMetadata', {}, { metadata: authorized });
  expect(answer).toMatchObject({ name: 'tandem', extensions: ['binary_tensor_data', 'classification'] });
  const model = await client.call('ModelMetadata', { name: 'latency' }, { metadata: authorized });
  expect(model.answer).toMatchObject({
    name: 'latency',
    versions: [expect.stringMatching(/^[0-9a-f]{12}$/)],
    inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 224, 224, 3] }],
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }],
  });
});

test.each([
  ['raw FP32', {}, {}],
  ['raw UINT8', { raw_input_contents: [Buffer.alloc(SIZE, 255)] }, { datatype: 'UINT8' }],
])('%s gives the probabilities of the REST form as raw bytes', async (_what, changes, input) => {
  const { answer, error } = await infer(request({ id: 'an id', ...changes }, input));
  expect(error).toBeUndefined();
  expect(answer).toMatchObject({
    model_name: 'latency',
    id: 'an id',
    parameters: { demo: { bool_param: true } },
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [1, 3] }],
  });
  expect(answer.outputs[0]).not.toHaveProperty('contents');
  const values = 'datatype' in input ? new Array<number>(SIZE).fill(1) : HALVES;
  const expected = await restAnswer(values);
  numbersOf(answer.raw_output_contents[0]).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
});

test.each([
  ['fp32_contents', 'FP32', 0.5],
  ['uint_contents', 'UINT8', 255],
])('%s gives the probabilities as typed contents', async (field, datatype, value) => {
  const contents = { [field]: new Array(SIZE).fill(value) };
  const { answer } = await infer(request({ raw_input_contents: [] }, { datatype, contents }));
  expect(answer).not.toHaveProperty('raw_output_contents');
  const expected = await restAnswer(datatype === 'UINT8' ? new Array<number>(SIZE).fill(1) : HALVES);
  (answer.outputs[0].contents.fp32_contents as number[]).forEach((each, i) =>
    expect(each).toBeCloseTo(expected[i], 6),
  );
});

test('class names come as BYTES, raw with their lengths or typed', async () => {
  const parameters = { classification: { int64_param: 2 } };
  const outputs = [{ name: 'probabilities', parameters }];
  const expected = await restAnswer(HALVES, [{ name: 'probabilities', parameters: { classification: 2 } }]);
  const raw: Buffer = (await infer(request({ outputs }))).answer.raw_output_contents[0];
  expect(raw.toString('utf8', 4, 4 + raw.readUInt32LE(0))).toBe(expected[0]);
  const typed = await infer(
    request({ outputs, raw_input_contents: [] }, { contents: { fp32_contents: HALVES } }),
  );
  expect(typed.answer.outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [1, 2] });
  expect(typed.answer.outputs[0].contents.bytes_contents.map(String)).toEqual(expected);
});

test('the largest batch fits into a message, plain and compressed', async () => {
  const message = request({ raw_input_contents: [floats(0.5, 8)] }, { shape: [8, 224, 224, 3] });
  for (const algorithm of [0, 1, 2]) {
    const compressing = grpcClient(server.grpcPort!, { 'grpc.default_compression_algorithm': algorithm });
    const { answer, error } = await compressing.call('ModelInfer', message, { metadata: authorized });
    compressing.close();
    expect(error).toBeUndefined();
    expect(answer.outputs[0].shape).toEqual([8, 3]);
  }
});

test.each([
  ['INVALID_ARGUMENT', 'inputs[0].shape must be [n, 224, 224, 3]', request({}, { shape: [1, 2] })],
  [
    'INVALID_ARGUMENT',
    'raw_input_contents[0] must be 602112 for FP32 [1, 224, 224, 3], received 3',
    request({ raw_input_contents: [Buffer.alloc(3)] }),
  ],
  [
    'INVALID_ARGUMENT',
    'inputs[0].contents.fp32_contents must hold the numbers of FP32',
    request({ raw_input_contents: [] }),
  ],
  [
    'INVALID_ARGUMENT',
    'inputs[0].contents must be absent when raw_input_contents is set',
    request({}, { contents: { fp32_contents: [1] } }),
  ],
  [
    'INVALID_ARGUMENT',
    'inputs[0].data[0] must be a number from 0 to 1, received 200; divide levels of 0 to 255 by 255',
    request({ raw_input_contents: [floats(200)] }),
  ],
  [
    'INVALID_ARGUMENT',
    'inputs[0].contents.fp32_contents[1] must be a number from 0 to 1, received -1; send inputs that are not normalised',
    request({ raw_input_contents: [] }, { contents: { fp32_contents: HALVES.with(1, -1) } }),
  ],
  ['INTERNAL', 'returned NaN or Infinity for these images', request({ raw_input_contents: [floats(0.35)] })],
  ['INVALID_ARGUMENT', 'inputs must have at most 8 items', { inputs: new Array(1_000).fill({}) }],
  ['NOT_FOUND', 'The model "other" is not served here; choose one of latency.', { model_name: 'other' }],
  ['NOT_FOUND', 'does not have this version', request({ model_version: '7' })],
  [
    'RESOURCE_EXHAUSTED',
    'The message is larger than 4882432 bytes; send a batch of at most 8 images.',
    request({ raw_input_contents: [Buffer.alloc(6_000_000)] }),
  ],
] as const)('%s: %s', async (name, sentence, message) => {
  const { error } = await infer({ model_name: 'latency', ...message });
  expect(error?.code).toBe(status[name]);
  expect(error?.details).toContain(sentence);
  expect((await infer(request())).error).toBeUndefined();
});

test('a call without the API key is refused', async () => {
  const { error } = await client.call('ModelInfer', request());
  expect(error?.code).toBe(status.UNAUTHENTICATED);
  expect(error?.details).toContain('one of the service’s API keys');
});

test('the request id and the trace come back and are logged with the outcome', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const sent = { 'x-request-id': 'my-id', traceparent };
  const { metadata } = await infer(request(), sent);
  expect(metadata.getMap()).toMatchObject(sent);
  await infer({ model_name: 'other' }, { 'x-request-id': 'my-other-id' });
  const lineOf = (id: string) => lines.find((line) => (line['req'] as { id: string } | undefined)?.id === id);
  expect(lineOf('my-id')).toMatchObject({
    msg: 'request completed',
    route: '/inference.GRPCInferenceService/ModelInfer',
    traceId: traceparent.slice(3, 35),
    res: { grpcStatus: 0 },
  });
  expect(lineOf('my-other-id')).toMatchObject({ code: 'UNKNOWN_MODEL', res: { grpcStatus: 5 } });
});

/** The counts of one metric's line. */
async function metric(line: string): Promise<number> {
  const response = await fetch(`${server.url}/metrics`, { headers: authorized });
  const found = (await response.text()).split('\n').find((each) => each.startsWith(line));
  return Number(found?.split(' ').at(-1) ?? 0);
}

test('calls count in the metrics of inference', async () => {
  const done = 'inference_request_duration_seconds_count{model="latency"}';
  const refused = 'inference_rejected_total{model="latency",reason="BAD_REQUEST"}';
  const before = [await metric(done), await metric(refused)] as const;
  await infer(request());
  await infer(request({ raw_input_contents: [] }));
  expect([await metric(done), await metric(refused)]).toEqual([before[0] + 1, before[1] + 1]);
});

test('a client that leaves is counted as gone, and the next one is answered', async () => {
  const gone = 'inference_rejected_total{model="latency",reason="CLIENT_GONE"}';
  const before = await metric(gone);
  const cancelled = await client.call('ModelInfer', request(), {
    metadata: authorized,
    onCall: (call) => setTimeout(() => call.cancel(), 10),
  });
  expect(cancelled.error?.code).toBe(status.CANCELLED);
  while ((await metric(gone)) === before) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await infer(request())).error).toBeUndefined();
});

/** One raw HTTP/2 request; its answer's headers and trailers together. */
function raw(
  path: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const session = connect(`http://127.0.0.1:${server.grpcPort}`);
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    'content-type': 'application/grpc',
    ...authorized,
    ...headers,
  });
  stream.end(body);
  return new Promise((resolve) => {
    let received = {};
    for (const event of ['response', 'trailers'])
      stream.on(event, (more: object) => (received = { ...received, ...more }));
    stream.resume();
    stream.once('close', () => {
      session.close();
      resolve(received);
    });
  });
}
const INFER = '/inference.GRPCInferenceService/ModelInfer';
const framed = (message: Buffer, flag = 0) => {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

test('a hundred damaged messages each get a status, and the next call is answered', async () => {
  const random = seededRandom(1, 'damaged messages');
  const good = Buffer.from(
    encode(INFER_REQUEST, {
      model_name: 'latency',
      parameters: [{ key: 'a', value: { int64_param: 1 } }],
      inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 224, 224, 3] }],
      outputs: [
        { name: 'probabilities', parameters: [{ key: 'classification', value: { int64_param: 2 } }] },
      ],
      raw_input_contents: [Buffer.alloc(20)],
    }),
  );
  for (let i = 0; i < 100; i++) {
    const damaged = Buffer.from(good);
    for (let n = 0; n < 1 + (i % 4); n++) damaged[random.integer(damaged.length)] = random.integer(256);
    const { 'grpc-status': code } = await raw(INFER, framed(damaged));
    expect(['3', '5']).toContain(code);
  }
  expect((await infer(request())).error).toBeUndefined();
});

test('what is no gRPC is refused by its content type', async () => {
  expect(await raw(INFER, Buffer.alloc(0), { 'content-type': 'application/json' })).toMatchObject({
    [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE,
  });
});

test.each([
  ['no message', INFER, Buffer.alloc(0), {}, 3, 'one complete message'],
  ['half a message', INFER, framed(Buffer.alloc(9)).subarray(0, 9), {}, 3, 'one complete message'],
  ['bytes that are no message', INFER, framed(Buffer.alloc(9, 255)), {}, 3, 'not one of the Open Inference'],
  ['an unknown compression', INFER, framed(Buffer.alloc(9), 1), { 'grpc-encoding': 'zstd' }, 12, 'gzip'],
  ['damaged gzip', INFER, framed(Buffer.alloc(9), 1), { 'grpc-encoding': 'gzip' }, 3, 'damaged'],
  ['a wrong timeout', INFER, framed(Buffer.alloc(0)), { 'grpc-timeout': '5 s' }, 3, 'grpc-timeout'],
  ['another method', '/inference.GRPCInferenceService/constructor', Buffer.alloc(0), {}, 12, 'ModelInfer'],
])('%s is an error with a sentence', async (_what, path, body, headers, code, sentence) => {
  const answer = await raw(path, body, headers);
  expect(answer['grpc-status']).toBe(String(code));
  expect(decodeURIComponent(String(answer['grpc-message']))).toContain(sentence);
});
