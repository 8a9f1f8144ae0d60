import { findDuplicates, type HashedImage, nameGroups } from '../../../models/data/duplicates';

const image = (path: string, changes: Partial<HashedImage> = {}): HashedImage => ({
  ...{ path, label: 0, split: 'train', sha256: path, pixelsSha256: 'same' },
  ...changes,
});

test('a group of copies is found once, in the kind of its worst fault', () => {
  const images = [
    image('a'),
    image('b', { split: 'test', label: 1 }),
    image('c', { pixelsSha256: 'other' }),
    image('d', { pixelsSha256: 'other', label: 1 }),
    image('e', { pixelsSha256: 'third' }),
    image('f', { pixelsSha256: 'third' }),
    image('g', { pixelsSha256: 'alone' }),
  ];
  const { acrossSplits, acrossClasses, plain } = findDuplicates(images);
  expect(nameGroups(acrossSplits)).toBe('1 group: a = b (same pixels, 2 classes)');
  expect(nameGroups(acrossClasses)).toBe('1 group: c = d (same pixels, 2 classes)');
  expect(nameGroups(plain)).toBe('1 group: e = f (same pixels)');
});

test('a hundred thousand copies are one group that names four', () => {
  const copies = Array.from({ length: 100_000 }, (_, i) => image(String(i), { sha256: 'same bytes' }));
  const { plain } = findDuplicates(copies);
  expect(plain).toHaveLength(1);
  expect(nameGroups(plain)).toBe('1 group: 0 = 1 = 2 = 3 and 99996 more (same bytes)');
});

test('of many groups ten are named', () => {
  const images = Array.from({ length: 24 }, (_, i) => image(String(i), { pixelsSha256: String(i >> 1) }));
  expect(nameGroups(findDuplicates(images).plain)).toMatch(
    /^12 groups: (\d+ = \d+ \(same pixels\), ){10}and 2 more$/,
  );
});
