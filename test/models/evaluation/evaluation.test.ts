import fc from 'fast-check';

import {
  argMax,
  correctPredictions,
  evaluate,
  RELIABILITY_BINS,
  worstMistakes,
} from '../../../models/evaluation/evaluation';
import { wilson95 } from '../../../statistics/intervals';

/** Twelve images of three classes. */
const LABELS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
const PROBABILITIES = Float32Array.from(
  [
    [0.7, 0.2, 0.1],
    [0.6, 0.3, 0.1],
    [0.2, 0.7, 0.1],
    [0.9, 0.05, 0.05],
    [0.1, 0.8, 0.1],
    [0.25, 0.5, 0.25],
    [0.45, 0.35, 0.2],
    [0.05, 0.15, 0.8],
    [0.1, 0.1, 0.8],
    [0.3, 0.3, 0.4],
    [0.6, 0.1, 0.3],
    [0, 1, 0],
  ].flat(),
);

/** Labels and rows of probabilities of `classCount` classes. */
const labelled = fc.integer({ min: 2, max: 5 }).chain((classCount) =>
  fc
    .array(
      fc.record({
        label: fc.nat(classCount - 1),
        weights: fc.array(fc.integer({ min: 0, max: 1000 }), {
          minLength: classCount,
          maxLength: classCount,
        }),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((images) => ({
      classCount,
      labels: images.map(({ label }) => label),
      probabilities: Float32Array.from(
        images.flatMap(({ weights }) => {
          const sum = weights.reduce((total, weight) => total + weight + 1e-3, 0);
          return weights.map((weight) => (weight + 1e-3) / sum);
        }),
      ),
    })),
);

test('the figures are scikit-learn 1.9.1’s', () => {
  const measured = evaluate(LABELS, PROBABILITIES, 3);
  expect(measured.confusion).toEqual([
    [3, 1, 0],
    [1, 2, 1],
    [1, 1, 2],
  ]);
  expect(measured.images).toBe(12);
  expect(measured.accuracy).toBeCloseTo(7 / 12, 12);
  const expected = [
    { precision: 0.6, recall: 0.75, f1: 2 / 3, support: 4, predicted: 5 },
    { precision: 0.5, recall: 0.5, f1: 0.5, support: 4, predicted: 4 },
    { precision: 2 / 3, recall: 0.5, f1: 4 / 7, support: 4, predicted: 3 },
  ];
  measured.perClass.forEach(({ precision, recall, f1, support, predicted, recallInterval95 }, k) => {
    expect([precision, recall, f1, support, predicted]).toEqual([
      expected[k]!.precision,
      expected[k]!.recall,
      expect.closeTo(expected[k]!.f1, 12),
      expected[k]!.support,
      expected[k]!.predicted,
    ]);
    expect(recallInterval95).toEqual(wilson95(measured.confusion[k]![k]!, 4));
  });
  expect(measured.macroF1).toBeCloseTo(0.5793650793650794, 12);
  // brier_score_loss(..., scale_by_half=False); the logarithm in numpy, clipped as Keras does.
  expect(measured.brier).toBeCloseTo(0.623333333252619, 9);
  expect(measured.logLoss).toBeCloseTo(2.075586204772067, 6);
});

test('the calibration error and its bins are those of Guo et al.’s formula in numpy', () => {
  const { reliability, expectedCalibrationError, meanConfidence } = evaluate(LABELS, PROBABILITIES, 3);
  expect(reliability).toHaveLength(15);
  expect(reliability.flatMap(({ images }, i) => (images === 0 ? [] : [[i, images]]))).toEqual([
    [6, 2],
    [7, 1],
    [9, 2],
    [10, 2],
    [12, 3],
    [13, 1],
    [14, 1],
  ]);
  expect(reliability[6]).toEqual({
    from: 0.4,
    to: 7 / 15,
    images: 2,
    confidence: expect.closeTo(0.425, 6),
    accuracy: 0.5,
  });
  expect(reliability[0]).toMatchObject({ images: 0, confidence: null, accuracy: null });
  expect(expectedCalibrationError).toBeCloseTo(0.22916667411724728, 9);
  expect(meanConfidence).toBeCloseTo(8.25 / 12, 6);
});

test('a class without images has no recall, a class never predicted has no precision, and macro F1 is the mean of the rest', () => {
  const { perClass, macroF1 } = evaluate([0, 1], Float32Array.of(0.9, 0.1, 0, 0, 0.8, 0.2, 0, 0), 4);
  expect(perClass.map(({ precision, recall, f1 }) => [precision, recall, f1])).toEqual([
    [0.5, 1, 2 / 3],
    [null, 0, 0],
    [null, null, null],
    [null, null, null],
  ]);
  expect(macroF1).toBeCloseTo(1 / 3, 12);
});

test('the log loss of a certain prediction is finite, correct or not', () => {
  expect(evaluate([0], Float32Array.of(0, 1), 2).logLoss).toBeCloseTo(-Math.log(1e-7), 9);
  expect(evaluate([1], Float32Array.of(0, 1), 2).logLoss).toBeCloseTo(1e-7, 12);
});

test('every image is counted once, and every mean stays within its range', () => {
  fc.assert(
    fc.property(labelled, ({ labels, probabilities, classCount }) => {
      const measured = evaluate(labels, probabilities, classCount);
      const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
      expect(total(measured.confusion.flat())).toBe(labels.length);
      expect(total(measured.reliability.map(({ images }) => images))).toBe(labels.length);
      expect(total(measured.perClass.map(({ support }) => support))).toBe(labels.length);
      expect(total(measured.perClass.map(({ predicted }) => predicted))).toBe(labels.length);
      expect(measured.interval95[0]).toBeLessThanOrEqual(measured.accuracy);
      expect(measured.interval95[1]).toBeGreaterThanOrEqual(measured.accuracy);
      expect(measured.expectedCalibrationError).toBeGreaterThanOrEqual(
        Math.abs(measured.meanConfidence - measured.accuracy) - 1e-9,
      );
      expect(measured.expectedCalibrationError).toBeLessThanOrEqual(1);
      for (const { from, to, confidence } of measured.reliability) {
        if (confidence === null) continue;
        expect(confidence).toBeGreaterThan(from - 1e-9);
        expect(confidence).toBeLessThanOrEqual(to + 1e-9);
      }
      expect(measured.brier).toBeGreaterThanOrEqual(0);
      expect(measured.brier).toBeLessThanOrEqual(2);
    }),
    { seed: 7 },
  );
});

test('the worst mistakes are the most confident, earlier images first among equals', () => {
  expect(worstMistakes(LABELS, PROBABILITIES, 3, 4)).toEqual([
    { index: 11, label: 2, predicted: 1, confidence: 1 },
    { index: 7, label: 1, predicted: 2, confidence: expect.closeTo(0.8, 6) },
    { index: 2, label: 0, predicted: 1, confidence: expect.closeTo(0.7, 6) },
    { index: 10, label: 2, predicted: 0, confidence: expect.closeTo(0.6, 6) },
  ]);
  const equal = Float32Array.of(0.3, 0.7, 0.3, 0.7, 0.3, 0.7);
  expect(worstMistakes([0, 0, 0], equal, 2, 9).map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(worstMistakes([1, 1, 1], equal, 2, 9)).toEqual([]);
});

test('there are as many mistakes as images off the diagonal of the confusion matrix', () => {
  fc.assert(
    fc.property(labelled, ({ labels, probabilities, classCount }) => {
      const { confusion } = evaluate(labels, probabilities, classCount);
      const correct = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
      const mistakes = worstMistakes(labels, probabilities, classCount, Infinity);
      expect(mistakes).toHaveLength(labels.length - correct);
      for (const { index, predicted } of mistakes)
        expect(predicted).toBe(argMax(probabilities, index * classCount, classCount));
    }),
    { seed: 7 },
  );
});

test('labels and probabilities that do not fit are refused, and the error names them', () => {
  expect(() => evaluate([], new Float32Array(), 2)).toThrow('received 0 labels and 0 probabilities');
  expect(() => evaluate([0], Float32Array.of(0.5, 0.5, 0), 2)).toThrow(
    'received 1 labels and 3 probabilities',
  );
  expect(() => evaluate([2], Float32Array.of(0.5, 0.5), 2)).toThrow('below 2, received 2');
  expect(() => evaluate([0, 0], Float32Array.of(0.5, 0.5, NaN, 1), 2)).toThrow(
    'image 1 must be at least 0 and sum to 1, received NaN, 1',
  );
  expect(() => evaluate([0], Float32Array.of(2, 3), 2)).toThrow('pass the output of the softmax');
  expect(RELIABILITY_BINS).toBe(15);
});

test('a prediction is correct if its most probable class is the label', () => {
  const labels = [0, 1, 1, 0];
  const a = correctPredictions(labels, Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.4, 0.6, 0.3, 0.7), 2);
  const b = correctPredictions(labels, Float32Array.of(0.9, 0.1, 0.7, 0.3, 0.8, 0.2, 0.6, 0.4), 2);
  expect([a, b]).toEqual([
    [true, true, true, false],
    [true, false, false, true],
  ]);
});
