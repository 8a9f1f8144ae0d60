import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODEL_IDS } from '../../../models/catalog';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { testAccuracyOf } from '../../../service/api/evaluation';

const figures = { images: 200, accuracy: 0.9, interval95: [0.85, 0.93] };
const accuracy = { images: 200, share: 0.9, interval95: [0.85, 0.93], precision: 'fp32' };

function modelWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-evaluation-'));
  writeFileSync(join(folder, 'evaluation.json'), text);
  return folder;
}

test.each(
  MODEL_IDS.flatMap((model) => (['fp32', 'int8'] as const).map((precision) => [model, precision] as const)),
)('the demo model %s has an accuracy that was measured at %s', (model, precision) => {
  const { images, share, interval95, ...rest } = testAccuracyOf(join(DEMO_MODELS_DIR, model), precision)!;
  expect(rest).toEqual({ precision });
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
  expect(testAccuracyOf(modelWith(JSON.stringify({ measured })), 'fp32')).toEqual(accuracy);
  expect(
    testAccuracyOf(modelWith(JSON.stringify({ measured: measured.slice(0, 1) })), 'fp32'),
  ).toBeUndefined();
});

test.each(['int8', 'bf16'] as const)(
  'of a model that runs at %s and was measured at fp32 only, the accuracy says so',
  (precision) => {
    expect(testAccuracyOf(modelWith(JSON.stringify(figures)), precision)).toEqual(accuracy);
  },
);

test.each([
  ['no evaluation', mkdtempSync(join(tmpdir(), 'tandem-evaluation-'))],
  ['a damaged file', modelWith('{"images":')],
  ['a file of something else', modelWith('{"images":"many"}')],
])('a model with %s has no accuracy', (_, folder) => {
  expect(testAccuracyOf(folder, 'int8')).toBeUndefined();
});
