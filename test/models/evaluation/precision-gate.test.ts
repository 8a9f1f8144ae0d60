import { GATE, judgeInt8 } from '../../../models/evaluation/precision-gate';

/** Predictions of two classes: each letter is an image's class, `a` or `b`. */
const predictions = (letters: string) =>
  Float32Array.from(letters.split('').flatMap((letter) => (letter === 'a' ? [0.9, 0.1] : [0.2, 0.8])));

/** Images of class a that fp32 all gets right, and int8 gets wrong `lost` times. */
function judge(images: number, lost: number) {
  const labels = new Array<number>(images).fill(0);
  const int8 = 'b'.repeat(lost) + 'a'.repeat(images - lost);
  return judgeInt8(labels, predictions('a'.repeat(images)), predictions(int8), 2);
}

test('the cost is what both precisions predict for the same images', () => {
  const { differenceInterval95, ...cost } = judgeInt8(
    [0, 0, 1, 1],
    predictions('aabb'),
    predictions('abbb'),
    2,
  );
  expect(cost).toEqual({
    images: 4,
    accuracyFp32: 1,
    accuracyInt8: 0.75,
    sameTop1: 0.75,
    verdict: 'too few images',
  });
  expect(differenceInterval95[0]).toBeLessThan(-0.25);
  expect(differenceInterval95[1]).toBeGreaterThan(-0.25);
});

test.each([
  [1000, 5, 'passed'],
  [1000, 6, 'failed'],
  [GATE.minImages, 0, 'passed'],
  [GATE.minImages - 1, 0, 'too few images'],
  [GATE.minImages - 1, 400, 'too few images'],
])('of %i images, %i lost: %s', (images, lost, verdict) => {
  expect(judge(images, lost).verdict).toBe(verdict);
});

test('gains do not hide that other classes are predicted', () => {
  // 8 images gained, 8 lost: the accuracy is the same, and 98.4 % have the same top class.
  const labels = new Array<number>(1000).fill(0);
  const fp32 = 'b'.repeat(8) + 'a'.repeat(992);
  const int8 = 'a'.repeat(992) + 'b'.repeat(8);
  const cost = judgeInt8(labels, predictions(fp32), predictions(int8), 2);
  expect(cost.accuracyInt8).toBe(cost.accuracyFp32);
  expect(cost).toMatchObject({ sameTop1: 0.984, verdict: 'failed' });
});

test('no images are refused', () => {
  expect(() => judgeInt8([], new Float32Array(), new Float32Array(), 2)).toThrow('received 0 and 0');
});
