/** Requests with damaged images, tensors, forms, headers and queries. Seed and number alone determine each. */
import { IMAGE_MEDIA_TYPES } from '../../models/data/image-formats';
import { type Random, seededRandom } from '../../statistics/seeded-random';
import { type Image, spoil, splice } from './images';

export interface FuzzRequest {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

type Make = (random: Random, images: readonly Image[]) => FuzzRequest;

const pick = <T>(random: Random, items: readonly T[]): T => items[random.integer(items.length)]!;
const CLASSIFY = '/v1/classify';
const SIZE = 224 * 224 * 3;

const image: Make = (random, images) => {
  const { name, bytes } = pick(random, images);
  const body =
    random.uniform() < 0.1 ? splice(bytes, pick(random, images).bytes, random) : spoil(bytes, random);
  return {
    what: name,
    method: 'POST',
    path: CLASSIFY,
    headers: { 'content-type': pick(random, IMAGE_MEDIA_TYPES) },
    body,
  };
};

const form: Make = (random, images) => {
  const parts = Array.from({ length: 1 + random.integer(3) }, () => [
    Buffer.from(
      `--limit\r\nContent-Disposition: form-data; name="image"; filename="a"\r\nContent-Type: ${pick(random, IMAGE_MEDIA_TYPES)}\r\n\r\n`,
    ),
    spoil(pick(random, images).bytes, random),
    Buffer.from('\r\n'),
  ]).flat();
  const whole = Buffer.concat([...parts, Buffer.from('--limit--\r\n')]);
  const body = random.uniform() < 0.5 ? whole : spoil(whole, random);
  return {
    what: 'form',
    method: 'POST',
    path: CLASSIFY,
    headers: {
      'content-type': `multipart/form-data; boundary=${random.uniform() < 0.9 ? 'limit' : 'other'}`,
    },
    body,
  };
};

const base64: Make = (random, images) => {
  const text = spoil(pick(random, images).bytes, random).toString('base64');
  const whole = Buffer.from(JSON.stringify({ images: [text] }));
  const body = random.uniform() < 0.5 ? whole : spoil(whole, random);
  return {
    what: 'base64',
    method: 'POST',
    path: CLASSIFY,
    headers: { 'content-type': 'application/json' },
    body,
  };
};

/** JSON values that a field should refuse. */
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  '',
  'FP32',
  'image',
  [],
  [[]],
  {},
  { a: 1 },
  'x'.repeat(5000),
  [1, 224, 224, 3],
];

const tensor: Make = (random) => {
  const size = random.uniform() < 0.1 ? SIZE : random.integer(1000);
  const input: Record<string, unknown> = {
    name: 'image',
    datatype: 'FP32',
    shape: [1, 224, 224, 3],
    data: Array.from({ length: size }, () => Math.round(random.uniform() * 1000) / 1000),
  };
  const body: Record<string, unknown> = { id: 'f', inputs: [input], outputs: [{ name: 'probabilities' }] };
  for (let i = random.integer(3); i > 0; i--) {
    const target = pick(random, [body, input]);
    const name = pick(random, [...Object.keys(target), '__proto__', 'parameters']);
    // Assigning to `__proto__` would set the prototype, which is not sent.
    Object.defineProperty(target, name, {
      value: pick(random, VALUES),
      ...{ enumerable: true, writable: true, configurable: true },
    });
  }
  const whole = Buffer.from(JSON.stringify(body));
  return {
    what: 'tensor',
    method: 'POST',
    path: `/v2/models/${pick(random, ['latency', 'latency', 'latency', 'accuracy', '..', '%00'])}/infer`,
    headers: { 'content-type': 'application/json' },
    body: random.uniform() < 0.7 ? whole : spoil(whole, random),
  };
};

const text = (random: Random, most: number) =>
  Array.from({ length: random.integer(most) }, () => String.fromCharCode(0x20 + random.integer(0x5f))).join(
    '',
  );
const HEADER_NAMES = [
  'x-request-id',
  'traceparent',
  'tracestate',
  'authorization',
  'accept',
  'expect',
  'range',
  'if-none-match',
  'content-encoding',
  'content-type',
  'inference-header-content-length',
  'x-forwarded-for',
  'cookie',
  'upgrade',
];

const headers: Make = (random, images) => {
  const names = Array.from({ length: 1 + random.integer(4) }, () => pick(random, HEADER_NAMES));
  return {
    what: 'headers',
    method: 'POST',
    path: CLASSIFY,
    headers: {
      'content-type': 'image/jpeg',
      ...Object.fromEntries(names.map((name) => [name, text(random, random.uniform() < 0.05 ? 9000 : 60)])),
    },
    body: images[0]!.bytes,
  };
};

const PATHS = [
  '/',
  '/v1/classify',
  '/v2',
  '/v2/health/live',
  '/v2/health/ready',
  '/v2/models/latency',
  '/v2/models/latency/ready',
  '/v2/models/latency/versions/1/infer',
  '/openapi.json',
  '/metrics',
  '/samples',
  '/samples/weave.jpg',
  '/page.js',
];
const METHODS = ['GET', 'GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND'];

const query: Make = (random) => {
  const odd = () =>
    encodeURIComponent(text(random, 20)).replaceAll('%2F', () =>
      pick(random, ['/', '%2F', '%', '%zz', '/../', '%00', '%c0%ae']),
    );
  const path = `${pick(random, PATHS)}${random.uniform() < 0.3 ? `/${odd()}` : ''}?${pick(random, ['top', 'model', 'topk', '__proto__', 'top[]'])}=${odd()}&${odd()}`;
  return { what: 'query', method: pick(random, METHODS), path, headers: {} };
};

const MAKES: readonly (readonly [number, Make])[] = [
  [0.55, image],
  [0.1, form],
  [0.07, base64],
  [0.1, tensor],
  [0.08, headers],
  [0.1, query],
];

/** The request with a number. */
export function fuzzRequest(seed: number, number: number, images: readonly Image[]): FuzzRequest {
  const random = seededRandom(seed, `fuzz/${number}`);
  let share = random.uniform();
  const [, make] = MAKES.find(([weight]) => (share -= weight) < 0) ?? MAKES[0]!;
  return make(random, images);
}
