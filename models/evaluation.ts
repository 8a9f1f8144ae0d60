/**
 * Evaluation of a classifier on labelled images.
 */

/** What a classifier did on a set of images. */
export interface Evaluation {
  readonly images: number;
  /** Share of images whose most probable class is theirs. */
  readonly accuracy: number;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval95: readonly [number, number];
  /** Counts, by true class, then by predicted class. */
  readonly confusion: readonly (readonly number[])[];
}

/** Standard normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964;

/**
 * Wilson's score interval of a share.
 *
 * @see https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilson95(right: number, count: number): [number, number] {
  const share = right / count;
  const scale = 1 + (Z95 * Z95) / count;
  const middle = (share + (Z95 * Z95) / (2 * count)) / scale;
  const reach = (Z95 / scale) * Math.sqrt((share * (1 - share)) / count + (Z95 * Z95) / (4 * count * count));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

/** Counts predictions against labels; both are class indices, image by image. */
export function evaluate(
  labels: readonly number[],
  predictions: readonly number[],
  classCount: number,
): Evaluation {
  if (labels.length === 0 || labels.length !== predictions.length) {
    throw new RangeError(
      `every label needs a prediction, received ${labels.length} and ${predictions.length}`,
    );
  }
  const confusion = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  labels.forEach((label, i) => confusion[label]![predictions[i]!]!++);
  const right = confusion.reduce((sum, row, label) => sum + row[label]!, 0);
  return {
    images: labels.length,
    accuracy: right / labels.length,
    interval95: wilson95(right, labels.length),
    confusion,
  };
}

/** Index of the largest of `classCount` probabilities from `start` on. */
export function argMax(probabilities: Float32Array, start: number, classCount: number): number {
  let best = 0;
  for (let i = 1; i < classCount; i++) {
    if (probabilities[start + i]! > probabilities[start + best]!) best = i;
  }
  return best;
}
