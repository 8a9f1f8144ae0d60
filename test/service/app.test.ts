import { request as httpRequest } from 'node:http';

import { LIMITS } from '../../service/contract';
import type { Running } from '../../service/main';
import { grey, startServer } from './server';

let server: Running & { url: string };
let jpeg: Buffer;

beforeAll(async () => {
  server = await startServer();
  await server.ready;
  jpeg = await grey(0.9).jpeg().toBuffer();
});
afterAll(() => server.stop());

type Body = string | Buffer | FormData;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are read as a client would
const json = (response: Response) => response.json() as Promise<any>;

const post = (path: string, body: Body, type?: string) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    body: body as NonNullable<RequestInit['body']>,
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  });
const classify = (body: Body, type = 'image/jpeg') => post('/v1/classify?model=latency', body, type);

async function expectProblem(
  response: Response,
  status: number,
  code: string,
  sentence: RegExp,
): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch('application/problem+json');
  const problem = await json(response);
  expect(problem).toMatchObject({ type: `urn:tandem:error:${code}`, status, code });
  expect(problem.detail).toMatch(sentence);
  expect(problem.requestId).toBe(response.headers.get('x-request-id'));
}

describe('POST /v1/classify', () => {
  test.each(['jpeg', 'png', 'webp'] as const)('classifies a raw %s', async (format) => {
    const image = await grey(0.9).toFormat(format).toBuffer();
    const response = await post('/v1/classify?model=accuracy', image, `image/${format}`);
    expect(response.status).toBe(200);
    const answer = await json(response);
    expect(answer).toMatchObject({ model: 'accuracy', demo: true, classes: ['light', 'dark', 'other'] });
    expect(answer.top[0].class).toBe('light');
    expect(answer.top[0].probability).toBeCloseTo(0.9, 1);
    expect(answer.timeMs.inference).toBeGreaterThan(20);
    expect(answer.timeMs.total).toBeGreaterThanOrEqual(answer.timeMs.inference);
  });

  test('classifies the file of a multipart form', async () => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }), 'photo.jpg');
    const response = await post('/v1/classify?model=latency', form);
    expect(response.status).toBe(200);
    expect((await json(response)).top[0].class).toBe('light');
  });

  test('answers as many classes as top asks for', async () => {
    const answer = await json(await post('/v1/classify?model=latency&top=2', jpeg, 'image/jpeg'));
    expect(answer.top).toHaveLength(2);
    await expectProblem(
      await post('/v1/classify?model=latency&top=no', jpeg, 'image/jpeg'),
      400,
      'BAD_REQUEST',
      /top must be/,
    );
  });

  test('needs a model among several, and names them', async () => {
    await expectProblem(
      await post('/v1/classify', jpeg, 'image/jpeg'),
      400,
      'BAD_REQUEST',
      /accuracy, latency/,
    );
    const unknown = await post('/v1/classify?model=speed', jpeg, 'image/jpeg');
    await expectProblem(unknown, 404, 'UNKNOWN_MODEL', /no model "speed".*choose one of accuracy, latency/);
  });

  test('answers 422 to a damaged image and goes on', async () => {
    await expectProblem(
      await classify(jpeg.subarray(0, jpeg.length / 2)),
      422,
      'BAD_IMAGE',
      /send the whole file/,
    );
    await expectProblem(
      await classify(Buffer.from('no image at all')),
      422,
      'BAD_IMAGE',
      /not an image; send/,
    );
    expect((await classify(jpeg)).status).toBe(200);
  });

  test('answers 415 to other types, whatever they are called', async () => {
    await expectProblem(
      await classify(jpeg, 'image/gif'),
      415,
      'UNSUPPORTED_TYPE',
      /"image\/gif" is not taken; send/,
    );
    const gif = await grey(0.5).gif().toBuffer();
    await expectProblem(
      await classify(gif),
      415,
      'UNSUPPORTED_TYPE',
      /The image is GIF; send a JPEG, PNG or WebP/,
    );
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
    await expectProblem(await classify(svg), 415, 'UNSUPPORTED_TYPE', /The image is SVG/);
  });

  test('answers 413 to an oversized body, raw or in a form, and goes on', async () => {
    const large = Buffer.alloc(LIMITS.imageBytes + 1);
    await expectProblem(await classify(large), 413, 'BODY_TOO_LARGE', /send a smaller one/);
    const form = new FormData();
    form.append('image', new Blob([large], { type: 'image/jpeg' }), 'large.jpg');
    await expectProblem(
      await post('/v1/classify?model=latency', form),
      413,
      'BODY_TOO_LARGE',
      /send a smaller one/,
    );
    expect((await classify(jpeg)).status).toBe(200);
  });

  test('refuses a form with another field, with two files or with none', async () => {
    const blob = new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' });
    const other = new FormData();
    other.append('picture', blob, 'a.jpg');
    await expectProblem(
      await post('/v1/classify?model=latency', other),
      400,
      'BAD_REQUEST',
      /field "image", not "picture"/,
    );
    const two = new FormData();
    two.append('image', blob, 'a.jpg');
    two.append('image', blob, 'b.jpg');
    await expectProblem(await post('/v1/classify?model=latency', two), 400, 'BAD_REQUEST', /one file/);
    await expectProblem(
      await post('/v1/classify?model=latency', new FormData()),
      400,
      'BAD_REQUEST',
      /one file/,
    );
  });

  test('refuses an empty body', async () => {
    await expectProblem(await classify(Buffer.alloc(0)), 400, 'BAD_REQUEST', /empty/);
  });
});

describe('the Open Inference Protocol', () => {
  const tensor = (changes: object = {}) => ({
    name: 'image',
    datatype: 'FP32',
    shape: [1, 224, 224, 3],
    data: new Array(224 * 224 * 3).fill(0.5),
    ...changes,
  });
  const infer = (body: unknown, model = 'latency') =>
    post(
      `/v2/models/${model}/infer`,
      typeof body === 'string' ? body : JSON.stringify(body),
      'application/json',
    );

  test('describes the server and a model', async () => {
    expect(await json(await fetch(`${server.url}/v2`))).toMatchObject({
      name: 'tandem',
      models: ['accuracy', 'latency'],
    });
    expect(await json(await fetch(`${server.url}/v2/models/latency`))).toMatchObject({
      name: 'latency',
      inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 224, 224, 3] }],
      outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 3] }],
      demo: true,
      classes: ['light', 'dark', 'other'],
      precision: 'fp32',
      threads: 1,
    });
    expect((await fetch(`${server.url}/v2/models/latency/ready`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/models/speed`)).status).toBe(404);
  });

  test('takes a tensor and gives probabilities', async () => {
    const response = await infer({ id: 'a1', inputs: [tensor()] });
    expect(response.status).toBe(200);
    const answer = await json(response);
    expect(answer).toMatchObject({ model_name: 'latency', id: 'a1', parameters: { demo: true } });
    expect(answer.outputs[0]).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [1, 3] });
    expect(answer.outputs[0].data[0]).toBeCloseTo(0.5);
  });

  test.each([
    [
      'a wrong shape',
      { inputs: [tensor({ shape: [1, 3, 224, 224] })] },
      /inputs\[0\]\.shape must be \[n, 224, 224, 3\]/,
    ],
    [
      'a wrong datatype',
      { inputs: [tensor({ datatype: 'INT8' })] },
      /inputs\[0\]\.datatype must be "FP32", received "INT8"/,
    ],
    [
      'too few numbers',
      { inputs: [tensor({ data: [1, 2] })] },
      /inputs\[0\]\.data must hold 150528 numbers, received 2/,
    ],
    [
      'a number that is none',
      { inputs: [tensor({ data: [null, ...tensor().data.slice(1)] })] },
      /data\[0\] must be a finite number/,
    ],
    [
      'an infinite number',
      { inputs: [tensor({ data: [1e300, ...tensor().data.slice(1)] })] },
      /data\[0\] must be a finite/,
    ],
    ['no tensor', {}, /inputs must be a list of one tensor/],
    ['broken JSON', '{', /not valid JSON/],
  ])('answers 400 to %s, naming the field', async (_what, body, sentence) => {
    await expectProblem(await infer(body), 400, 'BAD_REQUEST', sentence);
  });

  test('answers 404 to an unknown model', async () => {
    await expectProblem(await infer({ inputs: [tensor()] }, 'speed'), 404, 'UNKNOWN_MODEL', /choose one of/);
  });
});

describe('everything else', () => {
  test('live and ready answer 200 once the models are warm', async () => {
    expect((await fetch(`${server.url}/v2/health/live`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
  });

  test('metrics count requests by model and refusals by code', async () => {
    await classify(jpeg);
    await classify(Buffer.from('no image at all'));
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/inference_request_duration_seconds_count\{model="latency"\} \d+/);
    expect(text).toMatch(/inference_rejected_total\{model="latency",reason="BAD_IMAGE"\} \d+/);
  });

  test('a path that is none answers 404, a method that is none 405 with Allow', async () => {
    await expectProblem(await fetch(`${server.url}/nowhere`), 404, 'NOT_FOUND', /nothing at \/nowhere/);
    const wrong = await fetch(`${server.url}/v1/classify`);
    expect(wrong.headers.get('allow')).toBe('POST');
    await expectProblem(wrong, 405, 'METHOD_NOT_ALLOWED', /use POST/);
  });

  test('the page and its samples are served, and the page loads nothing from elsewhere', async () => {
    const page = await (await fetch(`${server.url}/`)).text();
    expect(page).toContain('Drop, paste or pick a picture');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    const samples = await json(await fetch(`${server.url}/samples`));
    expect(samples).toHaveLength(6);
    expect((await fetch(`${server.url}/samples/${samples[0]}`)).headers.get('content-type')).toBe(
      'image/jpeg',
    );
  });

  test('a given request id is kept, an odd one replaced', async () => {
    const ask = (id: string) => fetch(`${server.url}/v2`, { headers: { 'x-request-id': id } });
    expect((await ask('abc-1')).headers.get('x-request-id')).toBe('abc-1');
    expect((await ask('a b')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a client that goes away mid-upload does no harm', async () => {
    await new Promise<void>((resolve) => {
      const upload = httpRequest(`${server.url}/v1/classify?model=latency`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'content-length': '100000' },
      });
      upload.on('error', () => resolve());
      upload.write(jpeg.subarray(0, 100), () => upload.destroy());
    });
    expect((await classify(jpeg)).status).toBe(200);
  });
});
