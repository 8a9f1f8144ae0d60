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

test.each([
  [255, 'divide levels of 0 to 255 by 255'],
  [200, 'divide levels of 0 to 255 by 255'],
  [2, 'divide levels of 0 to 255 by 255'],
  [3e38, 'divide levels of 0 to 255 by 255'],
  [-1.9, 'send inputs that are not normalised: the service normalises them'],
  [-1, 'send inputs that are not normalised: the service normalises them'],
  [2.64, 'send inputs that are not normalised: the service normalises them'],
  [1.75, 'send inputs that are not normalised: the service normalises them'],
  [NaN, 'send finite numbers'],
  [Infinity, 'send finite numbers'],
])('as FP32, %p is refused in JSON and in bytes: %s', (value, remedy) => {
  const sentence = new RegExp(
    String.raw`^data\[1\] must be a number from 0 to 1, received \S+; ${remedy}\.$`,
  );
  expect(() => readTensor([0, value], [2], ['data'])).toThrow(sentence);
  const bytes = new Uint8Array(Float32Array.of(0, value).buffer);
  expect(() => readBinaryTensor(bytes, [2], [], 'FP32')).toThrow(sentence);
});

test('what rounding and resizing add to 0 and 1 is accepted as FP32, and not clipped', () => {
  const values = Float32Array.of(-0.0005, 1.0005, 1.03, -0.02, -0.45, 1.45);
  const shape = [values.length];
  expect(readTensor([...values], shape, ['data'])).toEqual(values);
  expect(readBinaryTensor(new Uint8Array(values.buffer), shape, ['input'], 'FP32')).toEqual(values);
});

test.each<[unknown, string]>([
  [0.5, 'send numbers from 0 to 1 as FP32'],
  [127.5, 'round and clip the levels'],
  [-3, 'round and clip the levels'],
  [256, 'round and clip the levels'],
  [null, 'send finite numbers'],
])('as UINT8, %p is refused: %s', (value, remedy) => {
  expect(() => readTensor([0, value], [2], ['data'], 'UINT8')).toThrow(
    new RegExp(String.raw`^data\[1\] must be a whole number from 0 to 255, received \S+; ${remedy}\.$`),
  );
});
