import { numbersToText, textToNumbers } from '../../../../models/engines/onnxruntime/number-text';

test('numbers come back to two digits, whatever their size', () => {
  const numbers = Float32Array.of(0, 1, -3.14159, 1e-20, 6.5e20, 0.123456);
  const back = textToNumbers(numbersToText(numbers));
  expect(back).toHaveLength(numbers.length);
  back.forEach((value, i) =>
    expect(Math.abs(value - numbers[i]!)).toBeLessThanOrEqual(Math.abs(numbers[i]!) / 256),
  );
});

test('numbers that were stored once keep their text', () => {
  const text = numbersToText(Float32Array.of(0.1, -7.77));
  expect(numbersToText(textToNumbers(text))).toBe(text);
});

test('a part of an array is stored alone', () => {
  expect([...textToNumbers(numbersToText(Float32Array.of(1, 2, 4).subarray(1)))]).toEqual([2, 4]);
});
