import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkTarget } from '../../../bench/load/check-target';
import { startServer, type TestServer } from './server';

let folder: string;
let weave: string;
let answer: (response: ServerResponse) => unknown;
let server: TestServer;
let requests: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-check-target-'));
  weave = join(folder, 'weave.jpg');
  writeFileSync(weave, 'bytes');
  server = await startServer((_, response) => {
    requests++;
    answer(response);
  });
});
beforeEach(() => (requests = 0));
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const classAnswer = (name: string) => (response: ServerResponse) =>
  response.end(JSON.stringify({ top: [{ class: name }] }));
const status =
  (code: number, detail?: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(code, headers).end(detail && JSON.stringify({ detail }));

test('a server that answers each image with its class gets one request per image', async () => {
  answer = classAnswer('weave');
  await checkTarget({ url: server.url, images: [{ file: weave, expectedClass: 'weave' }, { file: weave }] });
  expect(requests).toBe(2);
});

test('a busy server is no mistake of the command line', async () => {
  answer = status(503, 'busy', { 'retry-after': '1' });
  expect(await checkTarget({ url: server.url })).toBe(true);
});

test.each<[string, (response: ServerResponse) => unknown, string]>([
  ['a wrong path', status(404), 'answered 404: check the path in --url'],
  [
    'an image that the service cannot read',
    status(422, 'the image is truncated'),
    'answered 422 (the image is truncated) to IMAGE: check --url and --image',
  ],
  [
    'another class',
    classAnswer('spirals'),
    'names the class "spirals" for IMAGE, and --image expects "weave": correct the class, or give the file alone',
  ],
  ['a page that names no class', (response) => response.end('<html>'), 'names no class for IMAGE'],
  ['a broken service', status(500), 'answered 500: see the service’s log'],
  ['a connection that closes', (response) => response.destroy(), 'gives no answer (ECONNRESET): check --url'],
])('%s is told in a sentence', async (_, served, sentence) => {
  answer = served;
  const images = [{ file: weave, expectedClass: 'weave' }];
  await expect(checkTarget({ url: server.url, images, timeoutMs: 60_000 })).rejects.toThrow(
    `${server.url} ${sentence.replace('IMAGE', weave)}`,
  );
});

test('silence is told with the time that was waited', async () => {
  answer = () => undefined;
  await expect(checkTarget({ url: server.url, timeoutMs: 200 })).rejects.toThrow(
    `${server.url} did not answer within 0.2 s: check --url, or give a longer --timeout`,
  );
});

test('a deadline may have a part of a millisecond', async () => {
  answer = classAnswer('weave');
  expect(await checkTarget({ url: server.url, timeoutMs: 60_000.5 })).toBe(true);
});

test('a closed port is named', async () => {
  // A port that no test takes: only root may listen there.
  await expect(checkTarget({ url: 'http://127.0.0.1:1/v1/classify' })).rejects.toThrow(
    'nothing listens at http://127.0.0.1:1: start the service, or check --url',
  );
});

test('a missing image is named, whatever the server is', async () => {
  const images = [{ file: join(folder, 'none.jpg') }];
  await expect(checkTarget({ url: server.url, images })).rejects.toThrow(/^ENOENT: .*none\.jpg/);
  expect(requests).toBe(0);
});

test('Ctrl-C while the server is silent ends the check without an error', async () => {
  const stop = new AbortController();
  answer = () => stop.abort();
  expect(await checkTarget({ url: server.url, stop: stop.signal })).toBe(false);
  expect(requests).toBe(1);
});
