/** Bodies within every size limit that could keep the service busy or fill its memory. */
import { LIMITS } from '../../../service/contract';
import type { Running } from '../../../service/main';
import { converse, expectProblem, json, post } from '../../support/client';
import { grey, startServer } from '../../support/server';

/** Most CPU time of this process, server and client, for an answer: a busy machine does not add to it. */
const MAX_CPU_MS = 2_000;
/** Most CPU time of white space in base64, as a multiple of that of as many digits: it is looked at and not copied. */
const MAX_SPACES_RATIO = 2.5;
const INFER = '/v2/models/latency/infer';
const CLASSIFY = '/v1/classify?model=latency';

let server: Running & { url: string };
beforeAll(async () => {
  server = await startServer();
  await server.ready;
});
afterAll(() => server.stop());

/** As many repetitions as fill a body to just below the limit. */
const fill = (
  start: string,
  part: (index: number) => string,
  end: string,
  mostBytes = LIMITS.imageJsonBytes,
): string => {
  const parts: string[] = [];
  for (let bytes = start.length + end.length; ;) {
    const next = part(parts.length);
    bytes += next.length;
    if (bytes > mostBytes - 100) return start + parts.join('') + end;
    parts.push(next);
  }
};

describe('a JSON body of 16 MB', () => {
  test.each<[string, string, () => string]>([
    ['of keys', INFER, () => fill('{"parameters":{"k":1', (i) => `,"k${i}":1`, '}}')],
    ['of lists in lists', INFER, () => fill('{"inputs":', () => '[', '')],
    ['of empty lists', INFER, () => fill('{"inputs":[[]', () => ',[]', ']}')],
    ['of too many numbers', INFER, () => fill('{"inputs":[0', () => ',0', ']}')],
    ['of objects', INFER, () => fill('{"inputs":[{}', () => ',{}', ']}')],
    ['of quotes in a text', INFER, () => fill('{"id":"', () => '\\"', '"}')],
    ['of NaN', INFER, () => fill('[', () => 'NaN ', ']')],
    ['of Infinity', INFER, () => fill('[', () => '-Infinity ', ']')],
    ['of keys for images', CLASSIFY, () => fill('{"k":1', (i) => `,"k${i}":1`, '}')],
    ['of short images', CLASSIFY, () => fill('{"images":["AA=="', () => ',"AA=="', ']}')],
  ])('%s gets 400 at once, and a probe beside it gets an answer', async (_what, path, make) => {
    const body = make();
    expect(body.length).toBeGreaterThan(0.9 * LIMITS.imageJsonBytes);
    const started = process.cpuUsage();
    const refused = post(`${server.url}${path}`, body, 'application/json');
    expect((await fetch(`${server.url}/v2/health/live`)).status).toBe(200);
    await expectProblem(await refused, 400, 'BAD_REQUEST', /(inputs|images) must be .*; the body holds more/);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(MAX_CPU_MS);
  });

  test('of base64 with a space behind each digit costs little more than one of as many digits', async () => {
    const cpuMsOf = async (text: string) => {
      const body = `{"instances":[{"b64":"${text}"}]}`;
      const started = process.cpuUsage();
      const refused = await post(`${server.url}/v1/models/latency:predict`, body, 'application/json');
      await expectProblem(refused, 413, 'BODY_TOO_LARGE', /instances\[0\] is larger than/);
      const { user, system } = process.cpuUsage(started);
      return (user + system) / 1000;
    };
    const count = LIMITS.tensorBytes / 8 - 10;
    const plain = await cpuMsOf('AAAAAAAA'.repeat(count));
    const spaced = await cpuMsOf('A A A A '.repeat(count));
    expect(spaced).toBeLessThan(MAX_SPACES_RATIO * plain);
  });

  test('in an encoding other than UTF-8 gets 415', async () => {
    const body = Buffer.from('{"images": ["AA=="]}', 'utf16le');
    const answer = await post(`${server.url}${CLASSIFY}`, body, 'application/json; charset=utf-16');
    await expectProblem(answer, 415, 'UNSUPPORTED_TYPE', /send JSON as UTF-8/);
  });

  test('with the maximum count of nested numbers gets an answer', async () => {
    const image = Array.from({ length: 224 }, () => Array.from({ length: 224 }, () => [0, 0, 1]));
    const tensor = (n: number) => ({
      inputs: [
        {
          name: 'image',
          datatype: 'FP32',
          shape: [n, 224, 224, 3],
          data: new Array(n).fill(image) as unknown,
        },
      ],
    });
    const most = await post(
      `${server.url}${INFER}`,
      JSON.stringify(tensor(LIMITS.images)),
      'application/json',
    );
    expect(most.status).toBe(200);
    expect((await json(most)).outputs[0].shape).toEqual([LIMITS.images, 3]);
  });
});

test('incomplete bodies share one memory limit; afterwards the service continues', async () => {
  const size = 30 * 1024 * 1024;
  const head = `POST ${CLASSIFY} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${size + 1000}\r\n\r\n`;
  const part =
    '--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\nContent-Type: image/jpeg\r\n\r\n';
  const count = Math.ceil(LIMITS.addressPendingBytes / size) + 1;
  const clients = await Promise.all(Array.from({ length: count }, () => converse(server.port)));
  const quarter = Buffer.alloc(size / 4);
  const parts = Array.from({ length: 4 }, () => [Buffer.from(part), quarter, Buffer.from('\r\n')]);
  // All but the end.
  for (const client of clients) {
    client.say(head);
    client.say(Buffer.concat(parts.flat()));
  }
  const heard = await Promise.race(clients.map((client) => client.hear(/OVERLOADED/)));
  expect(heard).toMatch(/^HTTP\/1.1 503 /);
  for (const client of clients) client.end();
  const image = await grey(0.9).jpeg().toBuffer();
  let status = 0;
  for (let tries = 0; status !== 200 && tries < 50; tries++)
    status = (await post(`${server.url}${CLASSIFY}`, image, 'image/jpeg')).status;
  expect(status).toBe(200);
});

test('a far too large body is rejected before 100 Continue', async () => {
  const client = await converse(server.port);
  const length = 100 * LIMITS.formBytes;
  client.say(
    `POST ${CLASSIFY} HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
  );
  expect(await client.hear(/BODY_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 /);
  client.end();
});

test('images of one request share its time limit', async () => {
  const hurried = await startServer({ models: ['latency'] }, 200);
  await hurried.ready;
  try {
    const image = (await grey(0.9).jpeg().toBuffer()).toString('base64');
    const body = JSON.stringify({ images: new Array(LIMITS.images).fill(image) });
    const answer = await post(`${hurried.url}/v1/classify`, body, 'application/json');
    // Each takes 30 ms and more.
    await expectProblem(answer, 504, 'DEADLINE_EXCEEDED', /took too long/);
  } finally {
    await hurried.stop();
  }
});
