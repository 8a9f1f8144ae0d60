import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { INPUT_SHAPE } from '../../../models/catalog';
import { loadEngine } from '../../../models/engines/load';
import { scaleHead } from '../../../models/report/scale-head';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { seededRandom } from '../../../statistics/seeded-random';
import { atTemperature } from '../../support/at-temperature';

const folder = mkdtempSync(join(tmpdir(), 'tandem-temperature-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function probabilitiesOf(modelDir: string, image: Float32Array): Promise<Float32Array> {
  const options = { kind: 'onnxruntime', threads: 1, precision: 'fp32' } as const;
  const engine = await loadEngine({ ...options, modelDir, onnxCacheDir: join(folder, 'onnx') });
  const probabilities = await engine.predict(image, 1);
  await engine.dispose();
  return probabilities;
}

test('a model with a temperature in its head answers as temperature scaling says', async () => {
  const copy = join(folder, 'latency');
  copyWithoutBase(join(DEMO_MODELS_DIR, 'latency'), copy);
  const random = seededRandom(1, 'image');
  const image = Float32Array.from({ length: INPUT_SHAPE.reduce((a, b) => a * b, 1) }, () => random.uniform());
  const before = await probabilitiesOf(copy, image);
  scaleHead(copy, 4);
  const after = await probabilitiesOf(copy, image);
  const expected = atTemperature(before, before.length, 4);
  expect(Math.max(...after)).toBeLessThan(Math.max(...before) - 1e-4);
  for (const [i, probability] of after.entries()) expect(probability).toBeCloseTo(expected[i]!, 4);
}, 120_000);
