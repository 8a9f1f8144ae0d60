/**
 * Trains a demo model on the second task with both stages of the recipe: `npm run demo:transfer -- MODEL`.
 * Resumes after its last epoch; finally writes the saved model into models/demo/MODEL.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODELS, type ModelId, modelId } from '../models/catalog';
import { PACKAGE_ROOT } from '../files/package-root';
import { RECIPES } from '../models/recipes';
import { CHECKPOINT_NAME } from '../models/training/checkpoint';
import { progressReporter } from '../cli/progress';
import { runTraining } from '../models/training/run-training';
import { copyWithoutBase, DEMO_MODELS_DIR } from '../models/weights/saved-model';
import { TEST_SPLIT, TRAIN_SPLIT, VALIDATION_SPLIT, writeSplit } from '../models/demo/splits';

const SEED = 11;
/** With one thread, the weights depend on the seed alone. */
const THREADS = 1;

async function transfer(model: ModelId): Promise<void> {
  const { architecture } = MODELS[model];
  const recipe = RECIPES[model];
  const out = join(PACKAGE_ROOT, 'build', 'demo', model);
  const data = mkdtempSync(join(tmpdir(), 'tandem-demo-'));
  try {
    for (const split of [TRAIN_SPLIT, VALIDATION_SPLIT, TEST_SPLIT]) await writeSplit(data, split);
    const progress = progressReporter({
      isTerminal: process.stderr.isTTY,
      json: false,
      stream: process.stderr,
      epochs: { head: recipe.head.epochs, fineTune: recipe.fineTune.epochs },
    });
    await runTraining(
      {
        ...{ model, architecture, data, out, recipe, seed: SEED, threads: THREADS, demo: true },
        weights: 'demo',
        // Every image has its own scale, angle, position and light already. Without augmentation, each image passes through
        // the frozen part once per stage instead of once per epoch.
        augmentation: undefined,
        batchNorm: 'inference',
        balanceClasses: false,
        earlyStoppingEpochs: undefined,
        keep: 'last',
        allowLeakage: false,
        resume: existsSync(join(out, CHECKPOINT_NAME)),
      },
      progress,
    );
  } finally {
    rmSync(data, { recursive: true });
  }
  const folder = join(DEMO_MODELS_DIR, model);
  copyWithoutBase(out, folder);
  console.log(folder);
}

void transfer(modelId(process.argv[2]));
