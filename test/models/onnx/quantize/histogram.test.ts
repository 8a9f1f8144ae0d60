import { addValues, emptyHistogram, filledBins } from '../../../../models/onnx/quantize/histogram';

test('values that arrive later and are larger widen the bins and lose no counts', () => {
  const histogram = emptyHistogram();
  addValues(histogram, Float32Array.of(0.001, -0.001, 0));
  addValues(histogram, Float32Array.of(7, -30, 7));
  const { min, max, limit } = histogram;
  expect([min, max, limit]).toEqual([-30, 7, 32]);
  const bins = filledBins(histogram);
  expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(6);
  const width = limit / 2048;
  expect(bins.find(({ value }) => Math.abs(value - 7) <= width)?.count).toBe(2);
  expect(bins.find(({ value }) => Math.abs(value + 30) <= width)?.count).toBe(1);
});

test('the order of the values does not matter', () => {
  const [up, down] = [emptyHistogram(), emptyHistogram()];
  const values = Float32Array.of(0.1, -0.2, 0.3, 5, -9);
  addValues(up, values);
  addValues(down, values.toReversed());
  expect(down).toEqual(up);
});

test.each([NaN, Infinity])('%d is refused, since a range cannot hold it', (value) => {
  expect(() => addValues(emptyHistogram(), Float32Array.of(1, value))).toThrow(
    `activations must be finite to be calibrated, received ${value}: train the model again`,
  );
});
