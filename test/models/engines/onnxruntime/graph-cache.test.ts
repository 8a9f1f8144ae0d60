import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cachedGraph, graphFile } from '../../../../models/engines/onnxruntime/graph-cache';
import { DEMO_MODELS_DIR } from '../../../../models/weights/saved-model';

const MODEL_DIR = join(DEMO_MODELS_DIR, 'latency');

test('a graph that was damaged in the cache is exported again, one that was not is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-graphs-'));
  const { file, sha256, source } = await cachedGraph(MODEL_DIR, folder);
  expect(source).toBe(file);
  const graph = readFileSync(file);
  expect(sha256).toBe(createHash('sha256').update(graph).digest('hex'));
  const damaged = Buffer.from(graph);
  damaged[graph.length >> 1]! ^= 1;
  writeFileSync(file, damaged);
  expect(await cachedGraph(MODEL_DIR, folder)).toEqual({ file, sha256, source });
  expect(readFileSync(file).equals(graph)).toBe(true);
  const { mtimeMs } = statSync(file);
  await cachedGraph(MODEL_DIR, folder);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
});

test('temporary graphs of killed exports are removed, but not those that another process writes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-graphs-'));
  const [killed, written] = ['a.onnx.1.tmp', 'b.onnx.2.tmp'].map((name) => join(folder, name));
  writeFileSync(killed!, '');
  writeFileSync(written!, '');
  const anHourAgo = statSync(killed!).mtimeMs / 1000 - 3600;
  utimesSync(killed!, anHourAgo, anHourAgo);
  await cachedGraph(MODEL_DIR, folder);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual(['b.onnx.2.tmp']);
});

test.each<[string, (folder: string) => string]>([
  ['is missing and cannot be created', () => '/proc/none/graphs'],
  [
    'is a file',
    (folder) => {
      writeFileSync(join(folder, 'file'), '');
      return join(folder, 'file');
    },
  ],
  [
    'has a folder where the checksum should be',
    (folder) => {
      mkdirSync(`${graphFile(MODEL_DIR, folder)}.sha256`);
      return folder;
    },
  ],
])(
  'a cache that %s gives the graph from memory, says why and leaves nothing behind',
  async (_what, spoil) => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-graphs-'));
    const cacheDir = spoil(folder);
    const before = readdirSync(folder);
    const { source, notStored } = await cachedGraph(MODEL_DIR, cacheDir);
    expect(source).toBeInstanceOf(Uint8Array);
    expect(notStored).toMatch(/ENOENT|EEXIST|ENOTDIR|EISDIR|EPERM|ENOTEMPTY/);
    expect(readdirSync(folder)).toEqual(before);
  },
);
