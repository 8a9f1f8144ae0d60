/**
 * Transfer learning, first stage: a softmax head on a frozen backbone.
 *
 * The backbone only runs forward, as an inference graph, so its BatchNorm stays in inference mode as in Keras.
 */
import * as tf from '@tensorflow/tfjs';

import { applyTransform, drawTransform } from './data/augmentation';
import { INPUT_SHAPE } from './catalog';
import { HEAD_NAME } from './architectures/classifier';
import type { Augmentation } from './recipes';
import { seededRandom, shuffle } from './seeded-random';
import { seededWeight, type Weights } from './weights/weights';

/** One picture at the model's input size, RGB bytes [224, 224, 3], and the index of its class. */
export interface LabelledImage {
  readonly pixels: Uint8ClampedArray;
  readonly label: number;
}

/** Runs a frozen backbone: images float32 [b, 224, 224, 3] in [0, 1] to pooled features [b, c]. */
export type Backbone = (images: Float32Array, batch: number) => Promise<Float32Array>;

/** What one epoch of training came to, on the augmented training images. */
export interface EpochMetrics {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly seconds: number;
}

export interface HeadTraining {
  readonly images: readonly LabelledImage[];
  readonly classCount: number;
  readonly backbone: Backbone;
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly augmentation: Augmentation;
  readonly seed: number;
  readonly onEpoch?: (metrics: EpochMetrics) => void;
}

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;
const IMAGE_SIZE = HEIGHT * WIDTH * CHANNELS;
/** Keras clips probabilities by this before taking their logarithm. */
const LOG_CLIP = 1e-7;

/** Trains the head with Adam on cross-entropy, each image augmented afresh in each epoch; returns its weights. */
export async function trainHead(training: HeadTraining): Promise<Weights> {
  const { classCount, backbone, batchSize, augmentation, seed } = training;
  const images = [...training.images];
  let head: Head | undefined;
  const optimizer = tf.train.adam(training.learningRate, 0.9, 0.999, LOG_CLIP);
  for (let epoch = 0; epoch < training.epochs; epoch++) {
    const started = Date.now();
    const random = seededRandom(seed, `head/${epoch}`);
    shuffle(images, random);
    let [loss, right] = [0, 0];
    for (let start = 0; start < images.length; start += batchSize) {
      const batch = images.slice(start, start + batchSize);
      const input = new Float32Array(batch.length * IMAGE_SIZE); // [b, h, w, 3]
      batch.forEach(({ pixels }, i) => {
        const transform = drawTransform(augmentation, { height: HEIGHT, width: WIDTH }, random);
        applyTransform(pixels, { height: HEIGHT, width: WIDTH }, transform, input, i * IMAGE_SIZE);
      });
      const features = await backbone(input, batch.length); // [b, c]
      head ??= createHead(features.length / batch.length, classCount, seed);
      const step = trainStep(head, features, batch, optimizer);
      loss += step.loss * batch.length;
      right += step.right;
    }
    const seconds = (Date.now() - started) / 1000;
    training.onEpoch?.({
      epoch: epoch + 1,
      loss: loss / images.length,
      accuracy: right / images.length,
      seconds,
    });
  }
  if (head === undefined)
    throw new RangeError(`training needs at least one image and one epoch, received none`);
  const weights: Weights = new Map();
  for (const name of ['kernel', 'bias'] as const) {
    const { shape } = head[name];
    weights.set(`${HEAD_NAME}/${name}`, { shape, values: Float32Array.from(head[name].dataSync()) });
  }
  tf.dispose([head.kernel, head.bias]);
  optimizer.dispose();
  return weights;
}

interface Head {
  /** [c, classes] */
  readonly kernel: tf.Variable;
  /** [classes] */
  readonly bias: tf.Variable;
}

function createHead(featureCount: number, classCount: number, seed: number): Head {
  const shape: [number, number] = [featureCount, classCount];
  return {
    kernel: tf.variable(tf.tensor2d(seededWeight(seed, `${HEAD_NAME}/kernel`, shape), shape)),
    bias: tf.variable(tf.zeros([classCount])),
  };
}

function trainStep(
  head: Head,
  features: Float32Array,
  batch: readonly LabelledImage[],
  optimizer: tf.Optimizer,
): { loss: number; right: number } {
  return tf.tidy(() => {
    const labels = batch.map(({ label }) => label);
    const x = tf.tensor2d(features, [batch.length, features.length / batch.length]);
    const y = tf.oneHot(tf.tensor1d(labels, 'int32'), head.bias.size);
    let right = 0;
    const { value, grads } = tf.variableGrads(() => {
      const p = x.matMul(head.kernel).add(head.bias).softmax(); // [b, classes]
      const best = tf.tidy(() => p.argMax(-1).dataSync());
      labels.forEach((label, i) => (right += best[i] === label ? 1 : 0));
      return p.clipByValue(LOG_CLIP, 1).log().mul(y).sum(-1).neg().mean<tf.Scalar>();
    }, [head.kernel, head.bias]);
    optimizer.applyGradients(grads);
    return { loss: value.dataSync()[0]!, right };
  });
}
