import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODEL_IDS } from '../../../models/catalog';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { testAccuracyOf } from '../../../service/api/evaluation';

const figures = { images: 200, accuracy: 0.9, interval95: [0.85, 0.93] };
const accuracy = { images: 200, share: 0.9, interval95: [0.85, 0.93] };

function modelWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-evaluation-'));
  writeFileSync(join(folder, 'evaluation.json'), text);
  return folder;
}

test.each(MODEL_IDS)('the demo model %s has a measured test accuracy', (model) => {
  const { images, share, interval95 } = testAccuracyOf(join(DEMO_MODELS_DIR, model))!;
  expect(images).toBeGreaterThan(0);
  expect(share).toBeGreaterThan(interval95[0]!);
  expect(share).toBeLessThan(interval95[1]!);
});

test('of a training’s figures, those of the test split count', () => {
  const other = { ...figures, accuracy: 0.1 };
  const measured = [
    { split: 'val', evaluation: other },
    { split: 'test', evaluation: figures },
  ];
  expect(testAccuracyOf(modelWith(JSON.stringify({ measured })))).toEqual(accuracy);
  expect(testAccuracyOf(modelWith(JSON.stringify({ measured: measured.slice(0, 1) })))).toBeUndefined();
});

test.each([
  ['no evaluation', mkdtempSync(join(tmpdir(), 'tandem-evaluation-'))],
  ['a damaged file', modelWith('{"images":')],
  ['a file of something else', modelWith('{"images":"many"}')],
])('a model with %s has no accuracy', (_, folder) => {
  expect(testAccuracyOf(folder)).toBeUndefined();
});
