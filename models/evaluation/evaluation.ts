/**
 * The figures of a classifier on labelled images: pure functions of labels and probabilities.
 */
import { wilson95 } from '../../statistics/intervals';
import { mean } from '../../statistics/mean';

/** The figures of one class; a share whose denominator is 0 is null. */
export interface ClassFigures {
  /** Images of the class. */
  readonly support: number;
  /** Images that were predicted to be of the class. */
  readonly predicted: number;
  /** Share of the `predicted` images that are of the class. */
  readonly precision: number | null;
  /** Share of the `support` images that were predicted to be of the class. */
  readonly recall: number | null;
  /** Wilson's 95 % interval of the recall. */
  readonly recallInterval95: readonly [number, number] | null;
  /** Harmonic mean of precision and recall; null if the class has no images and was never predicted. */
  readonly f1: number | null;
}

/** The images whose confidence (largest probability) lies in (from, to]; the first bin includes 0. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Mean confidence; null if the bin is empty. */
  readonly confidence: number | null;
  /** Share of correct predictions; null if the bin is empty. */
  readonly accuracy: number | null;
}

/** The figures of a classifier on a set of images. */
export interface Evaluation {
  readonly images: number;
  /** Share of images whose most probable class is their true class. */
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval95: readonly [number, number];
  /** Counts of images: `confusion[trueClass][predictedClass]`. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassFigures[];
  /** Mean F1 of the classes that have one. */
  readonly macroF1: number;
  /** Mean of -ln p of the true class, nats; p is clipped to {@link EPSILON} from 0 and 1, as in Keras. */
  readonly logLoss: number;
  /** Brier score (1950): mean over the images of the squared errors summed over the classes, 0 (best) to 2. */
  readonly brier: number;
  /** Mean of the largest probabilities. */
  readonly meanConfidence: number;
  /**
   * Expected calibration error: mean over the images of the distance between accuracy and confidence of their bin.
   *
   * @see https://arxiv.org/abs/1706.04599 (Guo et al. 2017)
   */
  readonly expectedCalibrationError: number;
  readonly reliability: readonly ReliabilityBin[];
}

/** A misclassified image. */
export interface Mistake {
  /** Index in the evaluated set. */
  readonly index: number;
  /** Index of the true class. */
  readonly label: number;
  /** Index of the predicted class. */
  readonly predicted: number;
  /** Probability of the predicted class. */
  readonly confidence: number;
}

/** Keras' `backend.epsilon()`. */
const EPSILON = 1e-7;

/** Number of equally wide bins of the reliability diagram, as in Guo et al. */
export const RELIABILITY_BINS = 15;

/** Largest deviation of a row's sum from 1; engines round. */
const SUM_TOLERANCE = 1e-3;

/** Index, from 0, of the largest of the `classCount` probabilities that begin at `start`; the first among equals. */
export function argMax(probabilities: Float32Array, start: number, classCount: number): number {
  let best = 0;
  for (let i = 1; i < classCount; i++) {
    if (probabilities[start + i]! > probabilities[start + best]!) best = i;
  }
  return best;
}

/**
 * Whether the prediction for each image is correct, as `comparePaired` takes it.
 *
 * @param probabilities float32 [images, classes]
 */
export function correctPredictions(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classCount: number,
): boolean[] {
  return Array.from(labels, (label, i) => label === argMax(probabilities, i * classCount, classCount));
}

function checkPredictions(labels: ArrayLike<number>, probabilities: Float32Array, classCount: number): void {
  if (labels.length === 0 || probabilities.length !== labels.length * classCount) {
    throw new RangeError(
      `every label needs ${classCount} probabilities, received ${labels.length} labels and ${probabilities.length} probabilities`,
    );
  }
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new RangeError(
        `the label of image ${i} must be a class index below ${classCount}, received ${label}`,
      );
    }
    const row = probabilities.subarray(i * classCount, (i + 1) * classCount);
    const sum = row.reduce((total, p) => total + p, 0);
    if (!row.every((p) => p >= 0) || !(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
      throw new RangeError(
        `the probabilities of image ${i} must be at least 0 and sum to 1, received ${row.join(', ')}: pass the output of the softmax`,
      );
    }
  }
}

/** Label and most probable class of each image, with the probabilities of both. */
function predictionsOf(labels: ArrayLike<number>, probabilities: Float32Array, classCount: number) {
  checkPredictions(labels, probabilities, classCount);
  return Array.from(labels, (label, index) => {
    const start = index * classCount;
    const predicted = argMax(probabilities, start, classCount);
    const confidence = Math.min(1, probabilities[start + predicted]!);
    return { index, label, predicted, confidence, ofLabel: probabilities[start + label]! };
  });
}

function classFigures(confusion: readonly (readonly number[])[]): ClassFigures[] {
  return confusion.map((row, k) => {
    const correct = row[k]!;
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[k]!, 0);
    return {
      support,
      predicted,
      precision: predicted === 0 ? null : correct / predicted,
      recall: support === 0 ? null : correct / support,
      recallInterval95: support === 0 ? null : wilson95(correct, support),
      f1: support + predicted === 0 ? null : (2 * correct) / (support + predicted),
    };
  });
}

function reliabilityBins(
  predictions: readonly { readonly confidence: number; readonly correct: boolean }[],
): ReliabilityBin[] {
  const binOf = (confidence: number) => Math.max(0, Math.ceil(confidence * RELIABILITY_BINS) - 1);
  return Array.from({ length: RELIABILITY_BINS }, (_, bin) => {
    const inside = predictions.filter(({ confidence }) => binOf(confidence) === bin);
    const empty = inside.length === 0;
    return {
      from: bin / RELIABILITY_BINS,
      to: (bin + 1) / RELIABILITY_BINS,
      images: inside.length,
      confidence: empty ? null : mean(inside.map(({ confidence }) => confidence)),
      accuracy: empty ? null : mean(inside.map(({ correct }) => Number(correct))),
    };
  });
}

/**
 * Evaluates a classifier's predictions.
 *
 * @param labels class index of each image
 * @param probabilities float32 [images, classes], each row summing to 1
 * @throws RangeError if the sizes do not match, a label is not a class index or a row is not a distribution
 */
export function evaluate(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classCount: number,
): Evaluation {
  const predictions = predictionsOf(labels, probabilities, classCount).map((prediction) => ({
    ...prediction,
    correct: prediction.label === prediction.predicted,
  }));
  const images = predictions.length;
  const confusion = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  for (const { label, predicted } of predictions) confusion[label]![predicted]!++;
  const correct = predictions.filter((prediction) => prediction.correct).length;
  const perClass = classFigures(confusion);
  const reliability = reliabilityBins(predictions);
  const clipped = (p: number) => Math.min(1 - EPSILON, Math.max(EPSILON, p));
  // Per image: (1 - p)² for the true class and p² for each other class.
  const squares = probabilities.reduce((sum, p) => sum + p * p, 0);
  return {
    images,
    accuracy: correct / images,
    interval95: wilson95(correct, images),
    confusion,
    perClass,
    macroF1: mean(perClass.flatMap(({ f1 }) => f1 ?? [])),
    logLoss: mean(predictions.map(({ ofLabel }) => -Math.log(clipped(ofLabel)))),
    brier: squares / images + mean(predictions.map(({ ofLabel }) => 1 - 2 * ofLabel)),
    meanConfidence: mean(predictions.map(({ confidence }) => confidence)),
    expectedCalibrationError: reliability.reduce(
      (sum, bin) => sum + (bin.images / images) * Math.abs((bin.accuracy ?? 0) - (bin.confidence ?? 0)),
      0,
    ),
    reliability,
  };
}

/**
 * The mistakes with the highest confidence, highest first, at most `limit`; among equals, earlier images first.
 *
 * @param labels class index of each image
 * @param probabilities float32 [images, classes], each row summing to 1
 * @throws RangeError as {@link evaluate} does
 */
export function worstMistakes(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classCount: number,
  limit: number,
): Mistake[] {
  return predictionsOf(labels, probabilities, classCount)
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.confidence - a.confidence || a.index - b.index)
    .slice(0, limit)
    .map(({ index, label, predicted, confidence }) => ({ index, label, predicted, confidence }));
}
