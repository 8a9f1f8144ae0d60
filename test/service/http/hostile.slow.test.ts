/** Requests that try to break the service. Each gets its status, and the service keeps working. */
import { connect } from 'node:net';
import { deflateSync } from 'node:zlib';

import sharp from 'sharp';

import type { Running } from '../../../service/main';
import { expectProblem, post } from '../../support/client';
import { pngChunk, pngOf } from '../../support/png';
import { grey, startServer } from '../../support/server';

const HEADERS_TIMEOUT_MS = 600;
const BODY_TIMEOUT_MS = 700;
/** Extra time that a busy machine may need beyond a timeout; without the timeouts, Node would wait for 30 s and more. */
const SLACK_MS = 20_000;

let server: Running & { url: string };
let jpeg: Buffer;
let png: Buffer;
let webp: Buffer;

beforeAll(async () => {
  server = await startServer({ models: ['latency'] }, 20_000, {
    headersTimeoutMs: HEADERS_TIMEOUT_MS,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
  });
  await server.ready;
  const image = grey(0.9, 300);
  jpeg = await image.clone().jpeg().toBuffer();
  png = await image.clone().png().toBuffer();
  webp = await image.clone().webp().toBuffer();
});
afterAll(() => server.stop());
afterEach(async () => {
  expect((await classify(jpeg)).status).toBe(200);
});

const classify = (image: Buffer, type = 'image/jpeg') => post(`${server.url}/v1/classify`, image, type);

/** Sends bytes, then more of them one at a time; resolves with the whole answer once the connection ends. */
function exchange(start: string | Buffer, drip?: string): Promise<{ text: string; ms: number }> {
  return new Promise((resolve) => {
    const started = performance.now();
    let text = '';
    let timer: NodeJS.Timeout | undefined;
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(start);
      if (drip !== undefined) timer = setInterval(() => socket.write(drip), 100);
    });
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ text, ms: performance.now() - started });
    });
  });
}

async function expectRawProblem(
  answer: Promise<{ text: string }>,
  status: number,
  code: string,
): Promise<void> {
  const { text } = await answer;
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(text.toLowerCase()).toContain('content-type: application/problem+json');
  expect(text).toMatch(/connection: close/i);
  expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ status, code });
}

const POST = 'POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n';

test('slow headers get 408 in time', async () => {
  const answer = exchange('GET /v2 HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a');
  await expectRawProblem(answer, 408, 'REQUEST_TIMEOUT');
  expect((await answer).ms).toBeLessThan(HEADERS_TIMEOUT_MS + SLACK_MS);
});

test('a silent connection is closed in time', async () => {
  expect((await exchange('')).ms).toBeLessThan(HEADERS_TIMEOUT_MS + SLACK_MS);
});

test.each([
  ['of a known length', 'Content-Length: 100000\r\n\r\n', 'a'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'],
])('a slow body %s gets 408 in time', async (_what, head, drip) => {
  const answer = exchange(POST + head, drip);
  await expectRawProblem(answer, 408, 'REQUEST_TIMEOUT');
  expect((await answer).ms).toBeLessThan(BODY_TIMEOUT_MS + SLACK_MS);
});

test('a slow form and slow JSON get 408 too', async () => {
  const form = 'POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n';
  await expectRawProblem(exchange(`${form}Content-Length: 9999\r\n\r\n`, '-'), 408, 'REQUEST_TIMEOUT');
  const infer = 'POST /v2/models/latency/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  await expectRawProblem(exchange(`${infer}Content-Length: 9999\r\n\r\n`, '['), 408, 'REQUEST_TIMEOUT');
});

test('oversized headers get 431', async () => {
  const answer = exchange(`GET /v2 HTTP/1.1\r\nHost: x\r\nX-Large: ${'a'.repeat(20_000)}\r\n\r\n`);
  await expectRawProblem(answer, 431, 'HEADERS_TOO_LARGE');
});

test('a huge Content-Length gets 413 before the body is sent, once, and is dropped until the time limit', async () => {
  const { text, ms } = await exchange(`${POST}Content-Length: 99999999999\r\n\r\n`, 'a');
  expect(text).toMatch(/^HTTP\/1.1 413 /);
  expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
  expect(ms).toBeLessThan(HEADERS_TIMEOUT_MS + BODY_TIMEOUT_MS + SLACK_MS);
});

test('invalid HTTP, a broken chunk or two lengths get 400', async () => {
  await expectRawProblem(exchange('\x16\x03\x01 TLS?\r\n\r\n'), 400, 'BAD_REQUEST');
  await expectRawProblem(exchange(`${POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`), 400, 'BAD_REQUEST');
  await expectRawProblem(
    exchange(`${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`),
    400,
    'BAD_REQUEST',
  );
});

test('an unknown expectation is ignored', async () => {
  const head = `Expect: the-worst\r\nConnection: close\r\nContent-Length: ${jpeg.length}\r\n\r\n`;
  const { text } = await exchange(Buffer.concat([Buffer.from(POST + head), jpeg]));
  expect(text).toMatch(/^HTTP\/1.1 200 /);
});

const square = (side: number, ...chunks: Buffer[]) => pngOf({ width: side, height: side }, ...chunks);

describe('pixel bombs', () => {
  test.each([10_000, 20_000, 100_000, 0x7fffffff])(
    'a PNG of %i pixels per side gets 422 by its header',
    async (side) => {
      const bomb = square(side, pngChunk('IDAT', deflateSync(Buffer.alloc(1000))));
      const response = await classify(bomb, 'image/png');
      await expectProblem(
        response,
        422,
        'BAD_IMAGE',
        side === 10_000 ? /more than 40000000 pixels/ : /a side may have 16384/,
      );
    },
  );

  test('a complete PNG just above the limit gets 422', async () => {
    const bomb = await sharp({ create: { width: 8_000, height: 5_001, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    await expectProblem(await classify(bomb, 'image/png'), 422, 'BAD_IMAGE', /more than 40000000 pixels/);
  });

  test('a JPEG whose header claims 65,500 pixels per side gets 422', async () => {
    const bomb = Buffer.from(jpeg);
    const frame = bomb.indexOf(Buffer.from([0xff, 0xc0]));
    bomb.writeUInt16BE(65_500, frame + 5);
    bomb.writeUInt16BE(65_500, frame + 7);
    await expectProblem(await classify(bomb), 422, 'BAD_IMAGE', /a side may have 16384/);
  });

  test('a progressive JPEG of hundreds of scans gets 422 in time', async () => {
    const whole = await grey(0.9, 1000).jpeg({ progressive: true }).toBuffer();
    const [first, second] = [0, 1].reduce<number[]>(
      (found) => [...found, whole.indexOf(Buffer.from([0xff, 0xda]), (found.at(-1) ?? 0) + 2)],
      [],
    );
    const tables = whole.lastIndexOf(Buffer.from([0xff, 0xc4]), second);
    const scan = whole.subarray(first, tables > first! ? tables : second);
    const bomb = Buffer.concat([whole.subarray(0, -2), ...Array<Buffer>(500).fill(scan), whole.subarray(-2)]);
    // Not 504, which the service answers after the request's time.
    await expectProblem(await classify(bomb), 422, 'BAD_IMAGE', /more than 100 scans/);
  });

  test('a PNG with a text that inflates to 100 MB gets an answer in time', async () => {
    const text = Buffer.concat([
      Buffer.from('Comment\0\0'),
      deflateSync(Buffer.alloc(100_000_000), { level: 9 }),
    ]);
    const rows = deflateSync(Buffer.alloc(300 * 301));
    const response = await classify(square(300, pngChunk('zTXt', text), pngChunk('IDAT', rows)), 'image/png');
    expect([200, 422]).toContain(response.status);
  });
});

describe('polyglots', () => {
  const html = Buffer.from('<html><script>alert(1)</script></html>');
  const zip = Buffer.from('PK\x03\x04\x14\0\0\0\0\0PK\x05\x06'.padEnd(64, '\0'), 'latin1');
  const comment = () =>
    Buffer.concat([
      jpeg.subarray(0, 2),
      Buffer.from([0xff, 0xfe, 0, html.length + 2]),
      html,
      jpeg.subarray(2),
    ]);

  test.each<[string, () => Buffer | Promise<Buffer>, number]>([
    ['a JPEG with HTML behind it', () => Buffer.concat([jpeg, html]), 200],
    ['a JPEG with HTML in a comment', comment, 200],
    ['a PNG with a ZIP behind it', () => Buffer.concat([png, zip]), 200],
    ['a WebP with HTML behind it', () => Buffer.concat([webp, html]), 200],
    ['HTML with a JPEG behind it', () => Buffer.concat([html, jpeg]), 422],
    ['a ZIP with a PNG behind it', () => Buffer.concat([zip, png]), 422],
    [
      'a GIF with a ZIP behind it (GIFAR)',
      async () => Buffer.concat([await grey(0.5).gif().toBuffer(), zip]),
      415,
    ],
    ['a PDF with a JPEG behind it', () => Buffer.concat([Buffer.from('%PDF-1.7\n'), jpeg]), 415],
    [
      'an SVG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
      415,
    ],
    ['a TIFF', () => grey(0.5).tiff().toBuffer(), 415],
    [
      'RIFF that says WEBP and is none',
      () => Buffer.from('RIFF\x10\0\0\0WEBPVP8 \xff\xff\xff\x7f', 'latin1'),
      422,
    ],
    ['a PNG called a JPEG', () => png, 200],
  ])('%s', async (_what, make, status) => {
    const response = await classify(await make());
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('truncated files', () => {
  test.each(['jpeg', 'png', 'webp'] as const)('a %s gets 422', async (format) => {
    const whole = { jpeg, png, webp }[format];
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      const cut = whole.subarray(0, Math.ceil(whole.length * share));
      expect((await classify(cut, `image/${format}`)).status).toBe(422);
    }
  });
});
