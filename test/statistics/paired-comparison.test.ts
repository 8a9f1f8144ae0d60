import fc from 'fast-check';

import {
  comparePaired,
  mcnemarExact,
  newcombePaired95,
  type PairedCounts,
} from '../../statistics/paired-comparison';

const counts = (
  bothRight: number,
  onlyARight: number,
  onlyBRight: number,
  bothWrong: number,
): PairedCounts => ({
  bothRight,
  onlyARight,
  onlyBRight,
  bothWrong,
});
const arbitrary = fc
  .tuple(fc.nat(60), fc.nat(60), fc.nat(60), fc.nat(60))
  .filter((cells) => cells.some((cell) => cell > 0))
  .map((cells) => counts(...cells));

const imagesOf = (c: PairedCounts) => c.bothRight + c.onlyARight + c.onlyBRight + c.bothWrong;
const differenceOf = (c: PairedCounts) => (c.onlyARight - c.onlyBRight) / imagesOf(c);
const swapped = ({ bothRight, onlyARight, onlyBRight, bothWrong }: PairedCounts) =>
  counts(bothRight, onlyBRight, onlyARight, bothWrong);

test('the interval equals two published worked examples', () => {
  // Thallium stress test: Altman et al., Statistics with Confidence (2000), page 52.
  const altman = newcombePaired95(counts(14, 5, 0, 22));
  expect(altman.map((limit) => limit.toFixed(3))).toEqual(['0.011', '0.226']);
  // Cavo et al. (2012), as R's contingencytables, the package of Fagerland et al.'s book (2017, chapter 8), prints it.
  const cavo = newcombePaired95(counts(59, 6, 16, 80));
  expect(cavo.map((limit) => limit.toFixed(4))).toEqual(['-0.1186', '-0.0046']);
});

test('McNemar’s exact P is scipy 1.17.1’s binomtest(k, n, 0.5).pvalue', () => {
  const expected = [
    [6, 16, 0.052478790283203125],
    [0, 5, 0.0625],
    [5, 0, 0.0625],
    [1, 7, 0.0703125],
    [40, 60, 0.05688793364098089],
    [900, 1100, 8.45708953550381e-6],
  ] as const;
  for (const [onlyA, onlyB, p] of expected) expect(mcnemarExact(onlyA, onlyB) / p).toBeCloseTo(1, 9);
  expect(mcnemarExact(0, 0)).toBe(1);
  expect(mcnemarExact(7, 7)).toBe(1);
});

test('swapping the classifiers negates the interval and leaves P unchanged', () => {
  fc.assert(
    fc.property(arbitrary, (cells) => {
      const [low, high] = newcombePaired95(cells);
      const [lowSwapped, highSwapped] = newcombePaired95(swapped(cells));
      expect(lowSwapped).toBeCloseTo(-high, 12);
      expect(highSwapped).toBeCloseTo(-low, 12);
      expect(mcnemarExact(cells.onlyARight, cells.onlyBRight)).toBe(
        mcnemarExact(cells.onlyBRight, cells.onlyARight),
      );
    }),
    { seed: 7 },
  );
});

test('the interval contains the difference and stays within -1 and 1', () => {
  fc.assert(
    fc.property(arbitrary, (cells) => {
      const [low, high] = newcombePaired95(cells);
      expect(low).toBeLessThanOrEqual(differenceOf(cells));
      expect(high).toBeGreaterThanOrEqual(differenceOf(cells));
      expect(low).toBeGreaterThanOrEqual(-1 - 1e-12);
      expect(high).toBeLessThanOrEqual(1 + 1e-12);
    }),
    { seed: 7 },
  );
});

test('the interval is narrower for the same shares of more images', () => {
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 2, max: 20 }), (cells, times) => {
      const width = ([low, high]: readonly [number, number]) => high - low;
      const more = counts(
        cells.bothRight * times,
        cells.onlyARight * times,
        cells.onlyBRight * times,
        cells.bothWrong * times,
      );
      expect(width(newcombePaired95(more))).toBeLessThan(width(newcombePaired95(cells)));
    }),
    { seed: 7 },
  );
});

test('P is a probability, and falls as the disagreements become more uneven', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(), (n, draw) => {
      const fewer = draw % (Math.floor((n - 1) / 2) + 1);
      const p = mcnemarExact(fewer, n - fewer);
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
      if (fewer > 0) expect(mcnemarExact(fewer - 1, n - fewer + 1)).toBeLessThanOrEqual(p);
    }),
    { seed: 7 },
  );
});

test('classifiers are compared image by image', () => {
  expect(comparePaired([true, true, true, false], [true, false, false, true])).toEqual({
    images: 4,
    bothRight: 1,
    onlyARight: 2,
    onlyBRight: 1,
    bothWrong: 0,
    difference: 0.25,
    interval95: newcombePaired95(counts(1, 2, 1, 0)),
    mcnemarExactP: 1,
  });
});

test('classifiers of different images cannot be compared', () => {
  expect(() => comparePaired([true], [true, false])).toThrow('the same images, received 1 and 2');
  expect(() => comparePaired([], [])).toThrow('received 0 and 0');
});
