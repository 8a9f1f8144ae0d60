/**
 * Trains a demo model's head on the second task with the recipe's first stage:
 * `npx tsx models/demo/transfer.ts MODEL`. Writes the saved model's folder.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { fillFromBase } from '../weights/base-weights';
import { INPUT_SHAPE, MODELS, type ModelId, modelId } from '../catalog';
import { buildClassifier, POOLING_NAME } from '../architectures/classifier';
import { exportOnnx } from '../onnx/export';
import { openSession, runSession } from '../onnx/session';
import { AUGMENTATION, RECIPES } from '../recipes';
import { checksummed, DEMO_MODELS_DIR, writeSavedModel } from '../weights/saved-model';
import { type Backbone, trainHead } from '../transfer-learning';
import { demoBaseFile } from './base';
import { drawTask } from './image-set';
import { TASKS } from './surfaces';

const SEED = 11;
/** ResNet101V2's backbone takes some fifteen times as long an image, and its head needs fewer. */
const IMAGES_PER_CLASS: Readonly<Record<ModelId, number>> = { accuracy: 64, latency: 256 };

/** The base's backbone with pooling as an inference graph. */
async function openBackbone(model: ModelId, folder: string): Promise<Backbone> {
  const { architecture } = MODELS[model];
  const classifier = buildClassifier(architecture, TASKS.transfer.length);
  const base = { kind: 'demo', ...checksummed(folder, join('..', demoBaseFile(architecture))) } as const;
  await fillFromBase(classifier, { architecture, base, folder });
  const pooled = classifier.getLayer(POOLING_NAME).output as tf.SymbolicTensor;
  const trunk = tf.model({ inputs: classifier.inputs, outputs: pooled });
  const session = await openSession(exportOnnx(trunk, 'features'), availableParallelism());
  classifier.dispose();
  return (images, batch) => runSession(session, images, [batch, ...INPUT_SHAPE]);
}

async function transfer(model: ModelId): Promise<void> {
  tf.enableProdMode();
  const { architecture } = MODELS[model];
  const folder = join(DEMO_MODELS_DIR, model);
  mkdirSync(folder, { recursive: true });
  const { head, batchSize } = RECIPES[model];
  const weights = await trainHead({
    images: drawTask('transfer', {
      seed: SEED,
      split: 'train',
      perClass: IMAGES_PER_CLASS[model],
      size: INPUT_SHAPE[0],
    }),
    classCount: TASKS.transfer.length,
    backbone: await openBackbone(model, folder),
    ...head,
    batchSize,
    augmentation: AUGMENTATION,
    seed: SEED,
    onEpoch: ({ epoch, seconds, loss, accuracy }) =>
      console.error(
        `epoch ${epoch}/${head.epochs} ${seconds.toFixed(0)} s loss ${loss.toFixed(4)} accuracy ${accuracy.toFixed(4)}`,
      ),
  });
  const metadata = { architecture, seed: String(SEED), stage: 'head' };
  const base = { kind: 'demo', ...checksummed(folder, join('..', demoBaseFile(architecture))) } as const;
  const fields = { model, architecture, classes: TASKS.transfer, demo: true, base };
  writeSavedModel(folder, fields, weights, metadata);
  console.log(folder);
}

void transfer(modelId(process.argv[2]));
