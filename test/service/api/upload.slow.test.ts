import { BODY_TIMEOUT_MS, IMAGE_FIELDS, LIMITS } from '../../../service/contract';
import type { Running } from '../../../service/main';
import { CLASSIFICATIONS } from '../../../service/api/schemas';
import { type Body, expectProblem, formOf, json, post } from '../../support/client';
import { grey, startServer } from '../../support/server';

let server: Running & { url: string };
let light: Buffer;
let dark: Buffer;
const damaged = Buffer.from('no image at all');

beforeAll(async () => {
  server = await startServer({ models: ['latency'] });
  await server.ready;
  [light, dark] = await Promise.all([grey(0.9).jpeg().toBuffer(), grey(0.1).jpeg().toBuffer()]);
});
afterAll(() => server.stop());

const classify = (body: Body, type?: string) => post(`${server.url}/v1/classify`, body, type);
const inJson = (images: unknown) => classify(JSON.stringify({ images }), 'application/json');
const base64 = (images: readonly Buffer[]) => inJson(images.map((image) => image.toString('base64')));
const results = async (response: Response) => {
  expect(response.status).toBe(200);
  return CLASSIFICATIONS.parse(await json(response)).results;
};
const best = (result: object) => (result as { top: { class: string }[] }).top[0]!.class;

describe.each([
  ['a form', (images: readonly Buffer[]) => classify(formOf(images))],
  ['base64 in JSON', base64],
])('%s', (_what, send) => {
  test('returns one result per image, in order', async () => {
    expect((await results(await send([light, dark, light]))).map(best)).toEqual(['light', 'dark', 'light']);
    expect(await results(await send([light]))).toHaveLength(1);
  });

  test('gives the same result as the raw image', async () => {
    const raw = await json(await classify(light, 'image/jpeg'));
    expect((await results(await send([light])))[0]).toMatchObject({ top: raw.top });
  });

  test('yields a problem entry for a damaged image; the other images are still classified', async () => {
    const [first, second, third] = await results(await send([light, damaged, dark]));
    expect([best(first!), best(third!)]).toEqual(['light', 'dark']);
    expect(second).toMatchObject({ problem: { code: 'BAD_IMAGE', status: 422 } });
  });

  test('with only damaged images returns the first image’s problem', async () => {
    const gif = await grey(0.5).gif().toBuffer();
    await expectProblem(await send([damaged, gif]), 422, 'BAD_IMAGE', /not an image/);
    await expectProblem(await send([gif, damaged]), 415, 'UNSUPPORTED_TYPE', /is GIF/);
  });

  test('accepts images up to the limit', async () => {
    expect(await results(await send(Array<Buffer>(LIMITS.images).fill(light)))).toHaveLength(LIMITS.images);
    expect((await send(Array<Buffer>(LIMITS.images + 1).fill(light))).status).toBe(400);
  });

  test('with only an oversized or an empty image returns its problem', async () => {
    const large = await send([Buffer.alloc(LIMITS.imageBytes + 1)]);
    await expectProblem(large, 413, 'BODY_TOO_LARGE', /larger than 10485760 bytes; send a smaller one/);
    await expectProblem(await send([Buffer.alloc(0)]), 400, 'BAD_REQUEST', /is empty; send the bytes/);
  });

  test('gives each refused image its problem and leaves the others', async () => {
    const gif = await grey(0.5).gif().toBuffer();
    const large = Buffer.alloc(LIMITS.imageBytes + 1);
    const answers = await results(await send([gif, light, Buffer.alloc(0), large, dark]));
    expect(answers).toMatchObject([
      { problem: { code: 'UNSUPPORTED_TYPE', detail: expect.stringMatching(/is GIF/) } },
      { top: [{ class: 'light' }, {}, {}] },
      { problem: { code: 'BAD_REQUEST', detail: expect.stringMatching(/is empty/) } },
      { problem: { code: 'BODY_TOO_LARGE' } },
      { top: [{ class: 'dark' }, {}, {}] },
    ]);
  });
});

/** Answered requests and their seconds, as the metrics count them. */
async function answered(): Promise<{ count: number; seconds: number }> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const [seconds, count] = ['sum', 'count'].map((what) =>
    Number(new RegExp(`^inference_request_duration_seconds_${what}\\S* (\\S+)$`, 'm').exec(text)?.[1] ?? 0),
  );
  return { count: count!, seconds: seconds! };
}

test('the metrics count a request once, with the time of all its images', async () => {
  const before = await answered();
  const images = await results(await classify(formOf([light, damaged, dark])));
  const after = await answered();
  expect(after.count - before.count).toBe(1);
  const imagesMs = images.map((image) => ('timeMs' in image ? image.timeMs.total : 0));
  const sumMs = imagesMs.reduce((sum, ms) => sum + ms, 0);
  expect(1000 * (after.seconds - before.seconds)).toBeGreaterThan(sumMs - 0.001);
  const instances = [light, dark].map((image) => ({ b64: image.toString('base64') }));
  const url = `${server.url}/v1/models/latency:predict`;
  expect((await post(url, JSON.stringify({ instances }), 'application/json')).status).toBe(200);
  expect((await answered()).count - after.count).toBe(1);
});

test('images that are too large together are rejected', async () => {
  const images = Array<Buffer>(4).fill(Buffer.alloc(LIMITS.imageBytes - 1));
  await expectProblem(
    await classify(formOf(images)),
    413,
    'BODY_TOO_LARGE',
    /The form is larger than 33554432 bytes/,
  );
});

test('a file’s name, type and any of the usual fields do not matter', async () => {
  for (const field of IMAGE_FIELDS) {
    const form = new FormData();
    form.append(field, new Blob([new Uint8Array(light)], { type: 'text/plain' }), 'notes.txt');
    expect((await results(await classify(form))).map(best)).toEqual(['light']);
  }
});

test('a form or JSON can name the model and the number of classes; they win over the query', async () => {
  const form = formOf([light]);
  form.append('model', 'latency');
  form.append('top', '1');
  const withTop = JSON.stringify({ images: [light.toString('base64')], model: 'latency', top: 1 });
  for (const [body, type] of [[form], [withTop, 'application/json']] as const) {
    expect((await results(await classify(body, type)))[0]).toMatchObject({ top: [{ class: 'light' }] });
    const wins = await post(`${server.url}/v1/classify?top=2`, body, type);
    expect((await results(wins))[0]).toMatchObject({ top: [{}] });
  }
  form.append('note', 'x');
  await expectProblem(await classify(form), 400, 'BAD_REQUEST', /note is not a known field/, 'note');
  const unknown = JSON.stringify({ images: ['QUJD'], model: 'speed' });
  await expectProblem(await classify(unknown, 'application/json'), 404, 'UNKNOWN_MODEL', /"speed"/);
});

test('rejects a form with another field, too many texts, no parts or no boundary', async () => {
  const other = new FormData();
  other.append('photo', new Blob([new Uint8Array(light)], { type: 'image/jpeg' }), 'a.jpg');
  await expectProblem(
    await classify(other),
    400,
    'BAD_REQUEST',
    /field of a file must be one of "image", .*, received "photo"/,
  );
  const texts = formOf([light]);
  for (let i = 0; i < 20; i++) texts.append(`text${i}`, '3');
  await expectProblem(
    await classify(texts),
    400,
    'BAD_REQUEST',
    /at most 8 text fields; remove all but "model"/,
  );
  const parts = formOf(Array<Buffer>(LIMITS.images).fill(light));
  for (let i = 0; i <= LIMITS.formTexts; i++) parts.append(`text${i}`, '3');
  await expectProblem(await classify(parts), 400, 'BAD_REQUEST', /files in .* and at most 8 text fields/);
  await expectProblem(await classify(new FormData()), 400, 'BAD_REQUEST', /1 to 8 files/);
  await expectProblem(await classify('x', 'multipart/form-data'), 400, 'BAD_REQUEST', /no boundary/);
  const cut = Buffer.from(
    '--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\nContent-Type: image/jpeg\r\n\r\nabc',
  );
  await expectProblem(
    await classify(cut, 'multipart/form-data; boundary=b'),
    400,
    'BAD_REQUEST',
    /damaged or incomplete/,
  );
});

test('a form with a damaged part header gets 400 at once, alone and before an image', async () => {
  const type = 'multipart/form-data; boundary=b';
  const image = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="image"\r\nContent-Type: image/jpeg\r\n\r\n'),
    light,
  ]);
  const damagedPart = Buffer.from(
    `--b\r\nCoontent-Disposition: form-data; name="image"\r\n\r\n${'x'.repeat(99_999)}\r\n`,
  );
  const end = Buffer.from('\r\n--b--\r\n');
  const started = performance.now();
  for (const body of [
    [damagedPart, end],
    [damagedPart, image, end],
  ]) {
    // How the network splits the body decides whether the parser fails or reaches the end without an image.
    const sentence = /damaged or incomplete|must contain 1 to 8 files/;
    await expectProblem(await classify(Buffer.concat(body), type), 400, 'BAD_REQUEST', sentence);
  }
  // Well before the body's own time is over.
  expect(performance.now() - started).toBeLessThan(BODY_TIMEOUT_MS / 2);
  expect(await results(await classify(Buffer.concat([image, end]), type))).toHaveLength(1);
});

test.each<[string, unknown, string, RegExp]>([
  ['no list', undefined, 'images', /received nothing/],
  ['an empty list', [], 'images', /must have at least 1/],
  ['a number', [7], 'images[0]', /must be of type string, received 7/],
  ['characters other than base64', ['$$$$'], 'images[0]', /must be base64, alone or as a "data:" URL/],
  ['a cut base64', ['QUJDR'], 'images[0]', /must be base64/],
  ['base64 after its padding', ['QQ==QQ=='], 'images[0]', /must be base64/],
  ['a URL', ['https://example.com/a.jpg'], 'images[0]', /must be base64/],
])('JSON with %s gets 400, naming the field', async (_what, images, field, sentence) => {
  await expectProblem(await inJson(images), 400, 'BAD_REQUEST', sentence, field);
});

test.each<[string, (text: string) => string]>([
  ['with line breaks', (text) => text.replace(/.{76}/g, '$&\r\n')],
  ['without padding', (text) => text.replace(/=+$/, '')],
  ['URL-safe', (text) => text.replaceAll('+', '-').replaceAll('/', '_')],
  ['a data: URL', (text) => `data:image/jpeg;base64,${text}`],
])('base64 can be %s', async (_what, write) => {
  // One more byte at a time, so that every length of padding occurs.
  for (const tail of ['', '\0', '\0\0']) {
    const text = Buffer.concat([dark, Buffer.from(tail)]).toString('base64');
    expect((await results(await inJson([write(text)]))).map(best)).toEqual(['dark']);
  }
});

test.each([
  undefined,
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'application/json',
  'text/plain; charset=utf-8',
  'image/jpg',
  'image/pjpeg',
  'image/x-png',
  'image/gif',
  '*/*',
  'none',
])('a raw image of the declared type %s is classified by its bytes', async (type) => {
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const answer = await json(await classify(await grey(0.9).toFormat(format).toBuffer(), type));
    expect(answer).toMatchObject({ top: [{ class: 'light' }, {}, {}] });
  }
});

test('JSON is read as JSON whatever its declared type', async () => {
  const body = ` {"images": ["${light.toString('base64')}"]}`;
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream'])
    expect((await results(await classify(body, type))).map(best)).toEqual(['light']);
  await expectProblem(await classify('7', 'application/json'), 400, 'BAD_REQUEST', /body must be an object/);
  await expectProblem(await classify('{', 'application/json'), 400, 'BAD_REQUEST', /not valid JSON/);
});

test('an unknown field of the body or the query is rejected by name', async () => {
  const body = JSON.stringify({ images: ['QUJD'], topk: 3 });
  await expectProblem(
    await classify(body, 'application/json'),
    400,
    'BAD_REQUEST',
    /topk is not a known field/,
    'topk',
  );
  const query = await post(`${server.url}/v1/classify?topk=3`, light, 'image/jpeg');
  await expectProblem(query, 400, 'BAD_REQUEST', /topk is not a known field/, 'topk');
  const twice = await post(`${server.url}/v1/classify?top=1&top=2`, light, 'image/jpeg');
  await expectProblem(
    twice,
    400,
    'BAD_REQUEST',
    /top must be a whole number from 1 to 1000, received \["1", "2"\]/,
  );
});
