import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODEL_IDS } from '../../../models/catalog';
import { type DemoEvaluation, modelCard, resultTable, writeCard } from '../../../models/demo/evaluate';
import { DEMO_MODELS_DIR, readSavedModel } from '../../../models/weights/saved-model';

const figuresOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'evaluation.json'), 'utf8')) as DemoEvaluation;

test.each(MODEL_IDS)('the committed card of %s is the one that its committed figures give', (model) => {
  const folder = join(DEMO_MODELS_DIR, model);
  const card = readFileSync(join(folder, 'model-card.md'), 'utf8');
  expect(card).toBe(modelCard(readSavedModel(folder), figuresOf(folder)));
});

test('the result is one row with the accuracy, its interval and the calibration error', () => {
  const folder = join(DEMO_MODELS_DIR, 'latency');
  const figures = {
    ...figuresOf(folder),
    ...{ images: 300, accuracy: 0.94, interval95: [0.907, 0.962], expectedCalibrationError: 0.021 },
    engine: 'onnxruntime 1.0.0',
  } as DemoEvaluation;
  expect(resultTable(readSavedModel(folder), figures)).toBe(
    `Measured on 300 test images that training never used, with onnxruntime 1.0.0.

| model | architecture | accuracy | 95 % interval | calibration error |
| --- | --- | --- | --- | --- |
| latency | mobilenetv2 | 94.0 % | 90.7 % to 96.2 % | 2.1 % |`,
  );
});

test('the written figures say which weights were measured', () => {
  const saved = readSavedModel(join(DEMO_MODELS_DIR, 'latency'));
  const folder = mkdtempSync(join(tmpdir(), 'tandem-demo-card-'));
  const figures = figuresOf(saved.folder);
  writeCard({ ...saved, folder }, figures);
  expect(figuresOf(folder)).toEqual({ ...figures, weightsSha256: saved.weights.sha256 });
  rmSync(folder, { recursive: true });
});
