import { channelMeans, correctBias } from '../../../../models/onnx/quantize/bias-correction';

test('the mean of a channel is that of its positions', () => {
  expect([...channelMeans(Float32Array.of(1, 2, 3, 6, -4, 0, 0, 0), 2)]).toEqual([3, -1]);
});

test('a bias loses the rounding errors of its kernel times the mean inputs', () => {
  // Two outputs of two channels and two positions each; the first output was rounded up, the second is exact.
  const values = Float32Array.of(0.75, 1.75, 3.5, 4, 1, 2, 3, 4);
  const rounded = { kernel: Int8Array.of(1, 2, 4, 4, 2, 4, 6, 8), scales: Float32Array.of(1, 0.5) };
  const means = Float32Array.of(10, 100);
  const corrected = correctBias({ dims: [2, 2, 1, 2], values }, Float32Array.of(7, 8), rounded, 1, means);
  expect([...corrected]).toEqual([7 - (0.25 + 0.25) * 10 - 0.5 * 100, 8]);
});

test('a depthwise convolution reads one channel for each output', () => {
  const values = Float32Array.of(0.5, 0.5, 0.5);
  const rounded = { kernel: Int8Array.of(1, 1, 1), scales: Float32Array.of(1, 1, 1) };
  const means = Float32Array.of(2, 4, 6);
  const corrected = correctBias({ dims: [3, 1, 1, 1], values }, new Float32Array(3), rounded, 3, means);
  expect([...corrected]).toEqual([-1, -2, -3]);
});
