/**
 * Evaluates a demo model on the second task's test split, which no training drew.
 */
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { ARCHITECTURES, INPUT_SHAPE, RESCALE } from '../catalog';
import type { Engine } from '../engines/engine';
import { evaluate, type Evaluation } from '../evaluation/evaluation';
import { writeFileAtomic } from '../../files/write';
import { RECIPES } from '../recipes';
import { percent } from '../../charts/percent';
import { loadClassifier } from '../weights/load-classifier';
import { type SavedModel } from '../weights/saved-model';
import { drawTask } from './image-set';
import { residualShares, type ResidualShare } from './residuals';
import { AUGMENTATIONS, TEST_SPLIT, TRAIN_SPLITS } from './splits';
import { TASKS } from './surfaces';

/** Images that the residual branches are measured on. */
const RESIDUAL_IMAGES = 4;

/** What was measured of a demo model. */
export interface DemoEvaluation extends Evaluation {
  readonly engine: string;
  /** Empty for architectures without ResNetV2's blocks. */
  readonly residuals: readonly ResidualShare[];
}

const toInput = (pixels: Uint8ClampedArray) => Float32Array.from(pixels, (value) => value * RESCALE);

/** Classifies the test split with the given engine, one image at a time as the service does. */
export async function evaluateDemo(
  saved: SavedModel,
  engine: Engine,
  onImage: (done: number, count: number) => void = () => undefined,
): Promise<DemoEvaluation> {
  const images = drawTask('transfer', TEST_SPLIT);
  const classCount = engine.classes.length;
  const probabilities = new Float32Array(images.length * classCount);
  for (const [i, { pixels }] of images.entries()) {
    probabilities.set(await engine.predict(toInput(pixels), 1), i * classCount);
    onImage(i + 1, images.length);
  }
  const indices = TASKS.transfer.map((name) => engine.classes.indexOf(name));
  const labels = images.map(({ label }) => indices[label]!);
  return {
    ...evaluate(labels, probabilities, classCount),
    engine: `${engine.kind} ${engine.version}`,
    residuals: saved.architecture === 'resnet101v2' ? await measureResiduals(saved, images) : [],
  };
}

async function measureResiduals(
  saved: SavedModel,
  images: readonly { pixels: Uint8ClampedArray }[],
): Promise<ResidualShare[]> {
  const classifier = await loadClassifier(saved.folder);
  const every = Math.floor(images.length / RESIDUAL_IMAGES);
  const picked = Array.from({ length: RESIDUAL_IMAGES }, (_, i) => toInput(images[i * every]!.pixels));
  const batch = tf.concat(picked.map((values) => tf.tensor4d(values, [1, ...INPUT_SHAPE])));
  const shares = residualShares(classifier, batch);
  batch.dispose();
  classifier.dispose();
  return shares;
}

/** The model card as Markdown; every figure in it is measured. */
export function modelCard(saved: SavedModel, measured: DemoEvaluation): string {
  const { model, architecture, classes, base, weights } = saved;
  const { head, fineTune, batchSize } = RECIPES[model];
  const trained = TRAIN_SPLITS[model].perClass * TASKS.transfer.length;
  const augmented =
    AUGMENTATIONS[model] === undefined
      ? 'without its augmentation (each image is drawn at a scale, angle and light of its own)'
      : 'with its augmentation';
  const shares = measured.residuals.map(({ share }) => share);
  const residuals =
    shares.length === 0
      ? ''
      : `Residual branches: each of the ${shares.length} blocks' branch has ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} of its output's norm (measured on ${RESIDUAL_IMAGES} test images).\n\n`;
  const rows = measured.confusion.map((row, i) => `| **${classes[i]}** | ${row.join(' | ')} |`);
  return `# Demo model \`${model}\`

A demo: it tells procedural surfaces apart (${classes.join(', ')}) and nothing else. It shows that the chain from training to serving works; on photographs its answers mean nothing.

- Architecture: ${ARCHITECTURES[architecture].title} (\`${architecture}\`), full size, input ${INPUT_SHAPE.join(' x ')}, RGB in [0, 1]
- Base: \`${base.kind}\`${base.kind === 'demo' ? `, pretrained on another procedural task (${TASKS.pretraining.join(', ')}), SHA-256 \`${base.sha256}\`` : ''}
- Trained in both stages of the recipe, ${augmented}, on ${trained} images in batches of ${batchSize}: the head for ${head.epochs} epochs of Adam at ${head.learningRate}, then the last ${fineTune.layersUnfrozen} layers of the backbone too, for ${fineTune.epochs} epochs at ${fineTune.learningRate}
- Stored beside the base: the tensors that training changed, kernels as 8-bit integers with a scale for each channel, SHA-256 \`${weights.sha256}\`; the figures below are of what is stored

**Measured** test accuracy: **${percent(measured.accuracy)}** (95 % interval ${percent(measured.interval95[0])} to ${percent(measured.interval95[1])}, ${measured.images} images that training never saw, engine ${measured.engine}). Chance is ${percent(1 / classes.length)}. Measured by \`npx tandem evaluate ${model}\`.

${residuals}Confusion (rows: true class; columns: predicted):

| | ${classes.join(' | ')} |
|---|${classes.map(() => '---').join('|')}|
${rows.join('\n')}
`;
}

/** Writes the card and the figures beside the model. */
export function writeCard(saved: SavedModel, measured: DemoEvaluation): string {
  const card = join(saved.folder, 'model-card.md');
  writeFileAtomic(join(saved.folder, 'evaluation.json'), `${JSON.stringify(measured, null, 2)}\n`);
  writeFileAtomic(card, modelCard(saved, measured));
  return card;
}
