import fc from 'fast-check';

import { joinSmall } from '../../../service/http/small-chunks';

const join = (chunks: readonly Buffer[], wanted = Infinity) => {
  const pieces: Buffer[] = [];
  const joined = joinSmall((piece) => pieces.push(piece) < wanted);
  const answers = chunks.map(joined.add);
  joined.end();
  return { pieces, answers };
};

test('chunks of any sizes keep their bytes and their order', () => {
  const chunk = fc.integer({ min: 0, max: 9000 }).map((size) => Buffer.alloc(size, size % 251));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 30 }), (chunks) => {
      expect(Buffer.concat(join(chunks).pieces).equals(Buffer.concat(chunks))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('chunks of one byte are copied together, and large ones are passed on as they are', () => {
  const small = Array.from({ length: 10_000 }, (_, i) => Buffer.of(i % 256));
  const large = Buffer.alloc(5000);
  const { pieces } = join([...small, large]);
  expect(pieces.map(({ length }) => length)).toEqual([4096, 4096, 10_000 - 2 * 4096, 5000]);
  expect(pieces[3]).toBe(large);
});

test('nothing more is passed on once no more is wanted', () => {
  const { answers } = join([Buffer.alloc(10), Buffer.alloc(4096)], 1);
  expect(answers).toEqual([true, false]);
});
