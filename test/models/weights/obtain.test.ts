import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fingerprint, type PublishedFile } from '../../../models/weights/download';
import { isServer, obtain } from '../../../models/weights/obtain';
import { type FileServer, serveFolder } from '../../support/file-server';

const NAME = 'weights.h5';
const CONTENTS = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) % 251));

const folder = mkdtempSync(join(tmpdir(), 'tandem-obtain-'));
const mirror = join(folder, 'mirror');
let server: FileServer;
let published: PublishedFile;
let cache: string;
let file: string;

beforeAll(async () => {
  mkdirSync(mirror);
  writeFileSync(join(mirror, NAME), CONTENTS);
  const { bytes, md5 } = await fingerprint(join(mirror, NAME));
  published = { url: `https://storage.example/models/${NAME}`, bytes, md5 };
  server = await serveFolder(mirror);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  cache = mkdtempSync(join(folder, 'cache-'));
  file = join(cache, NAME);
  server.requests.length = 0;
});

const from = () => mkdtempSync(join(folder, 'from-'));
const isWhole = () => readFileSync(file).equals(CONTENTS);

test.each([
  ['http://mirror.example/keras', true],
  ['HTTPS://mirror.example', true],
  ['ftp://mirror.example', false],
  ['/srv/http', false],
  ['http', false],
])('%s is a server: %s', (text, expected) => {
  expect(isServer(text)).toBe(expected);
});

test('a mirror has the file under its own name, with or without a slash at the end of its URL', async () => {
  await obtain(published, file, { from: server.url });
  rmSync(file);
  await obtain(published, file, { from: `${server.url}//` });
  expect(server.requests).toEqual([
    { path: `/${NAME}`, range: undefined },
    { path: `/${NAME}`, range: undefined },
  ]);
  expect(isWhole()).toBe(true);
});

test('a download that broke off goes on from the byte it has', async () => {
  writeFileSync(`${file}.part`, CONTENTS.subarray(0, 70_000));
  await obtain(published, file, { from: server.url });
  expect(server.requests).toEqual([{ path: `/${NAME}`, range: 'bytes=70000-' }]);
  expect(isWhole()).toBe(true);
  expect(readdirSync(cache)).toEqual([NAME]);
});

describe('a folder', () => {
  test('is copied from without any request', async () => {
    const found = await obtain(published, file, { from: mirror });
    expect(found).toEqual(await fingerprint(join(mirror, NAME)));
    expect(isWhole()).toBe(true);
    expect([server.requests, readdirSync(cache)]).toEqual([[], [NAME]]);
  });

  test('is not read where the cache has the file', async () => {
    await obtain(published, file, { from: mirror });
    await obtain(published, file, { from: from() });
    expect(isWhole()).toBe(true);
  });

  test('replaces a file in the cache that is not the published one', async () => {
    writeFileSync(file, 'something else');
    await obtain(published, file, { from: mirror });
    expect(isWhole()).toBe(true);
  });

  test('without the file is refused with its path and the remedy', async () => {
    const empty = from();
    await expect(obtain(published, file, { from: empty, remedy: 'copy it there' })).rejects.toThrow(
      `${join(empty, NAME)} cannot be used (it is not there): copy it there`,
    );
  });

  test('with another file is refused with both sizes, or both sums, and leaves nothing in the cache', async () => {
    const other = from();
    writeFileSync(join(other, NAME), 'cut off');
    await expect(obtain(published, file, { from: other })).rejects.toThrow(
      `${join(other, NAME)} cannot be used (it must have 200000 bytes, received 7)`,
    );
    copyFileSync(join(mirror, NAME), join(other, NAME));
    const bytes = readFileSync(join(other, NAME));
    bytes[5000]! ^= 1;
    writeFileSync(join(other, NAME), bytes);
    await expect(obtain(published, file, { from: other })).rejects.toThrow(
      `it must have MD5 ${published.md5}, received `,
    );
    expect(readdirSync(cache)).toEqual([]);
  });
});

test('a file of a folder that may only be read is copied', async () => {
  const source = from();
  writeFileSync(join(source, NAME), CONTENTS, { mode: 0o444 });
  // Root may write to every file, so file permissions cannot make an open fail.
  const { open } = promises;
  const spy = jest.spyOn(promises, 'open').mockImplementation(async (path, flags, mode) => {
    if (flags === 'r+') throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
    return open(path, flags, mode);
  });
  try {
    await obtain(published, file, { from: source });
  } finally {
    spy.mockRestore();
  }
  expect(isWhole()).toBe(true);
});
