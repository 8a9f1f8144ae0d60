/** KServe's V1 protocol. */
import { PREDICT_ANSWER } from '../../../service/api/predict';
import type { Running } from '../../../service/main';
import { expectProblem, json, post } from '../../support/client';
import { grey, startServer } from '../../support/server';

let server: Running & { url: string };
let light: string;
let dark: string;
beforeAll(async () => {
  server = await startServer({ models: ['latency'] });
  await server.ready;
  [light, dark] = (await Promise.all([grey(0.9).jpeg().toBuffer(), grey(0.1).jpeg().toBuffer()])).map(
    (image) => image.toString('base64'),
  ) as [string, string];
});
afterAll(() => server.stop());

const predict = (body: unknown, model = 'latency') =>
  post(
    `${server.url}/v1/models/${model}:predict`,
    typeof body === 'string' ? body : JSON.stringify(body),
    'application/json',
  );
const firsts = async (body: unknown) => {
  const response = await predict(body);
  expect(response.status).toBe(200);
  return PREDICT_ANSWER.parse(await json(response)).predictions.map(([first]) => first);
};
const numbers = (value: number) =>
  Array.from({ length: 224 }, () => Array.from({ length: 224 }, () => [value, value, value]));

test('numbers and base64 become probabilities, one list per instance', async () => {
  expect(await firsts({ instances: [numbers(0.5), numbers(0.25)] })).toEqual([
    expect.closeTo(0.5),
    expect.closeTo(0.25),
  ]);
  const near = (value: number) => expect.closeTo(value, 1);
  expect(await firsts({ instances: [{ b64: light }, { b64: dark }] })).toEqual([near(0.9), near(0.1)]);
});

test('an instance may be under the name of the input, and other members are ignored', async () => {
  const expected = await firsts({ instances: [{ b64: dark }] });
  expect(await firsts({ instances: [{ image: { b64: dark } }], signature_name: 'x', id: null })).toEqual(
    expected,
  );
  expect(await firsts({ instances: [{ image: numbers(0.5) }] })).toEqual([expect.closeTo(0.5)]);
});

test.each<[string, unknown, number, string, RegExp]>([
  ['no instances', {}, 400, 'instances', /must be a list of 1 to 8 images, received nothing/],
  ['too many', { instances: new Array(9).fill({ b64: 'QQ==' }) }, 400, 'instances', /received a list of 9/],
  [
    'a number',
    { instances: [7] },
    400,
    'instances[0]',
    /must be \{"b64": base64 of a file\} or \[224, 224, 3\]/,
  ],
  ['wrong base64', { instances: [{ b64: '$' }] }, 400, 'instances[0]', /base64 of a file/],
  [
    'a short row',
    { instances: [[[1, 2]]] },
    400,
    'instances[0]',
    /must be a list of 224, received a list of 1/,
  ],
  [
    'levels up to 255',
    { instances: [numbers(255)] },
    400,
    'instances[0][0][0][0]',
    /must be a number from 0 to 1, received 255; divide levels of 0 to 255 by 255/,
  ],
])('%s gets 400, naming the field', async (_what, body, status, field, sentence) => {
  await expectProblem(await predict(body), status, 'BAD_REQUEST', sentence, field);
});

test('a model that overflows is an error that says so, never null', async () => {
  const sentence = /returned NaN or Infinity for these images/;
  await expectProblem(await predict({ instances: [numbers(0.35)] }), 500, 'INTERNAL', sentence);
});

test('a damaged image gets 422 and names its instance; an unknown model gets 404', async () => {
  const damaged = await predict({ instances: [{ b64: light }, { b64: 'QUJDRA==' }] });
  expect((await json(damaged.clone())).error).toMatch(/^instances\[1\]: /);
  await expectProblem(damaged, 422, 'BAD_IMAGE', /instances\[1\]: .*not an image/, 'instances[1]');
  await expectProblem(await predict({ instances: [] }, 'speed'), 404, 'UNKNOWN_MODEL', /"speed"/);
});

test('GET of the prediction path gets 405, and failures are counted by model', async () => {
  const wrong = await fetch(`${server.url}/v1/models/latency:predict`);
  expect(wrong.headers.get('allow')).toBe('POST');
  await expectProblem(wrong, 405, 'METHOD_NOT_ALLOWED', /use POST/);
  await predict({ instances: [{ b64: 'QUJDRA==' }] });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/inference_rejected_total\{model="latency",reason="BAD_IMAGE"\} [1-9]/);
});
