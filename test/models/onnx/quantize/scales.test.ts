import { activation, quantizeWeights } from '../../../../models/onnx/quantize/scales';

test('a range gets a scale whose bytes span it, and a byte that is exactly 0', () => {
  const { scale, zeroPoint } = activation([-1, 3]);
  expect(scale * (0 - zeroPoint)).toBeCloseTo(-1, 1);
  expect(scale * (255 - zeroPoint)).toBeCloseTo(3, 1);
  expect(zeroPoint).toBe(64);
});

test('a range on one side of 0 is extended to it, since padding is 0', () => {
  const scale = Math.fround(6 / 255);
  expect(activation([2, 6])).toEqual({ scale, zeroPoint: 0 });
  expect(activation([-6, -2])).toEqual({ scale, zeroPoint: 255 });
});

test('a tensor that is always 0 gets a scale', () => {
  expect(activation([0, 0])).toEqual({ scale: 1, zeroPoint: 0 });
  // In single precision, a step of this range is 0.
  expect(activation([-1e-44, 0])).toEqual({ scale: 1, zeroPoint: 0 });
});

test.each([[[NaN, 1] as const], [[0, Infinity] as const], [[1, 0] as const]])(
  'the range %j is refused',
  (range) => {
    expect(() => activation(range)).toThrow(
      `a range must be two finite numbers, the smaller first, received ${range[0]} and ${range[1]}: calibrate again`,
    );
  },
);

test('every channel has its own scale, which uses all of its integers', () => {
  const kernel = Float32Array.of(0.5, -1, 100, 50);
  const { kernel: integers, scales, bias } = quantizeWeights(kernel, Float32Array.of(2, -3), 0.25);
  const largest = Math.max(...integers);
  expect([...integers]).toEqual([Math.round(largest / 2), -largest, largest, Math.round(largest / 2)]);
  scales.forEach((scale, channel) => {
    expect(scale * largest).toBeCloseTo([1, 100][channel]!, 4);
    const stepOfTheSum = scale * 0.25;
    expect(Math.abs(bias[channel]! * stepOfTheSum - [2, -3][channel]!)).toBeLessThanOrEqual(stepOfTheSum / 2);
  });
});

test('a bias beside tiny weights fits into 32 bits', () => {
  const { kernel, scales, bias } = quantizeWeights(Float32Array.of(1e-12), Float32Array.of(5), 0.1);
  expect(bias[0]! * scales[0]! * 0.1).toBeCloseTo(5, 5);
  expect(Math.abs(bias[0]!)).toBeLessThanOrEqual(2 ** 30 + 64);
  expect([...kernel]).toEqual([0]);
});

test('a channel without weights and bias stays 0', () => {
  const { kernel, scales, bias } = quantizeWeights(new Float32Array(2), new Float32Array(1), 0.1);
  expect([...kernel, ...scales, ...bias]).toEqual([0, 0, 1, 0]);
});

test.each([
  ['kernel', [1, NaN], [0, 0]],
  ['bias', [1, 2], [0, NaN]],
])('a %s that is not finite is refused, and the error names the channel', (_, kernel, bias) => {
  expect(() => quantizeWeights(Float32Array.from(kernel), Float32Array.from(bias), 0.1)).toThrow(
    'a convolution’s kernel and bias must be finite numbers, received others for output channel 1: train the model again',
  );
});
