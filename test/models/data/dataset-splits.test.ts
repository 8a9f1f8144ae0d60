import fc from 'fast-check';

import {
  checkShares,
  DEFAULT_SHARES,
  formatShares,
  parseShares,
  sameShares,
  splitImages,
} from '../../../models/data/dataset-splits';

const OPTIONS = { seed: 3, shares: DEFAULT_SHARES };
const imagesOf = (label: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    label,
    sha256: `file ${label}-${i}`,
    pixelsSha256: `pixels ${label}-${i}`,
  }));
const countOf = (splits: readonly string[], name: string) => splits.filter((split) => split === name).length;

test('each class is split by the shares', () => {
  for (const count of [100, 40]) {
    const splits = splitImages(imagesOf(0, count), OPTIONS);
    expect(countOf(splits, 'val')).toBe(0.15 * count);
    expect(countOf(splits, 'test')).toBe(0.15 * count);
    expect(countOf(splits, 'train')).toBe(0.7 * count);
  }
  const both = [...imagesOf(0, 100), ...imagesOf(1, 20)];
  const ofSecond = splitImages(both, OPTIONS).slice(100);
  expect([countOf(ofSecond, 'train'), countOf(ofSecond, 'val'), countOf(ofSecond, 'test')]).toEqual([
    14, 3, 3,
  ]);
  expect(new Set(splitImages(imagesOf(0, 3), OPTIONS)).size).toBe(3);
});

test('an image’s split does not depend on the order of images, and another seed gives others', () => {
  const images = [...imagesOf(0, 60), ...imagesOf(1, 50)];
  const splits = splitImages(images, OPTIONS);
  expect(splitImages(images.toReversed(), OPTIONS)).toEqual(splits.toReversed());
  expect(splitImages(images, { ...OPTIONS, seed: 4 })).not.toEqual(splits);
});

test('pixels decide which images stay together and no more, so that another resize filter moves none', () => {
  const images = [...imagesOf(0, 60), { label: 0, sha256: 'copy', pixelsSha256: 'pixels 0-7' }];
  const resized = images.map((image) => ({ ...image, pixelsSha256: `linear ${image.pixelsSha256}` }));
  expect(splitImages(resized, OPTIONS)).toEqual(splitImages(images, OPTIONS));
});

test('an image that is added moves few others', () => {
  const images = imagesOf(0, 200);
  const [before, after] = [images, [...images, { label: 0, sha256: 'new', pixelsSha256: 'new' }]].map((all) =>
    splitImages(all, OPTIONS),
  );
  expect(before!.filter((split, i) => split !== after![i]).length).toBeLessThanOrEqual(2);
});

test('the same pixels are never in two splits, not even under two labels', () => {
  const image = fc.record({
    label: fc.nat(2),
    sha256: fc.nat(60).map(String),
    pixelsSha256: fc.nat(30).map(String),
  });
  fc.assert(
    fc.property(fc.array(image, { maxLength: 100 }), fc.nat(), (images, seed) => {
      const splits = splitImages(images, { ...OPTIONS, seed });
      const splitOf = new Map(images.map(({ pixelsSha256 }, i) => [pixelsSha256, splits[i]]));
      images.forEach(({ pixelsSha256 }, i) => expect(splits[i]).toBe(splitOf.get(pixelsSha256)));
    }),
    { seed: 6 },
  );
});

const copiesOf = (label: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ label, sha256: `copy ${i}`, pixelsSha256: `copied ${label}` }));

test.each([
  [200, 20],
  [138, 162],
])('%i copies of one image among %i others count once and leave the shares as planned', (copies, others) => {
  for (let seed = 1; seed <= 20; seed++) {
    const images = [...copiesOf(0, copies), ...imagesOf(0, others)];
    const splits = splitImages(images, { ...OPTIONS, seed });
    const planned = Math.round(0.15 * (others + 1));
    expect(new Set(splits.slice(0, copies))).toEqual(new Set(['train']));
    expect([countOf(splits, 'val'), countOf(splits, 'test')]).toEqual([planned, planned]);
  }
});

test('if every image is there twice, each split has its share of pairs', () => {
  const twice = imagesOf(0, 40).flatMap((image) => [image, { ...image, sha256: `${image.sha256} again` }]);
  const splits = splitImages(twice, OPTIONS);
  expect(['train', 'val', 'test'].map((split) => countOf(splits, split))).toEqual([56, 12, 12]);
});

test('copies go to val and test if these would be empty otherwise', () => {
  const images = [0, 1, 2].flatMap((i) => copiesOf(0, 4).map((copy) => ({ ...copy, pixelsSha256: `${i}` })));
  expect(new Set(splitImages(images, OPTIONS)).size).toBe(3);
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

test('shares are read as they are printed', () => {
  const shares = { train: 0.8, val: 0.1, test: 0.1 };
  expect(parseShares('0.8, 0.1, 0.1')).toEqual(shares);
  expect(parseShares(formatShares(shares))).toEqual(shares);
  expect(sameShares(shares, DEFAULT_SHARES)).toBe(false);
  expect(() => parseShares('0.8,0.2')).toThrow(
    'splitShares must be 3 numbers for train, val, test, received 2',
  );
  expect(() => parseShares('0.8,,0.2')).toThrow('splitShares.val must be greater than 0, received NaN');
  expect(() => parseShares('80,10,10')).toThrow('splitShares must sum to 1, received 100');
  expect(() => parseShares('0.7,0.2,0.2')).toThrow(/must sum to 1, received 1\.1$/);
});
