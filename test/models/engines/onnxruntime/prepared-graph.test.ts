import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { InferenceSession } from 'onnxruntime-node';

import { sha256 } from '../../../../files/sha256';
import {
  openAndPrepare,
  openPrepared,
  preparedFolder,
} from '../../../../models/engines/onnxruntime/prepared-graph';
import { runSession } from '../../../../models/engines/onnxruntime/session';
import { encodeModel } from '../../../../models/onnx/proto';

const SHAPE = [1, 16, 16, 3] as const;
const SIZE = SHAPE.reduce<number>((product, size) => product * size, 1);
const WEIGHTS = Float32Array.from({ length: SIZE }, (_, i) => i / SIZE);
/** Adds its weights to its input. */
const GRAPH = encodeModel({
  name: 'sum',
  nodes: [{ op: 'Add', inputs: ['x', 'weights'], output: 'y' }],
  initializers: [{ name: 'weights', dims: SHAPE, values: WEIGHTS }],
  input: { name: 'x', dims: SHAPE },
  outputs: [{ name: 'y', dims: SHAPE }],
});

let folder: string;
let graph: { readonly file: string; readonly sha256: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-prepared-'));
  graph = { file: join(folder, 'sum.onnx'), sha256: sha256(GRAPH) };
  writeFileSync(graph.file, GRAPH);
  writeFileSync(`${graph.file}.sha256`, `${graph.sha256}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function resultOf(session: InferenceSession): Promise<Float32Array> {
  const result = await runSession(session, new Float32Array(SIZE), SHAPE);
  await session.release();
  return result;
}

test('an optimised graph is kept with its weights apart, and gives the same values', async () => {
  expect(await openPrepared(graph.file, 1)).toBeUndefined();
  expect(await resultOf(await openAndPrepare(graph, 1))).toEqual(WEIGHTS);

  const prepared = await openPrepared(graph.file, 1);

  expect(prepared!.graph).toEqual(graph);
  expect(await resultOf(prepared!.session)).toEqual(WEIGHTS);
  expect(readFileSync(join(preparedFolder(graph.file), 'weights.bin')).length).toBeGreaterThanOrEqual(
    WEIGHTS.byteLength,
  );
});

test.each(['graph.onnx', 'weights.bin', 'checksums.txt'])(
  'an optimised graph whose %s is damaged is not opened',
  async (name) => {
    await (await openAndPrepare(graph, 1)).release();
    const file = join(preparedFolder(graph.file), name);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);

    expect(await openPrepared(graph.file, 1)).toBeUndefined();
  },
);

test('the optimised form of another graph of the same name is not opened, but made again', async () => {
  await (await openAndPrepare(graph, 1)).release();
  writeFileSync(`${graph.file}.sha256`, `${sha256('another')}\n`);
  expect(await openPrepared(graph.file, 1)).toBeUndefined();

  await (await openAndPrepare({ ...graph, sha256: sha256('another') }, 1)).release();

  const again = await openPrepared(graph.file, 1);
  expect(again!.graph.sha256).toBe(sha256('another'));
  await again!.session.release();
});

test('a graph whose optimised form cannot be kept is opened all the same', async () => {
  // The name of a file may have 255 characters, and the folder's is longer.
  const file = join(folder, `${'long'.repeat(62)}.onnx`);
  renameSync(graph.file, file);
  graph = { ...graph, file };

  expect(await resultOf(await openAndPrepare(graph, 1))).toEqual(WEIGHTS);

  expect(existsSync(preparedFolder(graph.file))).toBe(false);
});
