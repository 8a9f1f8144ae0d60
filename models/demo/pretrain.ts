/**
 * Pretrains a demo base on the first task with tfjs-node: `npm run demo:pretrain -- ARCHITECTURE`.
 * Resumes after its last epoch, with fresh Adam moments; finally writes the base into models/demo/.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { BatchNormalization } from '../architectures/batch-norm';
import { INPUT_SHAPE, RESCALE } from '../catalog';
import { buildClassifier, HEAD_NAME } from '../architectures/classifier';
import { useTfjsNode } from '../engines/tfjs';
import { writeFileAtomic } from '../../files/write';
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors';
import { DEMO_MODELS_DIR } from '../weights/saved-model';
import { type Random, seededRandom, shuffle } from '../../statistics/seeded-random';
import { initializeSeeded, readWeights, setWeights, variables, type Weights } from '../weights/weights';
import {
  DEMO_ARCHITECTURE_IDS,
  DEMO_BASES,
  type DemoArchitectureId,
  demoBaseFile,
  isStored,
} from '../weights/demo-base';
import { encodeDemoBase } from '../weights/demo-base-file';
import { drawTask, type LabelledImage } from './image-set';
import { TASKS } from './surfaces';

/** Hyperparameters per architecture. */
const PRETRAINING = {
  resnet101v2: { epochs: 16, imagesPerClass: 200, imagesPerBatch: 32, learningRate: 0.001 },
  mobilenetv2: { epochs: 40, imagesPerClass: 400, imagesPerBatch: 32, learningRate: 0.002 },
} as const;
const SEED = 7;
/** Side of the random crops, pixels. Crops are not resized, so that surfaces keep the scale of serving. */
const CROP_PIXELS = 112;
const VALIDATION_IMAGES_PER_CLASS = 20;
const BATCH_NORM_MOMENTUM = 0.9;
const WARM_UP_STEPS = 50;
const CALIBRATION_BATCHES = 12;
/** Smallest probability whose logarithm enters the loss, as in Keras. */
const MIN_PROBABILITY = 1e-7;

const CLASSES = TASKS.pretraining;
const SIDE = INPUT_SHAPE[0];

/** Copies a random crop of `side` pixels, randomly flipped both ways, as floats in [0, 1]. */
function crop(source: Uint8ClampedArray, side: number, random: Random, out: Float32Array, at: number): void {
  const [left, top] = [random.integer(SIDE - side + 1), random.integer(SIDE - side + 1)];
  const [mirror, upsideDown] = [random.uniform() < 0.5, random.uniform() < 0.5];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = 3 * ((top + (upsideDown ? side - 1 - y : y)) * SIDE + left + (mirror ? side - 1 - x : x));
      const to = at + 3 * (y * side + x);
      for (let c = 0; c < 3; c++) out[to + c] = source[from + c]! * RESCALE;
    }
  }
}

/** Random crops [b, side, side, 3] in [0, 1] and one-hot labels [b, classes]. */
function batchOf(
  items: readonly LabelledImage[],
  side: number,
  random: Random,
): { x: tf.Tensor4D; y: tf.Tensor2D } {
  const size = 3 * side * side;
  const values = new Float32Array(items.length * size);
  items.forEach((item, i) => crop(item.pixels, side, random, values, i * size));
  const labels = tf.tensor1d(
    items.map((item) => item.label),
    'int32',
  );
  return {
    x: tf.tensor4d(values, [items.length, side, side, 3]),
    y: tf.oneHot(labels, CLASSES.length) as tf.Tensor2D,
  };
}

/** Accuracy on whole images, randomly flipped. */
function accuracyOf(model: tf.LayersModel, items: readonly LabelledImage[], random: Random): number {
  let correct = 0;
  for (let i = 0; i < items.length; i += 16) {
    const part = items.slice(i, i + 16);
    const best = tf.tidy(() => {
      const { x } = batchOf(part, SIDE, random);
      return (model.apply(x) as tf.Tensor).argMax(-1).dataSync();
    });
    part.forEach((item, k) => (correct += best[k] === item.label ? 1 : 0));
  }
  return correct / items.length;
}

/** Learning rate of a step: linear warm-up to `peak`, then half a cosine to zero. */
function learningRateAt(step: number, steps: number, peak: number): number {
  if (step < WARM_UP_STEPS) return (peak * (step + 1)) / WARM_UP_STEPS;
  return (peak * (1 + Math.cos((Math.PI * (step - WARM_UP_STEPS)) / (steps - WARM_UP_STEPS)))) / 2;
}

/** Replaces the BatchNorm statistics of crops by those of whole images, averaged over {@link CALIBRATION_BATCHES}. */
function calibrate(model: tf.LayersModel, train: LabelledImage[], random: Random): void {
  const norms = model.layers.filter(
    (layer): layer is BatchNormalization => layer instanceof BatchNormalization,
  );
  for (let i = 0; i < CALIBRATION_BATCHES; i++) {
    for (const layer of norms) layer.momentum = i / (i + 1);
    const part = Array.from({ length: 16 }, () => train[random.integer(train.length)]!);
    tf.tidy(() => void model.apply(batchOf(part, SIDE, random).x, { training: true }));
  }
}

/** The weights that pretraining changes. A base leaves out the head, which other tasks cannot use. */
function changedWeights(model: tf.LayersModel, architecture: DemoArchitectureId, head: boolean): Weights {
  const names = [...variables(model).keys()].filter(
    (name) => isStored(architecture, name) && (head || !name.startsWith(`${HEAD_NAME}/`)),
  );
  return readWeights(model, names);
}

async function pretrain(architecture: DemoArchitectureId): Promise<void> {
  await useTfjsNode(availableParallelism());
  const { epochs, imagesPerClass, imagesPerBatch, learningRate } = PRETRAINING[architecture];
  const folder = join('build', 'demo');
  mkdirSync(folder, { recursive: true });
  const checkpoint = join(folder, `${architecture}.checkpoint.safetensors`);
  const model = buildClassifier(architecture, CLASSES.length, { inputShape: [null, null, 3] });
  const { seed, kernelScale, trainsKernel } = DEMO_BASES[architecture];
  initializeSeeded(model, seed, { kernelScale });
  let epoch = 0;
  if (existsSync(checkpoint)) {
    const saved = decodeSafetensors(readFileSync(checkpoint), checkpoint);
    setWeights(model, saved.weights);
    epoch = Number(saved.metadata['epochs']);
  }
  for (const layer of model.layers) {
    if (layer instanceof BatchNormalization) layer.momentum = BATCH_NORM_MOMENTUM;
  }
  const trained = [...variables(model)]
    .filter(([name, variable]) => variable.trainable && (!name.endsWith('kernel') || trainsKernel(name)))
    .map(([, variable]) => (variable as unknown as { val: tf.Variable }).val);

  console.error(
    `drawing ${imagesPerClass} images of each of ${CLASSES.length} classes; tensors to train: ${trained.length}`,
  );
  const train = drawTask('pretraining', {
    seed: SEED,
    split: 'train',
    perClass: imagesPerClass,
    sidePixels: SIDE,
  });
  const validation = drawTask('pretraining', {
    seed: SEED,
    split: 'validation',
    perClass: VALIDATION_IMAGES_PER_CLASS,
    sidePixels: SIDE,
  });
  const optimizer = tf.train.adam(learningRate);
  const steps = Math.floor(train.length / imagesPerBatch);
  for (; epoch < epochs; epoch++) {
    const random = seededRandom(SEED, `pretrain/${architecture}/${epoch}`);
    shuffle(train, random);
    const started = performance.now();
    let lossSum = 0;
    let correct = 0;
    for (let step = 0; step < steps; step++) {
      const part = train.slice(step * imagesPerBatch, (step + 1) * imagesPerBatch);
      Object.assign(optimizer, {
        learningRate: learningRateAt(epoch * steps + step, epochs * steps, learningRate),
      });
      tf.tidy(() => {
        const { x, y } = batchOf(part, CROP_PIXELS, random);
        const { value, grads } = tf.variableGrads(() => {
          const p = model.apply(x, { training: true }) as tf.Tensor2D; // [b, classes]
          correct += tf.tidy(() => p.argMax(-1).equal(y.argMax(-1)).sum().dataSync()[0]!);
          return p.clipByValue(MIN_PROBABILITY, 1).log().mul(y).sum(-1).neg().mean<tf.Scalar>();
        }, trained);
        optimizer.applyGradients(grads as Record<string, tf.Variable>);
        lossSum += value.dataSync()[0]!;
      });
      if (step % 10 === 0)
        console.error(
          `  step ${step}/${steps} ${((performance.now() - started) / (step + 1)).toFixed(0)} ms/step`,
        );
    }
    const metadata = { epochs: String(epoch + 1) };
    writeFileAtomic(
      checkpoint,
      encodeSafetensors(changedWeights(model, architecture, true), () => 'F32', metadata),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.error(
      `epoch ${epoch + 1}/${epochs} ${seconds} s loss ${(lossSum / steps).toFixed(3)} ` +
        `accuracy ${(correct / steps / imagesPerBatch).toFixed(3)} validation ${accuracyOf(model, validation, random).toFixed(3)}`,
    );
  }
  const random = seededRandom(SEED, `calibrate/${architecture}`);
  calibrate(model, train, random);
  console.error(`validation at ${SIDE} pixels: ${accuracyOf(model, validation, random).toFixed(3)}`);
  const file = join(DEMO_MODELS_DIR, demoBaseFile(architecture));
  const metadata = { architecture, seed: String(seed), epochs: String(epochs) };
  writeFileAtomic(file, encodeDemoBase(architecture, changedWeights(model, architecture, false), metadata));
  console.log(file);
}

if (require.main === module) {
  const architecture = DEMO_ARCHITECTURE_IDS.find((id) => id === process.argv[2]);
  if (architecture === undefined) {
    throw new RangeError(
      `ARCHITECTURE must be one of ${DEMO_ARCHITECTURE_IDS.join(', ')}, received ${process.argv[2]}`,
    );
  }
  void pretrain(architecture);
}
