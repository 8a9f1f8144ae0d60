import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { temporaryOf } from '../../../files/temporaries';
import { ARCHITECTURE_IDS } from '../../../models/catalog';
import { download, type Progress } from '../../../models/weights/download';
import {
  downloadImagenetWeights,
  IMAGENET_WEIGHTS,
  imagenetFile,
  weightsCacheDir,
} from '../../../models/weights/imagenet-weights';
import { describePublished } from '../../../models/weights/obtain';

const CONTENTS = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
CONTENTS.write('\x89HDF\r\n\x1a\n', 'latin1');
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let file: string;
let server: Server;
let base: string;
let requests: { url: string; range: string | undefined }[];
let respond: (request: IncomingMessage, response: ServerResponse) => void;

/** A server that serves ranges, as Keras' storage does. */
function serveRanges({ headers: { range } }: IncomingMessage, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (start >= CONTENTS.length) {
    response.writeHead(416, { 'content-range': `bytes */${CONTENTS.length}` }).end();
    return;
  }
  const headers = {
    'content-length': CONTENTS.length - start,
    ...(range !== undefined && {
      'content-range': `bytes ${start}-${CONTENTS.length - 1}/${CONTENTS.length}`,
    }),
  };
  response.writeHead(range === undefined ? 200 : 206, headers).end(CONTENTS.subarray(start));
}

/** A server that does not support ranges. */
function serveWhole(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': CONTENTS.length }).end(CONTENTS);
}

/** Sends a third of the file and breaks the connection once a part is on disk. */
function breakOff(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': CONTENTS.length });
  response.write(CONTENTS.subarray(0, CONTENTS.length / 3));
  const part = `${file}.part`;
  const timer = setInterval(() => {
    if (!existsSync(part) || statSync(part).size === 0) return;
    clearInterval(timer);
    response.destroy();
  }, 5);
}

/** Answers each request in turn, the last one from then on. */
function inTurn(...answers: (typeof serveRanges)[]): typeof serveRanges {
  let next = 0;
  return (request, response) => answers[Math.min(next++, answers.length - 1)]!(request, response);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-weights-'));
  file = join(folder, 'cache', 'weights.h5');
  requests = [];
  respond = serveRanges;
  server = createServer((request, response) => {
    requests.push({ url: request.url!, range: request.headers.range });
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const published = () => ({ url: `${base}/weights.h5`, bytes: CONTENTS.length, md5: md5(CONTENTS) });
const quick = { retryDelaysMs: [1, 1] };
const inCache = () => readdirSync(join(folder, 'cache'));

describe('a download', () => {
  test('arrives whole, with its sums and its progress', async () => {
    const progress: Progress[] = [];
    const found = await download(published(), file, { onProgress: (each) => progress.push(each) });
    expect(found).toMatchObject({ bytes: CONTENTS.length, md5: md5(CONTENTS), sha256: sha256(CONTENTS) });
    expect(readFileSync(file).equals(CONTENTS)).toBe(true);
    expect(inCache()).toEqual(['weights.h5']);
    const received = progress.map(({ receivedBytes }) => receivedBytes);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    expect(progress.at(-1)).toEqual({ receivedBytes: CONTENTS.length, totalBytes: CONTENTS.length });
  });

  const full = '/dev/full';
  (existsSync(full) ? test : test.skip)('that fills the disk leaves no part, and says so', async () => {
    mkdirSync(join(folder, 'cache'));
    symlinkSync(full, `${file}.part`);
    await expect(download(published(), file, quick)).rejects.toThrow(
      `weights.h5 cannot be downloaded (${file}.part cannot be written (ENOSPC: the disk is full): free space on it, or choose a folder on another disk)`,
    );
    expect(inCache()).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test('that breaks goes on from the byte it has', async () => {
    respond = inTurn(breakOff, serveRanges);
    await download(published(), file, quick);
    expect(requests.map(({ range }) => range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=[1-9]\d{0,5}-$/),
    ]);
    expect(readFileSync(file).equals(CONTENTS)).toBe(true);
  });

  test('does not disturb another one of the same file at the same time, whichever ends first', async () => {
    for (const first of [0, 1]) {
      const waiting: ServerResponse[] = [];
      respond = (_request, response) => {
        response.writeHead(200, { 'content-length': CONTENTS.length });
        response.write(CONTENTS.subarray(0, CONTENTS.length / 3));
        waiting.push(response);
      };
      const received = [0, 0];
      const both = received.map((_, i) =>
        download(published(), file, {
          retryDelaysMs: [],
          onProgress: ({ receivedBytes }) => (received[i] = receivedBytes),
        }),
      );
      while (received.some((bytes) => bytes === 0)) await sleep(5);
      for (const response of first === 0 ? waiting : waiting.reverse()) {
        response.end(CONTENTS.subarray(CONTENTS.length / 3));
        await Promise.race(both);
      }
      for (const found of await Promise.all(both)) expect(found.sha256).toBe(sha256(CONTENTS));
      expect(readFileSync(file).equals(CONTENTS)).toBe(true);
      expect(inCache()).toEqual(['weights.h5']);
      rmSync(file);
    }
  });

  test('goes on from the part of a process that was killed, whose lock and temporary file are gone', async () => {
    mkdirSync(join(folder, 'cache'));
    // No process has this id: it is above the kernel's largest.
    const killed = { host: hostname(), pid: 2 ** 22 + 1, started: '1', since: '2026-01-01T00:00:00.000Z' };
    writeFileSync(`${file}.part`, CONTENTS.subarray(0, 100));
    writeFileSync(`${file}.part.lock`, JSON.stringify(killed));
    writeFileSync(temporaryOf(file).replace(`-${process.pid}-`, `-${killed.pid}-`), 'half');
    await download(published(), file, quick);
    expect(requests.map(({ range }) => range)).toEqual(['bytes=100-']);
    expect(inCache()).toEqual(['weights.h5']);
  });

  test.each([
    ['goes on from the part of a container that has not written for an hour', 3_600_000, 'bytes=100-', []],
    ['leaves alone the part of a container that may still write', 0, undefined, ['.part', '.part.lock']],
  ] as const)('%s', async (_, ageMs, range, left) => {
    mkdirSync(join(folder, 'cache'));
    const other = { host: 'a1b2c3', pid: 1, started: '1', since: '2026-01-01T00:00:00.000Z' };
    writeFileSync(`${file}.part`, CONTENTS.subarray(0, 100));
    writeFileSync(`${file}.part.lock`, JSON.stringify(other));
    const changed = (Date.now() - ageMs) / 1000;
    for (const name of ['.part', '.part.lock']) utimesSync(`${file}${name}`, changed, changed);
    await download(published(), file, quick);
    expect(requests.map((request) => request.range)).toEqual([range]);
    expect(inCache()).toEqual(['weights.h5', ...left.map((name) => `weights.h5${name}`)]);
  });

  test('that breaks for good goes on in the next call', async () => {
    respond = breakOff;
    await expect(download(published(), file, { retryDelaysMs: [] })).rejects.toThrow(/cannot be downloaded/);
    expect(inCache()).toEqual(['weights.h5.part']);
    const held = statSync(`${file}.part`).size;
    respond = serveRanges;
    await download(published(), file, quick);
    expect(requests.at(-1)!.range).toBe(`bytes=${held}-`);
    expect(readFileSync(file).equals(CONTENTS)).toBe(true);
  });

  test('starts again where the server serves no ranges', async () => {
    respond = inTurn(breakOff, serveWhole);
    await download(published(), file, quick);
    expect(requests).toHaveLength(2);
    expect(readFileSync(file).equals(CONTENTS)).toBe(true);
  });

  test('starts again where the part is longer than the file', async () => {
    await download(published(), file);
    rmSync(file);
    writeFileSync(`${file}.part`, Buffer.alloc(CONTENTS.length + 5));
    await download(published(), file, quick);
    expect(requests.slice(1).map(({ range }) => range)).toEqual([`bytes=${CONTENTS.length + 5}-`, undefined]);
    expect(readFileSync(file).equals(CONTENTS)).toBe(true);
  });

  test('that was whole but for its name makes no request', async () => {
    await download(published(), file);
    writeFileSync(`${file}.part`, CONTENTS);
    rmSync(file);
    await download(published(), file);
    expect(requests).toHaveLength(1);
    expect(inCache()).toEqual(['weights.h5']);
  });

  test('with another sum is removed, and both sums are said', async () => {
    const expected = { ...published(), md5: 'f'.repeat(32) };
    await expect(download(expected, file)).rejects.toThrow(
      `it must have MD5 ${'f'.repeat(32)}, received ${md5(CONTENTS)}, and was removed`,
    );
    expect(inCache()).toEqual([]);
  });

  test('of another size is removed, and both sizes are said', async () => {
    const { url } = published();
    await expect(download({ url, bytes: 7 }, file)).rejects.toThrow(
      'it must have 7 bytes, received 300000, and was removed',
    );
    expect(inCache()).toEqual([]);
  });

  test('that the server does not have fails at once, with the URL and the remedy', async () => {
    respond = (_request, response) => response.writeHead(404).end('no such object');
    await expect(download(published(), file, { ...quick, remedy: 'copy it by hand' })).rejects.toThrow(
      `${base}/weights.h5 cannot be downloaded (the server answered 404 Not Found): copy it by hand`,
    );
    expect(requests).toHaveLength(1);
    expect(inCache()).toEqual([]);
  });

  test('is tried again while the server is busy, a bounded number of times', async () => {
    const busy: typeof serveRanges = (_request, response) => response.writeHead(503).end();
    respond = inTurn(busy, busy, serveRanges);
    await download(published(), file, quick);
    expect(requests).toHaveLength(3);
    rmSync(file);
    respond = busy;
    await expect(download(published(), file, quick)).rejects.toThrow(
      'the server answered 503 Service Unavailable',
    );
    expect(requests).toHaveLength(6);
  });
});

describe('a file in the cache', () => {
  test('is checked and makes no request', async () => {
    await download(published(), file);
    const again = await download(published(), file);
    expect(again.sha256).toBe(sha256(CONTENTS));
    expect(requests).toHaveLength(1);
  });

  test('that is damaged is downloaded again', async () => {
    await download(published(), file);
    const bytes = readFileSync(file);
    bytes[1000]! ^= 1;
    writeFileSync(file, bytes);
    await download(published(), file);
    expect(requests).toHaveLength(2);
    expect(readFileSync(file).equals(CONTENTS)).toBe(true);
  });

  test('that is damaged stays where another cannot be had, and the error says so', async () => {
    await download(published(), file);
    writeFileSync(file, 'mine');
    respond = (_request, response) => response.writeHead(404).end();
    await expect(download(published(), file)).rejects.toThrow(
      `${file} is not what is published (it must have 300000 bytes, received 4), and ${base}/weights.h5 cannot be`,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});

describe('ImageNet weights', () => {
  test.each(ARCHITECTURE_IDS)('of %s have a place of Keras’ own, and the sums that Keras states', (id) => {
    const { url, md5: sum } = IMAGENET_WEIGHTS[id];
    const isResnet = id.startsWith('resnet');
    expect(url).toMatch(
      isResnet
        ? new RegExp(`/keras-applications/resnet/${id}_weights_tf_dim_ordering_tf_kernels_notop\\.h5$`)
        : /\/keras-applications\/mobilenet_v2\/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_(1\.0|0\.5)_224_no_top\.h5$/,
    );
    expect(sum === undefined || /^[0-9a-f]{32}$/.test(sum)).toBe(true);
    expect(sum !== undefined).toBe(isResnet);
  });

  test('come from a mirror under their own names, and what is unpublished of them is said', async () => {
    const options = { cacheDir: join(folder, 'cache'), from: `${base}/mirror/` };
    const found = await downloadImagenetWeights('mobilenetv2_050', options);
    const name = 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_224_no_top.h5';
    expect(requests).toEqual([{ url: `/mirror/${name}`, range: undefined }]);
    expect(found.file).toBe(join(folder, 'cache', name));
    expect(describePublished(IMAGENET_WEIGHTS.mobilenetv2_050, found)).toBe(
      `${found.file}  300000 bytes, no published checksum, SHA-256 ${sha256(CONTENTS)}`,
    );
    await expect(downloadImagenetWeights('mobilenetv2', { ...options, ...quick })).rejects.toThrow(
      'it must have 9406464 bytes, received 300000',
    );
  });

  test('of which no size or sum is published are refused if they are no HDF5 file, and no file is left', async () => {
    respond = (_request, response) => response.writeHead(200).end('<!DOCTYPE html><p>Sign in</p>');
    const options = { cacheDir: join(folder, 'cache'), from: base };
    const refused = 'it must be an HDF5 file, received one that begins with "<!DOCTYP"';
    await expect(downloadImagenetWeights('mobilenetv2_050', options)).rejects.toThrow(
      `cannot be downloaded (${refused}, and was removed): download the file by hand`,
    );
    expect(inCache()).toEqual([]);
    // One that an earlier version left is downloaded again.
    writeFileSync(imagenetFile('mobilenetv2_050', options.cacheDir), '\0\0');
    respond = serveRanges;
    const { sha256: sum } = await downloadImagenetWeights('mobilenetv2_050', options);
    expect(sum).toBe(sha256(CONTENTS));
  });

  test('that cannot be had name the URL, --weights and the cache’s file, at once where there is no network', async () => {
    const cacheDir = join(folder, 'cache');
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND storage.example'), { code: 'ENOTFOUND' });
    let calls = 0;
    const offline = () => {
      calls++;
      return Promise.reject(new TypeError('fetch failed', { cause }));
    };
    await expect(downloadImagenetWeights('resnet101v2', { cacheDir, fetch: offline })).rejects.toThrow(
      `${IMAGENET_WEIGHTS.resnet101v2.url} cannot be downloaded (getaddrinfo ENOTFOUND storage.example): download the file by hand to ${imagenetFile('resnet101v2', cacheDir)}, give its path with --weights FILE.h5, or start from the demo’s base with --weights demo (for a trial only: it knows no photographs)`,
    );
    expect(calls).toBe(1);
    expect(existsSync(imagenetFile('resnet101v2', cacheDir))).toBe(false);
  });

  test('lie in TANDEM_CACHE, or else in the user’s cache folder', () => {
    expect(weightsCacheDir({ TANDEM_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a/weights');
    expect(weightsCacheDir({ TANDEM_CACHE: '', XDG_CACHE_HOME: '/b' })).toBe('/b/tandem/weights');
    expect(weightsCacheDir({})).toMatch(/\.cache\/tandem\/weights$/);
  });
});
