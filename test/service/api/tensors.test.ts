import fc from 'fast-check';

import { readTensor } from '../../../service/api/tensors';

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
      const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => i / 8);
      expect([...readTensor(nest(numbers, shape), shape, ['data'])]).toEqual(numbers);
      expect([...readTensor(numbers, shape, ['data'])]).toEqual(numbers);
    }),
  );
});

test('an error names the position of a non-finite value, flat and nested', () => {
  fc.assert(
    fc.property(shapes, fc.nat(), fc.constantFrom(null, '1', true, 1e39, [], {}), (shape, place, value) => {
      const at = place % sizeOf(shape);
      const numbers = Array.from({ length: sizeOf(shape) }, (_, i): unknown => (i === at ? value : 0.5));
      // A list in first position would make the data nested, which is a different error.
      fc.pre(at > 0 || !Array.isArray(value));
      expect(() => readTensor(numbers, shape, ['data'])).toThrow(`data[${at}] must be a finite number`);
      let rest = at;
      const where = [...shape].reverse().map((size) => {
        const index = rest % size;
        rest = Math.floor(rest / size);
        return `[${index}]`;
      });
      expect(() => readTensor(nest(numbers, shape), shape, ['data'])).toThrow(
        `data${where.reverse().join('')} must be a finite number`,
      );
    }),
  );
});
