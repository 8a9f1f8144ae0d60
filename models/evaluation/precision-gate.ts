/**
 * The gate that int8 must pass to become a model's default: what does it cost against fp32 on the same images?
 */
import { comparePaired } from '../../statistics/paired-comparison';
import type { Int8Cost, Verdict } from '../engines/onnxruntime/int8-file';
import { argMax, correctPredictions } from './evaluation';

/** What int8 may cost at most, and the number of images from which the gate can tell. */
export const GATE = { maxAccuracyLost: 0.005, minSameTop1: 0.985, minImages: 500 } as const;

/** The gate in words. */
export const GATE_TEXT = `at most ${100 * GATE.maxAccuracyLost} points of accuracy lost and the same top class for at least ${100 * GATE.minSameTop1} % of at least ${GATE.minImages} images`;

/** Counts are compared, since a share of images is not exact in binary. */
function verdictOf(images: number, lost: number, same: number): Verdict {
  if (images < GATE.minImages) return 'too few images';
  const cheap = lost <= GATE.maxAccuracyLost * images && same >= GATE.minSameTop1 * images;
  return cheap ? 'passed' : 'failed';
}

/**
 * Judges int8 by both precisions' predictions for the same images.
 *
 * @param labels class index of each image
 * @param fp32 probabilities, float32 [images, classes]
 * @param int8 likewise, in the same order
 * @throws RangeError for no images
 */
export function judgeInt8(
  labels: readonly number[],
  fp32: Float32Array,
  int8: Float32Array,
  classCount: number,
): Int8Cost {
  const right = [int8, fp32].map((one) => correctPredictions(labels, one, classCount)) as [
    boolean[],
    boolean[],
  ];
  const { images, bothRight, onlyARight, onlyBRight, interval95 } = comparePaired(...right);
  const topOf = (probabilities: Float32Array, i: number) => argMax(probabilities, i * classCount, classCount);
  const same = labels.filter((_, i) => topOf(int8, i) === topOf(fp32, i)).length;
  return {
    images,
    accuracyFp32: (bothRight + onlyBRight) / images,
    accuracyInt8: (bothRight + onlyARight) / images,
    differenceInterval95: interval95,
    sameTop1: same / images,
    verdict: verdictOf(images, onlyBRight - onlyARight, same),
  };
}
