import fc from 'fast-check';

import { readBinaryTensor, readTensor } from '../../../service/api/tensors';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });

/** Numbers nested by the shape. */
function nest(numbers: readonly unknown[], shape: readonly number[]): readonly unknown[] {
  return shape
    .slice(1)
    .reduceRight<readonly unknown[]>(
      (list, size) =>
        Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, (i + 1) * size)),
      numbers,
    );
}
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

test('nested numbers are read in the order of flat ones, for any shape', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => i / 256);
      expect([...readTensor(nest(numbers, shape), shape, ['data'])]).toEqual(numbers);
      expect([...readTensor(numbers, shape, ['data'])]).toEqual(numbers);
    }),
  );
});

test('an error names the position of a wrong value, flat and nested', () => {
  fc.assert(
    fc.property(
      shapes,
      fc.nat(),
      fc.constantFrom(null, '1', true, 1e39, 255, -1, [], {}),
      (shape, place, value) => {
        const at = place % sizeOf(shape);
        const numbers = Array.from({ length: sizeOf(shape) }, (_, i): unknown => (i === at ? value : 0.5));
        // A list in first position would make the data nested, which is a different error.
        fc.pre(at > 0 || !Array.isArray(value));
        expect(() => readTensor(numbers, shape, ['data'])).toThrow(
          `data[${at}] must be a number from 0 to 1`,
        );
        let rest = at;
        const where = [...shape].reverse().map((size) => {
          const index = rest % size;
          rest = Math.floor(rest / size);
          return `[${index}]`;
        });
        expect(() => readTensor(nest(numbers, shape), shape, ['data'])).toThrow(
          `data${where.reverse().join('')} must be a number from 0 to 1`,
        );
      },
    ),
  );
});

test.each([255, 1.01, -0.01, 3e38, NaN, Infinity])('as FP32, %p is refused in JSON and in bytes', (value) => {
  const sentence =
    /^data\[1\] must be a number from 0 to 1, received .*; divide levels of 0 to 255 by 255\.$/;
  expect(() => readTensor([0, value], [2], ['data'])).toThrow(sentence);
  const bytes = new Uint8Array(Float32Array.of(0, value).buffer);
  expect(() => readBinaryTensor(bytes, [2], [], 'FP32')).toThrow(sentence);
});

test('what rounding adds to 0 and 1 is accepted as FP32', () => {
  const values = Float32Array.of(-0.0005, 1.0005);
  expect(readTensor([...values], [2], ['data'])).toEqual(values);
  expect(readBinaryTensor(new Uint8Array(values.buffer), [2], ['input'], 'FP32')).toEqual(values);
});
