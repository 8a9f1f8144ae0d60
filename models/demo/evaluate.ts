/**
 * Evaluates a demo model on the test split of the second task, which no training uses, and writes its card.
 */
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { ARCHITECTURES, INPUT_SHAPE, modelId, RESCALE } from '../catalog';
import type { Engine } from '../engines/engine';
import { type Int8Cost, readInt8File } from '../engines/onnxruntime/int8-file';
import { evaluate, type Evaluation } from '../evaluation/evaluation';
import { judgeInt8 } from '../evaluation/precision-gate';
import { writeFileAtomic } from '../../files/write';
import { RECIPES } from '../recipes';
import { table } from '../../charts/markdown';
import { percent, percentRange } from '../../charts/percent';
import { confusionTable } from '../report/confusion-table';
import { REPORT_FILES } from '../report-files';
import { int8Section } from '../report/int8-section';
import { loadClassifier } from '../weights/load-classifier';
import type { SavedModel } from '../weights/saved-model';
import { drawTask, type LabelledImage } from './image-set';
import { residualShares, type ResidualShare } from './residuals';
import { TEST_SPLIT, TRAIN_SPLIT } from './splits';
import { TASKS } from './surfaces';

/** Number of images that the residual branches are measured on. */
const RESIDUAL_IMAGES = 4;

/** The figures of a demo model. */
export interface DemoEvaluation extends Evaluation {
  /** Kind and version of the engine. */
  readonly engine: string;
  /** Shares of the residual branches; empty for architectures other than ResNet101V2. */
  readonly residuals: readonly ResidualShare[];
}

const toInput = (pixels: Uint8ClampedArray) => Float32Array.from(pixels, (value) => value * RESCALE);

/**
 * Classifies the test split, one image at a time as the service does.
 *
 * @param engine with the saved model loaded; the caller disposes it
 * @param onImage called after each image
 */
export async function evaluateDemo(
  saved: SavedModel,
  engine: Engine,
  onImage: (done: number, total: number) => void = () => undefined,
): Promise<DemoEvaluation> {
  const images = drawTask('transfer', TEST_SPLIT);
  const classCount = engine.classes.length;
  const probabilities = await classify(engine, images, (done) => onImage(done, images.length));
  const labels = labelsOf(engine, images);
  return {
    ...evaluate(labels, probabilities, classCount),
    engine: `${engine.kind} ${engine.version}`,
    residuals: saved.architecture === 'resnet101v2' ? await measureResiduals(saved, images) : [],
  };
}

/** Probabilities of each image, float32 [images, classes]. */
async function classify(
  engine: Engine,
  images: readonly LabelledImage[],
  onImage: (done: number) => void,
): Promise<Float32Array> {
  const classCount = engine.classes.length;
  const probabilities = new Float32Array(images.length * classCount);
  for (const [i, { pixels }] of images.entries()) {
    probabilities.set(await engine.predict(toInput(pixels), 1), i * classCount);
    onImage(i + 1);
  }
  return probabilities;
}

/** The engine's class index of each image. */
function labelsOf({ classes }: Engine, images: readonly LabelledImage[]): number[] {
  const indices = TASKS.transfer.map((name) => classes.indexOf(name));
  return images.map(({ label }) => indices[label]!);
}

/**
 * Judges int8 on images of the second task.
 *
 * @param fp32 engine that the caller does not use again, as `int8`
 * @param onImage called after each image of each engine
 */
export async function compareDemoPrecisions(
  fp32: Engine,
  int8: Engine,
  onImage: (done: number, total: number) => void = () => undefined,
): Promise<Int8Cost> {
  const images = drawTask('transfer', TEST_SPLIT);
  const total = 2 * images.length;
  const [expected, actual] = [
    await classify(fp32, images, (done) => onImage(done, total)),
    await classify(int8, images, (done) => onImage(images.length + done, total)),
  ];
  await Promise.all([fp32.dispose(), int8.dispose()]);
  return judgeInt8(labelsOf(fp32, images), expected, actual, fp32.classes.length);
}

async function measureResiduals(
  saved: SavedModel,
  images: readonly { pixels: Uint8ClampedArray }[],
): Promise<ResidualShare[]> {
  const classifier = await loadClassifier(saved.folder);
  const stride = Math.floor(images.length / RESIDUAL_IMAGES);
  const sample = Array.from({ length: RESIDUAL_IMAGES }, (_, i) => toInput(images[i * stride]!.pixels));
  const batch = tf.concat(sample.map((values) => tf.tensor4d(values, [1, ...INPUT_SHAPE])));
  const shares = residualShares(classifier, batch);
  batch.dispose();
  classifier.dispose();
  return shares;
}

/** The figures as a Markdown table. */
export function resultTable({ model, architecture }: SavedModel, measured: DemoEvaluation): string {
  const { accuracy, interval95, expectedCalibrationError, images, engine } = measured;
  const row = [
    ...[model, architecture, percent(accuracy), percentRange(interval95)],
    percent(expectedCalibrationError),
  ];
  return `Measured on ${images} test images that training never used, with ${engine}.

${table(['model', 'architecture', 'accuracy', '95 % interval', 'calibration error'], [row])}`;
}

/** The model card as Markdown; its figures are measured. Says what int8 costs if the model was calibrated. */
export function modelCard(saved: SavedModel, measured: DemoEvaluation): string {
  const { model, architecture, classes, base, weights } = saved;
  const { head, fineTune, batchSize } = RECIPES[modelId(model)];
  const trainingImages = TRAIN_SPLIT.perClass * TASKS.transfer.length;
  const shares = measured.residuals.map(({ share }) => share);
  const residuals =
    shares.length === 0
      ? ''
      : `Residual branches: in each of the ${shares.length} blocks, the norm of the branch is ${percentRange([Math.min(...shares), Math.max(...shares)])} of the norm of the block's output (measured on ${RESIDUAL_IMAGES} test images).\n\n`;
  const int8 = readInt8File(saved);
  return `# Demo model \`${model}\`

A demo: it classifies procedural surfaces (${classes.join(', ')}) and nothing else. It shows that the chain from training to serving works; its predictions for photographs are meaningless.

- Architecture: ${ARCHITECTURES[architecture].title} (\`${architecture}\`), full size, input ${INPUT_SHAPE.join(' x ')}, RGB in [0, 1]
- Base: \`${base.kind}\`${base.kind === 'demo' ? `, pretrained on another procedural task (${TASKS.pretraining.join(', ')}), SHA-256 \`${base.sha256}\`` : ''}
- Training: both stages of the recipe, without its augmentation (each image already has its own scale, angle and light), on ${trainingImages} images in batches of ${batchSize}: ${head.epochs} epochs of the head with Adam at ${head.learningRate}, then ${fineTune.epochs} epochs of the head and the last ${fineTune.layersUnfrozen} backbone layers at ${fineTune.learningRate}
- Weights: the tensors that training changed, stored apart from the base, kernels as 8-bit integers with a scale per channel, SHA-256 \`${weights.sha256}\`; the figures below are measured with the stored weights

**Measured** test accuracy: **${percent(measured.accuracy)}** (95 % interval ${percentRange(measured.interval95)}, ${measured.images} images that training never used, engine ${measured.engine}). Chance is ${percent(1 / classes.length)}. To repeat the measurement: \`npx tandem evaluate ${model}\`

${residuals}${confusionTable(measured.confusion, classes)}
${int8 === undefined ? '' : `\n${int8Section(int8)}\n`}`;
}

/** Writes card and figures into the folder of the saved model; returns the path of the card. */
export function writeCard(saved: SavedModel, measured: DemoEvaluation): string {
  const card = join(saved.folder, REPORT_FILES.card);
  const figures = { weightsSha256: saved.weights.sha256, ...measured };
  writeFileAtomic(join(saved.folder, REPORT_FILES.figures), `${JSON.stringify(figures, null, 2)}\n`);
  writeFileAtomic(card, modelCard(saved, measured));
  return card;
}
