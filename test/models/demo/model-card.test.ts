import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { MODEL_IDS } from '../../../models/catalog';
import { type DemoEvaluation, modelCard } from '../../../models/demo/evaluate';
import { DEMO_MODELS_DIR, readSavedModel } from '../../../models/weights/saved-model';

test.each(MODEL_IDS)('the committed card of %s is the one that its committed figures give', (model) => {
  const folder = join(DEMO_MODELS_DIR, model);
  const figures = JSON.parse(readFileSync(join(folder, 'evaluation.json'), 'utf8')) as DemoEvaluation;
  const card = readFileSync(join(folder, 'model-card.md'), 'utf8');
  expect(card).toBe(modelCard(readSavedModel(folder), figures));
});
