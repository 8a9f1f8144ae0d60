import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cachedGraph } from '../../../../models/engines/onnxruntime/graph-cache';
import { DEMO_MODELS_DIR } from '../../../../models/weights/saved-model';

test('a graph that was damaged in the cache is exported again, one that was not is kept', async () => {
  const modelDir = join(DEMO_MODELS_DIR, 'latency');
  const folder = mkdtempSync(join(tmpdir(), 'tandem-graphs-'));
  const { file, sha256, source } = await cachedGraph(modelDir, folder);
  expect(source).toBe(file);
  const graph = readFileSync(file);
  expect(sha256).toBe(createHash('sha256').update(graph).digest('hex'));
  const damaged = Buffer.from(graph);
  damaged[graph.length >> 1]! ^= 1;
  writeFileSync(file, damaged);
  expect(await cachedGraph(modelDir, folder)).toEqual({ file, sha256, source });
  expect(readFileSync(file).equals(graph)).toBe(true);
  const { mtimeMs } = statSync(file);
  await cachedGraph(modelDir, folder);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
});
