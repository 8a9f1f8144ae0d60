import fc from 'fast-check';

import { checkShares, DEFAULT_SHARES, splitPictures } from '../../../models/data/dataset-splits';

const OPTIONS = { seed: 3, shares: DEFAULT_SHARES };
const picturesOf = (label: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    label,
    sha256: `file ${label}-${i}`,
    pixelsSha256: `pixels ${label}-${i}`,
  }));
const countOf = (splits: readonly string[], name: string) => splits.filter((split) => split === name).length;

test('each class is split by the shares', () => {
  for (const count of [100, 40]) {
    const splits = splitPictures(picturesOf(0, count), OPTIONS);
    expect(countOf(splits, 'val')).toBe(0.15 * count);
    expect(countOf(splits, 'test')).toBe(0.15 * count);
    expect(countOf(splits, 'train')).toBe(0.7 * count);
  }
  const both = [...picturesOf(0, 100), ...picturesOf(1, 20)];
  const ofSecond = splitPictures(both, OPTIONS).slice(100);
  expect([countOf(ofSecond, 'train'), countOf(ofSecond, 'val'), countOf(ofSecond, 'test')]).toEqual([
    14, 3, 3,
  ]);
  expect(new Set(splitPictures(picturesOf(0, 3), OPTIONS)).size).toBe(3);
});

test('a picture’s split does not depend on the order of pictures, and another seed gives others', () => {
  const pictures = [...picturesOf(0, 60), ...picturesOf(1, 50)];
  const splits = splitPictures(pictures, OPTIONS);
  expect(splitPictures(pictures.toReversed(), OPTIONS)).toEqual(splits.toReversed());
  expect(splitPictures(pictures, { ...OPTIONS, seed: 4 })).not.toEqual(splits);
});

test('pixels decide which pictures stay together and no more, so that another resize filter moves none', () => {
  const pictures = [...picturesOf(0, 60), { label: 0, sha256: 'copy', pixelsSha256: 'pixels 0-7' }];
  const resized = pictures.map((picture) => ({ ...picture, pixelsSha256: `linear ${picture.pixelsSha256}` }));
  expect(splitPictures(resized, OPTIONS)).toEqual(splitPictures(pictures, OPTIONS));
});

test('a picture that is added moves few others', () => {
  const pictures = picturesOf(0, 200);
  const [before, after] = [pictures, [...pictures, { label: 0, sha256: 'new', pixelsSha256: 'new' }]].map(
    (all) => splitPictures(all, OPTIONS),
  );
  expect(before!.filter((split, i) => split !== after![i]).length).toBeLessThanOrEqual(2);
});

test('the same pixels are never in two splits, not even under two labels', () => {
  const picture = fc.record({
    label: fc.nat(2),
    sha256: fc.nat(60).map(String),
    pixelsSha256: fc.nat(30).map(String),
  });
  fc.assert(
    fc.property(fc.array(picture, { maxLength: 100 }), fc.nat(), (pictures, seed) => {
      const splits = splitPictures(pictures, { ...OPTIONS, seed });
      const splitOf = new Map(pictures.map(({ pixelsSha256 }, i) => [pixelsSha256, splits[i]]));
      pictures.forEach(({ pixelsSha256 }, i) => expect(splits[i]).toBe(splitOf.get(pixelsSha256)));
    }),
    { seed: 6 },
  );
});

test('shares that are no shares are refused', () => {
  expect(() => checkShares({ train: 0.8, val: 0.2, test: 0 })).toThrow(
    'splitShares.test must be greater than 0, received 0',
  );
  expect(() => checkShares({ train: 0.8, val: NaN, test: 0.2 })).toThrow('splitShares.val');
  expect(() => checkShares({ train: 0.8, val: 0.2, test: 0.2 })).toThrow(
    'splitShares must sum to 1, received 1.2',
  );
});
