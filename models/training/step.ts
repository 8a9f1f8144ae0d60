/**
 * One step of training: tail forward, cross-entropy from logits, gradients.
 */
import * as tf from '@tensorflow/tfjs';

import { HEAD_NAME } from '../architectures/classifier';
import { variables } from '../weights/weights';
import type { BatchNormMode } from '../recipes';
import type { SplitClassifier } from './split-classifier';
import type { Activation } from './trunk';

/** The trained part of a classifier, with its variables. */
export interface Learner {
  /** Un-frozen layers of the backbone; undefined if only the head is trained. */
  readonly tail: tf.LayersModel | undefined;
  /** Kernel and bias of the head. */
  readonly kernel: tf.Variable;
  readonly bias: tf.Variable;
  /** The variables that the optimizer changes, by `layer/weight`. */
  readonly trainable: ReadonlyMap<string, tf.Variable>;
}

const variableOf = (variable: tf.LayerVariable): tf.Variable =>
  (variable as unknown as { readonly val: tf.Variable }).val;

/** Collects the variables that a split classifier trains. */
export function learnerOf(classifier: tf.LayersModel, { tail, trained }: SplitClassifier): Learner {
  const all = variables(classifier);
  const trainable = new Map<string, tf.Variable>();
  for (const [name, variable] of all) {
    const layer = name.slice(0, name.lastIndexOf('/'));
    if (trained.includes(layer) && variable.trainable) trainable.set(name, variableOf(variable));
  }
  return {
    tail,
    kernel: variableOf(all.get(`${HEAD_NAME}/kernel`)!),
    bias: variableOf(all.get(`${HEAD_NAME}/bias`)!),
    trainable,
  };
}

// A type alias, because an interface has no implicit index signature, which `tf.tidy` requires of its result.
/** Sum of the losses of a batch, and its number of correct predictions. */
export type StepResult = { readonly lossSum: number; readonly correct: number };

/** The options that decide the loss of a step. */
export interface StepOptions {
  readonly batchNorm: BatchNormMode;
  /** Share of each target that is spread evenly over the classes. */
  readonly labelSmoothing: number;
  /** Weight of each class in the loss; undefined for equal weights. */
  readonly classWeights: readonly number[] | undefined;
}

/** Computes the gradients of a batch and passes them to `apply`; returns loss and predictions from before the step. */
export function trainStep(
  learner: Learner,
  activations: readonly Activation[],
  labels: Int32Array,
  { batchNorm, labelSmoothing, classWeights }: StepOptions,
  apply: (gradients: tf.NamedTensorMap) => void,
): StepResult {
  return tf.tidy(() => {
    const inputs = toTensors(activations);
    let result: StepResult | undefined;
    const { grads } = tf.variableGrads(() => {
      const logits = logitsOf(learner, inputs, batchNorm === 'batch');
      let losses = crossEntropy(logits, labels, labelSmoothing); // [b]
      if (classWeights !== undefined) {
        losses = losses.mul(tf.tensor1d(Array.from(labels, (label) => classWeights[label]!)));
      }
      result = tf.tidy(() => resultOf(losses, logits, labels));
      return losses.mean<tf.Scalar>();
    }, [...learner.trainable.values()]);
    apply(grads);
    return result!;
  });
}

/** Evaluates a batch in inference mode. Its loss is smoothed as in training, as in the validation of Keras. */
export function evaluateStep(
  learner: Learner,
  activations: readonly Activation[],
  labels: Int32Array,
  labelSmoothing: number,
): StepResult {
  return tf.tidy(() => {
    const logits = logitsOf(learner, toTensors(activations), false);
    return resultOf(crossEntropy(logits, labels, labelSmoothing), logits, labels);
  });
}

/** Logits [b, classes] from the activations of the trunk; the caller tidies. */
function logitsOf(learner: Learner, activations: readonly tf.Tensor[], training: boolean): tf.Tensor2D {
  const { tail, kernel, bias } = learner;
  const inputs = activations.length === 1 ? activations[0]! : [...activations];
  const pooled = tail === undefined ? inputs : tail.apply(inputs, { training });
  return (pooled as tf.Tensor2D).matMul(kernel as tf.Tensor2D).add(bias); // [b, classes]
}

const toTensors = (activations: readonly Activation[]) =>
  activations.map(({ shape, values }) => tf.tensor(values, [...shape]));

function resultOf(losses: tf.Tensor, logits: tf.Tensor, labels: Int32Array): StepResult {
  const best = logits.argMax(-1).dataSync();
  return {
    lossSum: losses.sum().dataSync()[0]!,
    correct: labels.reduce((sum, label, i) => sum + (best[i] === label ? 1 : 0), 0),
  };
}

/**
 * Cross-entropy of each image, [b]; from logits, as Keras computes it for a softmax layer.
 *
 * @param smoothing share of each target that is spread evenly over the classes
 */
function crossEntropy(logits: tf.Tensor2D, labels: Int32Array, smoothing: number): tf.Tensor1D {
  const classCount = logits.shape[1];
  const targets = tf
    .oneHot(tf.tensor1d(labels, 'int32'), classCount)
    .mul(1 - smoothing)
    .add(smoothing / classCount); // [b, classes]
  return tf.logSoftmax(logits).mul(targets).sum<tf.Tensor1D>(-1).neg();
}
