/**
 * Evaluation of a classifier on labelled images: pure functions of the labels and the probabilities.
 */
import { wilson95 } from '../../statistics/intervals';

/** How a classifier did on the images of one class; a share of nothing is null. */
export interface ClassFigures {
  /** Images of the class. */
  readonly support: number;
  /** Images that were taken for the class. */
  readonly predicted: number;
  /** Share of `predicted` that is of the class. */
  readonly precision: number | null;
  /** Share of `support` that was taken for the class, and Wilson's 95 % interval of it. */
  readonly recall: number | null;
  readonly recallInterval95: readonly [number, number] | null;
  /** Harmonic mean of precision and recall; null where the class was neither there nor predicted. */
  readonly f1: number | null;
}

/** The images whose confidence (the largest probability) lies in (from, to]; the first bin holds 0 too. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Mean confidence, and share that is right; null where the bin is empty. */
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

/** What a classifier did on a set of images. */
export interface Evaluation {
  readonly images: number;
  /** Share of images whose most probable class is theirs. */
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval95: readonly [number, number];
  /** Counts, by true class, then by predicted class. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassFigures[];
  /** Mean of the classes' F1, over those that have one. */
  readonly macroF1: number;
  /** Mean of -ln p of the true class, nats; p is kept {@link EPSILON} away from 0 and 1, as Keras keeps it. */
  readonly logLoss: number;
  /** Mean squared distance of the probabilities from the truth, summed over the classes: 0 (best) to 2 (Brier 1950). */
  readonly brier: number;
  /** Mean of the confidences. */
  readonly meanConfidence: number;
  /**
   * Expected calibration error: mean over the images of how far their bin's accuracy is from its confidence.
   *
   * @see https://arxiv.org/abs/1706.04599 (Guo et al. 2017)
   */
  readonly expectedCalibrationError: number;
  readonly reliability: readonly ReliabilityBin[];
}

/** An image that was taken for another class. */
export interface Mistake {
  /** Position in the evaluated set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability of the predicted class. */
  readonly confidence: number;
}

/** Keras' `backend.epsilon()`. */
const EPSILON = 1e-7;

/** Bins of the reliability diagram, equally wide, as in Guo et al. */
export const RELIABILITY_BINS = 15;

/** How far a row of probabilities may be from summing to 1, for engines that round. */
const SUM_TOLERANCE = 1e-3;

/** Index of the largest of `classCount` probabilities from `start` on; of equal ones the first. */
export function argMax(probabilities: Float32Array, start: number, classCount: number): number {
  let best = 0;
  for (let i = 1; i < classCount; i++) {
    if (probabilities[start + i]! > probabilities[start + best]!) best = i;
  }
  return best;
}

/**
 * Whether each image's most probable class is its own; for `comparePaired`.
 *
 * @param probabilities float32 [images, classes]
 */
export function rightAnswers(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classCount: number,
): boolean[] {
  return Array.from(labels, (label, i) => label === argMax(probabilities, i * classCount, classCount));
}

function checkAnswers(labels: ArrayLike<number>, probabilities: Float32Array, classCount: number): void {
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
        `the probabilities of image ${i} must be at least 0 and sum to 1, received ${row.join(', ')}: give the softmax's output`,
      );
    }
  }
}

/** Each image's label, most probable class and the probabilities of both. */
function answersOf(labels: ArrayLike<number>, probabilities: Float32Array, classCount: number) {
  checkAnswers(labels, probabilities, classCount);
  return Array.from(labels, (label, index) => {
    const start = index * classCount;
    const predicted = argMax(probabilities, start, classCount);
    const confidence = Math.min(1, probabilities[start + predicted]!);
    return { index, label, predicted, confidence, ofLabel: probabilities[start + label]! };
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function classFigures(confusion: readonly (readonly number[])[]): ClassFigures[] {
  return confusion.map((row, k) => {
    const right = row[k]!;
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[k]!, 0);
    return {
      support,
      predicted,
      precision: predicted === 0 ? null : right / predicted,
      recall: support === 0 ? null : right / support,
      recallInterval95: support === 0 ? null : wilson95(right, support),
      f1: support + predicted === 0 ? null : (2 * right) / (support + predicted),
    };
  });
}

function reliabilityBins(
  answers: readonly { readonly confidence: number; readonly right: boolean }[],
): ReliabilityBin[] {
  const binOf = (confidence: number) => Math.max(0, Math.ceil(confidence * RELIABILITY_BINS) - 1);
  return Array.from({ length: RELIABILITY_BINS }, (_, bin) => {
    const inside = answers.filter(({ confidence }) => binOf(confidence) === bin);
    const empty = inside.length === 0;
    return {
      from: bin / RELIABILITY_BINS,
      to: (bin + 1) / RELIABILITY_BINS,
      images: inside.length,
      confidence: empty ? null : mean(inside.map(({ confidence }) => confidence)),
      accuracy: empty ? null : mean(inside.map(({ right }) => Number(right))),
    };
  });
}

/**
 * Evaluates a classifier's answers.
 *
 * @param labels class index of each image
 * @param probabilities float32 [images, classes], each row summing to 1
 * @throws RangeError where sizes do not match, a label is no class or a row is no distribution
 */
export function evaluate(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classCount: number,
): Evaluation {
  const answers = answersOf(labels, probabilities, classCount).map((answer) => ({
    ...answer,
    right: answer.label === answer.predicted,
  }));
  const images = answers.length;
  const confusion = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  for (const { label, predicted } of answers) confusion[label]![predicted]!++;
  const right = answers.filter((answer) => answer.right).length;
  const perClass = classFigures(confusion);
  const reliability = reliabilityBins(answers);
  const clipped = (p: number) => Math.min(1 - EPSILON, Math.max(EPSILON, p));
  // Per image, (1 - p)² of its class and p² of the others.
  const squares = probabilities.reduce((sum, p) => sum + p * p, 0);
  return {
    images,
    accuracy: right / images,
    interval95: wilson95(right, images),
    confusion,
    perClass,
    macroF1: mean(perClass.flatMap(({ f1 }) => f1 ?? [])),
    logLoss: mean(answers.map(({ ofLabel }) => -Math.log(clipped(ofLabel)))),
    brier: squares / images + mean(answers.map(({ ofLabel }) => 1 - 2 * ofLabel)),
    meanConfidence: mean(answers.map(({ confidence }) => confidence)),
    expectedCalibrationError: reliability.reduce(
      (sum, bin) => sum + (bin.images / images) * Math.abs((bin.accuracy ?? 0) - (bin.confidence ?? 0)),
      0,
    ),
    reliability,
  };
}

/** The mistakes of the highest confidence, worst first, at most `limit`; parameters as of {@link evaluate}. */
export function worstMistakes(
  labels: ArrayLike<number>,
  probabilities: Float32Array,
  classCount: number,
  limit: number,
): Mistake[] {
  return answersOf(labels, probabilities, classCount)
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.confidence - a.confidence || a.index - b.index)
    .slice(0, limit)
    .map(({ index, label, predicted, confidence }) => ({ index, label, predicted, confidence }));
}
