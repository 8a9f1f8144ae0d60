import { evaluate } from '../../../models/evaluation/evaluation';
import { fitTemperature } from '../../../models/evaluation/temperature';
import { seededRandom } from '../../../statistics/seeded-random';
import { atTemperature } from '../../support/at-temperature';

const CLASSES = 3;

/** Images whose labels are drawn from their own probabilities: perfectly calibrated. */
function calibrated(images: number): { labels: number[]; probabilities: Float32Array } {
  const random = seededRandom(1, 'temperature');
  const labels: number[] = [];
  const probabilities = new Float32Array(images * CLASSES);
  for (let i = 0; i < images; i++) {
    const powers = Array.from({ length: CLASSES }, () => Math.exp(4 * random.uniform()));
    const sum = powers.reduce((total, power) => total + power, 0);
    const row = powers.map((power) => power / sum);
    probabilities.set(row, i * CLASSES);
    const drawn = random.uniform();
    labels.push(drawn < row[0]! ? 0 : drawn < row[0]! + row[1]! ? 1 : 2);
  }
  return { labels, probabilities };
}

test.each([0.5, 1, 3])('a model that is calibrated at temperature %p gets its inverse', (temperature) => {
  const { labels, probabilities } = calibrated(4000);
  const distorted = atTemperature(probabilities, CLASSES, temperature);
  const fitted = fitTemperature(labels, distorted, CLASSES)!;
  expect(fitted * temperature).toBeGreaterThan(0.93);
  expect(fitted * temperature).toBeLessThan(1.07);
  const repaired = evaluate(labels, atTemperature(distorted, CLASSES, fitted), CLASSES);
  expect(repaired.expectedCalibrationError).toBeLessThan(0.03);
  // Which class is predicted does not change.
  expect(repaired.confusion).toEqual(evaluate(labels, distorted, CLASSES).confusion);
});

test('no other temperature has a smaller log loss', () => {
  const { labels, probabilities } = calibrated(300);
  const fitted = fitTemperature(labels, probabilities, CLASSES)!;
  const loss = (temperature: number) =>
    evaluate(labels, atTemperature(probabilities, CLASSES, temperature), CLASSES).logLoss;
  for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2])
    expect(loss(fitted)).toBeLessThanOrEqual(loss(fitted * factor) + 1e-7);
});

test('a model that is always right, or always wrong, gets no temperature, even with probabilities of 0', () => {
  const sure = Float32Array.of(1, 0, 0);
  expect(fitTemperature([0], Float32Array.of(0.6, 0.2, 0.2), CLASSES)).toBeUndefined();
  expect(fitTemperature([0], sure, CLASSES)).toBeUndefined();
  expect(fitTemperature([1], sure, CLASSES)).toBeUndefined();
});

test('without images it is refused', () => {
  expect(() => fitTemperature([], new Float32Array(0), CLASSES)).toThrow('received none: add images to val');
});
