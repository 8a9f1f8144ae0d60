/** What the graph cache does when its folder cannot be written to, or has leftovers. The export is not real. */
import { spawnSync } from 'node:child_process';
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

import { temporaryOf } from '../../../../files/temporaries';
import { loadOnnxruntime } from '../../../../models/engines/onnxruntime/engine';
import { cachedGraph, graphFile } from '../../../../models/engines/onnxruntime/graph-cache';
import { DEMO_MODELS_DIR } from '../../../../models/weights/saved-model';

const mockGraph = Buffer.from('a graph');
jest.mock('../../../../models/weights/load-classifier', () => ({
  loadClassifier: () => Promise.resolve({ dispose: () => undefined }),
}));
jest.mock('../../../../models/onnx/export', () => ({ graphOf: () => ({}) }));
jest.mock('../../../../models/onnx/proto', () => ({ encodeModel: () => mockGraph }));
jest.mock('../../../../models/onnx/quantize/quantize', () => ({}));

const MODEL_DIR = join(DEMO_MODELS_DIR, 'latency');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-graphs-'));
});

test('a folder that is missing is created', async () => {
  const cacheDir = join(folder, 'a', 'b');
  const { file, source, notStored } = await cachedGraph(MODEL_DIR, cacheDir);
  expect([source, notStored]).toEqual([file, undefined]);
  expect(readFileSync(file)).toEqual(mockGraph);
});

test('temporary graphs of killed exports are removed, but not those that another process may write', async () => {
  const killed = join(folder, 'a.onnx.1.tmp');
  writeFileSync(killed, '');
  writeFileSync(join(folder, 'b.onnx.2.tmp'), '');
  const anHourAgo = statSync(killed).mtimeMs / 1000 - 3600;
  utimesSync(killed, anHourAgo, anHourAgo);
  await cachedGraph(MODEL_DIR, folder);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual(['b.onnx.2.tmp']);
});

test('a start removes what a killed preparation left, although the graph is there already', async () => {
  await cachedGraph(MODEL_DIR, folder);
  const kept = readdirSync(folder);
  const { pid } = spawnSync(process.execPath, ['--version']);
  mkdirSync(temporaryOf(join(folder, 'latency-prepared')).replace(`-${process.pid}-`, `-${pid}-`));
  const cached = { modelDir: MODEL_DIR, onnxCacheDir: folder };
  const loading = loadOnnxruntime({ ...cached, kind: 'onnxruntime', threads: 1, precision: 'fp32' });
  await expect(loading).rejects.toThrow('Protobuf parsing failed');
  expect(readdirSync(folder)).toEqual(kept);
});

test.each<[string, () => string, RegExp]>([
  // As on a read-only mount, where Node reports ENOENT too.
  ['is missing and cannot be created', () => '/proc/none/graphs', /^ENOENT/],
  [
    'is a file',
    () => {
      writeFileSync(join(folder, 'file'), '');
      return join(folder, 'file');
    },
    /^EEXIST/,
  ],
  [
    'is below a file',
    () => {
      writeFileSync(join(folder, 'file'), '');
      return join(folder, 'file', 'graphs');
    },
    /^ENOTDIR/,
  ],
  [
    'cannot take the checksum',
    () => {
      mkdirSync(`${graphFile(MODEL_DIR, folder)}.sha256`);
      return folder;
    },
    /^(EISDIR|EEXIST|ENOTEMPTY|EPERM)/,
  ],
])('a folder that %s gives the graph from memory, says why and leaves nothing behind', async (...row) => {
  const [, spoil, reason] = row;
  const cacheDir = spoil();
  const before = readdirSync(folder);
  const { source, notStored } = await cachedGraph(MODEL_DIR, cacheDir);
  expect(source).toEqual(mockGraph);
  expect(notStored).toMatch(reason);
  expect(readdirSync(folder)).toEqual(before);
});
