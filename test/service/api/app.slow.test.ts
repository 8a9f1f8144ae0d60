import { type IncomingMessage, request as httpRequest } from 'node:http';

import { LIMITS } from '../../../service/contract';
import type { Running } from '../../../service/main';
import { CLASSIFICATION } from '../../../service/api/schemas';
import { type Body, expectProblem, json, post as postTo } from '../../support/client';
import { grey, startServer } from '../../support/server';

let server: Running & { url: string };
let jpeg: Buffer;

beforeAll(async () => {
  server = await startServer();
  await server.ready;
  jpeg = await grey(0.9).jpeg().toBuffer();
});
afterAll(() => server.stop());

const post = (path: string, body: Body, type?: string) => postTo(`${server.url}${path}`, body, type);
const classify = (body: Body, type = 'image/jpeg') => post('/v1/classify?model=latency', body, type);

describe('POST /v1/classify', () => {
  test.each(['jpeg', 'png', 'webp'] as const)('classifies a raw %s', async (format) => {
    const image = await grey(0.9).toFormat(format).toBuffer();
    const response = await post('/v1/classify?model=accuracy', image, `image/${format}`);
    expect(response.status).toBe(200);
    const answer = await json(response);
    expect(answer).toMatchObject({ model: 'accuracy', demo: true });
    expect(answer.top[0].class).toBe('light');
    expect(answer.top[0].probability).toBeCloseTo(0.9, 1);
    expect(answer.timeMs.inference).toBeGreaterThan(20);
    expect(answer.timeMs.total).toBeGreaterThanOrEqual(answer.timeMs.inference);
    for (const ms of Object.values(answer.timeMs)) expect(String(ms)).toMatch(/^\d+(\.\d{1,3})?$/);
  });

  test('times have microseconds at most', async () => {
    const { timeMs } = CLASSIFICATION.parse(await json(await classify(jpeg)));
    const rounded = Object.entries(timeMs).map(([step, ms]) => [step, Number(ms.toFixed(3))]);
    expect(Object.entries(timeMs)).toEqual(rounded);
  });

  test('the total time begins when the body is complete', async () => {
    const upload = httpRequest(`${server.url}/v1/classify?model=latency`, { method: 'POST' });
    const response = new Promise<IncomingMessage>((resolve) => upload.once('response', resolve));
    upload.write(jpeg.subarray(0, 100));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const completeAt = performance.now();
    upload.end(jpeg.subarray(100));
    const chunks = await (await response).toArray();
    const { timeMs } = CLASSIFICATION.parse(JSON.parse(Buffer.concat(chunks).toString()));
    expect(timeMs.total).toBeLessThan(performance.now() - completeAt);
  });

  test('returns as many classes as top requests, and not the names of all', async () => {
    const answer = await json(await post('/v1/classify?model=latency&top=2', jpeg, 'image/jpeg'));
    expect(answer.top).toHaveLength(2);
    expect(JSON.stringify(answer)).not.toContain('other');
    expect(CLASSIFICATION.parse(answer)).toEqual(answer);
    await expectProblem(
      await post('/v1/classify?model=latency&top=no', jpeg, 'image/jpeg'),
      400,
      'BAD_REQUEST',
      /top must be/,
    );
  });

  test('requires a model when several are served, and lists them', async () => {
    await expectProblem(
      await post('/v1/classify', jpeg, 'image/jpeg'),
      400,
      'BAD_REQUEST',
      /accuracy, latency/,
    );
    const number = await post('/v1/classify?model=123', jpeg, 'image/jpeg');
    await expectProblem(number, 404, 'UNKNOWN_MODEL', /The model "123" is not served here/);
    const unknown = await post('/v1/classify?model=speed', jpeg, 'image/jpeg');
    await expectProblem(
      unknown,
      404,
      'UNKNOWN_MODEL',
      /model "speed" is not served here; choose one of accuracy, latency/,
    );
  });

  test('answers 422 to a damaged image and continues', async () => {
    await expectProblem(
      await classify(jpeg.subarray(0, jpeg.length / 2)),
      422,
      'BAD_IMAGE',
      /use the whole file/,
    );
    await expectProblem(
      await classify(Buffer.from('no image at all')),
      422,
      'BAD_IMAGE',
      /not an image; send/,
    );
    expect((await classify(jpeg)).status).toBe(200);
  });

  test('answers 415 to other formats, whatever their declared type', async () => {
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

  test('answers 413 to an oversized body, raw or in a form, and continues', async () => {
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

  test('rejects an empty body', async () => {
    await expectProblem(await classify(Buffer.alloc(0)), 400, 'BAD_REQUEST', /empty/);
  });
});

describe('everything else', () => {
  test('live and ready answer 200 once the models are warmed up', async () => {
    expect((await fetch(`${server.url}/v2/health/live`)).status).toBe(200);
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
  });

  test('metrics count requests by model and failures by code', async () => {
    await classify(jpeg);
    await classify(Buffer.from('no image at all'));
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/inference_request_duration_seconds_count\{model="latency"\} \d+/);
    expect(text).toMatch(/inference_rejected_total\{model="latency",reason="BAD_IMAGE"\} \d+/);
  });

  test('an unknown path answers 404, a wrong method 405 with Allow', async () => {
    await expectProblem(
      await fetch(`${server.url}/nowhere`),
      404,
      'NOT_FOUND',
      /nothing at this path; see \/openapi.json/,
    );
    const wrong = await fetch(`${server.url}/v1/classify`);
    expect(wrong.headers.get('allow')).toBe('POST');
    await expectProblem(wrong, 405, 'METHOD_NOT_ALLOWED', /use POST/);
    const got = await post('/v2/health/live', 'x');
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${server.url}/v2/health/live`, { method: 'HEAD' })).status).toBe(200);
  });

  test('the page and its samples are served, and the page loads nothing from elsewhere', async () => {
    const page = await (await fetch(`${server.url}/`)).text();
    expect(page).toContain('Drop, paste or pick an image');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    const samples = await json(await fetch(`${server.url}/samples`));
    expect(samples).toHaveLength(8);
    expect((await fetch(`${server.url}/samples/${samples[0]}`)).headers.get('content-type')).toBe(
      'image/jpeg',
    );
  });

  test('answers are complete; conditions and ranges are ignored', async () => {
    const conditions = [{ 'if-none-match': '*' }, { 'if-match': '"x"' }, { range: 'bytes=0-1' }];
    for (const headers of conditions as Record<string, string>[]) {
      expect((await fetch(`${server.url}/v2`, { headers })).status).toBe(200);
      expect((await fetch(`${server.url}/samples/weave.jpg`, { headers })).status).toBe(200);
    }
  });

  test.each(['/page.js', '/docs/swagger-ui.css'])('%s is whole, or 304 for who has it', async (path) => {
    const whole = await fetch(`${server.url}${path}`);
    const text = await whole.text();
    const conditions = [{ range: 'bytes=99999999-' }, { range: 'bytes=0-1' }, { 'if-match': '"x"' }];
    for (const headers of conditions as Record<string, string>[]) {
      const answer = await fetch(`${server.url}${path}`, { headers });
      expect([answer.status, await answer.text()]).toEqual([200, text]);
    }
    const headers = { 'if-modified-since': whole.headers.get('last-modified')! };
    // Not fetch, which asks for no cached answer then.
    const status = await new Promise((resolve) => {
      httpRequest(`${server.url}${path}`, { headers }, (answer) => resolve(answer.resume().statusCode)).end();
    });
    expect(status).toBe(304);
  });

  test('a valid request id is kept, an invalid one replaced', async () => {
    const ask = (id: string) => fetch(`${server.url}/v2`, { headers: { 'x-request-id': id } });
    expect((await ask('abc-1')).headers.get('x-request-id')).toBe('abc-1');
    expect((await ask('a b')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a client that disconnects during an upload does no harm', async () => {
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
