import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import sharp from 'sharp';

import { type Dataset, type DatasetOptions, readDataset } from '../../../models/data/dataset';

const root = mkdtempSync(join(tmpdir(), 'tandem-dataset-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A small image; images of different numbers differ. */
const image = (number: number) => {
  const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * (number + 1)) % 251);
  return sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } });
};
const png = (number: number) => image(number).png().toBuffer();

let folders = 0;
/** Writes files into a new folder: images by number, or other content. */
async function folderOf(files: Record<string, number | string | Buffer>): Promise<string> {
  const folder = join(root, String(folders++));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'number' ? await png(content) : content);
  }
  return folder;
}

/** Three images in each of two classes, of a set that is not split. */
const UNSPLIT = { 'a/1.png': 1, 'a/2.png': 2, 'a/3.png': 3, 'b/4.png': 4, 'b/5.png': 5, 'b/6.png': 6 };
const SPLIT = {
  'train/a/1.png': 1,
  'train/b/2.png': 2,
  'val/a/3.png': 3,
  'val/b/4.png': 4,
  'test/a/5.png': 5,
  'test/b/6.png': 6,
};
const read = async (files: Record<string, number | string | Buffer>, options: Partial<DatasetOptions> = {}) =>
  readDataset(await folderOf(files), { draw: { seed: 1 }, ...options });
const namesIn = ({ splits }: Dataset) =>
  Object.fromEntries(
    Object.entries(splits).map(([name, images]) => [
      name,
      images.map(({ path }) => path.split('/').slice(-2).join('/')),
    ]),
  );

test('a split set keeps its splits, whatever the validation folder is called', async () => {
  const dataset = await read(SPLIT);
  expect(dataset.classes).toEqual(['a', 'b']);
  expect(namesIn(dataset)).toEqual({
    train: ['a/1.png', 'b/2.png'],
    val: ['a/3.png', 'b/4.png'],
    test: ['a/5.png', 'b/6.png'],
  });
  expect(dataset.splits.val.map(({ label }) => label)).toEqual([0, 1]);
  expect(dataset).toMatchObject({ splitBy: 'folders', skipped: [], warnings: [] });
});

test.each([
  ['Train', 'Val', 'Test'],
  ['training', 'validation', 'testing'],
  ['TRAIN', 'valid', 'TEST'],
  ['training_set', 'validation_set', 'test_set'],
  ['train-images', 'val-images', 'test-images'],
])('folders named %s, %s and %s are splits, not classes', async (train, val, test) => {
  const names: Record<string, string> = { train, val, test };
  const renamed = Object.entries(SPLIT).map(([path, content]) => [
    path.replace(/^\w+/, (split) => names[split]!),
    content,
  ]);
  const dataset = await read({ ...Object.fromEntries(renamed), '__MACOSX/train/a/._1.png': 'Mac OS X' });
  expect(namesIn(dataset)).toEqual(namesIn(await read(SPLIT)));
  expect(dataset.skipped).toEqual([]);
});

test('a folder below each class is no split, even if it has the same name in each', async () => {
  const deeper = Object.entries(UNSPLIT).map(([path, content]) => [path.replace('/', '/images/'), content]);
  expect((await read(Object.fromEntries(deeper))).classes).toEqual(['a', 'b']);
});

test('letters of two cases are two classes', async () => {
  const upper = Object.entries(UNSPLIT).map(([path, content]) => [path.replace('b/', 'A/'), content]);
  expect((await read(Object.fromEntries(upper))).classes).toEqual(['A', 'a']);
});

test('without a folder for val, val is drawn from train by seed, of every class; test stays', async () => {
  const many = Array.from({ length: 20 }, (_, i) => [`train/${i % 2 === 0 ? 'a' : 'b'}/${i}.png`, i + 10]);
  const files = { ...Object.fromEntries(many), 'test/a/5.png': 5, 'test/b/6.png': 6 };
  const notes: string[] = [];
  const dataset = await read(files, { note: (sentence) => notes.push(sentence) });
  const { train, val, test } = dataset.splits;
  expect([train.length, val.length, test.length]).toEqual([16, 4, 2]);
  expect(new Set(val.map(({ label }) => label))).toEqual(new Set([0, 1]));
  expect(val.every(({ path }) => path.includes('/train/'))).toBe(true);
  expect(notes).toContain('there is no folder for val: it is drawn from train by seed 1');
  const again = await read(files);
  expect(again.splitSha256).toEqual(dataset.splitSha256);
  expect((await read(files, { draw: { seed: 2 } })).splitSha256.val).not.toBe(dataset.splitSha256.val);
});

test.each<[string, Record<string, number>]>([
  ['no folder for test', {}],
  ['a folder for test without labels', { 'test/5.png': 5, 'test/6.png': 6 }],
])('a set with %s has train and val', async (_, unlabelled) => {
  const notes: string[] = [];
  const labelled = Object.entries(SPLIT).filter(([path]) => !path.startsWith('test/'));
  const dataset = await read(
    { ...Object.fromEntries(labelled), ...unlabelled },
    { note: (sentence) => notes.push(sentence) },
  );
  expect(namesIn(dataset)).toEqual({ train: ['a/1.png', 'b/2.png'], val: ['a/3.png', 'b/4.png'], test: [] });
  expect(notes).toContain('there is no folder for test, so that val is all that can be measured');
  const skipped =
    Object.keys(unlabelled).length === 0 ? [] : [{ path: 'test', reason: 'It has no class folders' }];
  expect(dataset.skipped).toEqual(skipped);
});

test('a set that is not split is split by seed, each class in every split', async () => {
  const dataset = await read(UNSPLIT);
  for (const images of Object.values(dataset.splits))
    expect(images.map(({ label }) => label)).toEqual([0, 1]);
  expect(dataset.splitBy).toEqual({ seed: 1, shares: { train: 0.7, val: 0.15, test: 0.15 } });
  const renamed = { 'a/x.png': 3, 'a/y.png': 1, 'a/z.png': 2, 'b/4.png': 4, 'b/5.png': 5, 'b/6.png': 6 };
  const hashes = ({ splits }: Dataset) => splits.test.map(({ sha256 }) => sha256);
  expect(hashes(await read(renamed))).toEqual(hashes(dataset));
});

test('a set that is not split is split into the given shares', async () => {
  const files = Object.fromEntries(
    ['a', 'b'].flatMap((name, c) => Array.from({ length: 10 }, (_, i) => [`${name}/${i}.png`, 20 * c + i])),
  );
  const shares = { train: 0.4, val: 0.2, test: 0.4 };
  const { splits, splitBy } = await read(files, { draw: { seed: 1, shares } });
  expect(Object.values(splits).map(({ length }) => length)).toEqual([8, 4, 8]);
  expect(splitBy).toEqual({ seed: 1, shares });
  await expect(read(files, { draw: { seed: 1, shares: { ...shares, test: 0.5 } } })).rejects.toThrow(
    'splitShares must sum to 1',
  );
});

test('hashes are those of the files, and the set’s is that of sha256sum’s lines', async () => {
  const folder = await folderOf({ ...UNSPLIT, 'notes.txt': 'no image' });
  const dataset = await readDataset(folder, { draw: { seed: 1 } });
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
  const lines = Object.keys(UNSPLIT).map((path) => `${sha256(readFileSync(join(folder, path)))}  ${path}\n`);
  expect(dataset.sha256).toBe(sha256(lines.join('')));
  const own = lines.filter((line) => dataset.splits.train.some(({ path }) => line.includes(path.slice(-7))));
  expect(dataset.splitSha256.train).toBe(sha256(own.join('')));
  for (const { path, sha256: hash } of dataset.splits.train) expect(hash).toBe(sha256(readFileSync(path)));
});

test('files that are no images or damaged are named, counted and skipped, hidden ones not looked at', async () => {
  const cut = (await image(7).jpeg().toBuffer()).subarray(0, 300);
  const notes: string[] = [];
  const progress: string[] = [];
  const dataset = await read(
    {
      ...UNSPLIT,
      'a/cut.jpg': cut,
      'b/list.csv': 'x,y',
      'b/old.bmp': 'BM6a',
      'a/.DS_Store': '',
      'README.md': '',
    },
    {
      note: (sentence) => notes.push(sentence),
      onProgress: ({ done, total }) => progress.push(`${done}/${total}`),
    },
  );
  expect(notes.at(-1)).toBe('skipped in all: 4 files');
  expect(notes.slice(0, -1).toSorted()).toEqual([
    'skipped README.md: It is in no class folder',
    'skipped a/cut.jpg: The image is damaged or cut off',
    'skipped b/list.csv: This is not an image',
    'skipped b/old.bmp: The image is BMP',
  ]);
  expect(dataset.skipped).toHaveLength(4);
  expect(Object.values(dataset.splits).flat()).toHaveLength(6);
  expect(progress).toHaveLength(9);
  expect(progress.at(-1)).toBe('9/9');
});

test('images in folders below a class, and linked ones, are the class’ too', async () => {
  const folder = await folderOf({ ...UNSPLIT, 'a/more/7.png': 7 });
  const elsewhere = await folderOf({ '8.png': 8 });
  symlinkSync(join(elsewhere, '8.png'), join(folder, 'b', 'link.png'));
  const dataset = await readDataset(folder, { draw: { seed: 1 } });
  expect(Object.values(dataset.splits).flat()).toHaveLength(8);
});

test('only regular files that can be read count; others are named and skipped with the reason', async () => {
  const folder = await folderOf({ ...UNSPLIT, 'a/denied.png': 7, 'a/taken.png': 8 });
  symlinkSync('nothing', join(folder, 'a', 'dangling.png'));
  symlinkSync('loop.png', join(folder, 'b', 'loop.png'));
  symlinkSync('..', join(folder, 'b', 'up'));
  symlinkSync('nothing', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'a', 'pipe.png')]);
  // Root may read every file, so file permissions cannot make a read fail.
  const { readFile } = promises;
  const spy = jest.spyOn(promises, 'readFile').mockImplementation(async (path, ...rest) => {
    const code = { 'denied.png': 'EACCES', 'taken.png': 'ENOENT' }[basename(path as string)];
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    return readFile(path, ...rest);
  });
  const { skipped, splits } = await readDataset(folder, { draw: { seed: 1 } });
  spy.mockRestore();
  expect(skipped.map(({ path, reason }) => `${path}: ${reason}`).toSorted()).toEqual([
    'a/dangling.png: It is a link to nothing, or was removed',
    'a/denied.png: It may not be read',
    'a/pipe.png: It is no regular file',
    'a/taken.png: It is a link to nothing, or was removed',
    'b/loop.png: It is a link that leads back to itself',
    'b/up: It is a link to a folder that it lies in',
    'link: It is a link to nothing, or was removed',
  ]);
  expect(Object.values(splits).flat()).toHaveLength(6);
});

const onLinux = process.platform === 'linux' ? test.each : test.skip.each;
onLinux<[string, (own: string) => string]>([
  ['a class folder', () => ''],
  ['a file in a class folder', (folder) => join(folder, 'a')],
  ['a folder below a class', (folder) => join(folder, 'b')],
])('a name of %s that is not UTF-8 is refused with the folder that it is in', async (_, parentOf) => {
  const folder = await folderOf(UNSPLIT);
  const parent = parentOf(folder) || folder;
  const named = (bytes: Buffer) => Buffer.concat([Buffer.from(`${parent}/`), bytes]);
  mkdirSync(named(Buffer.from('th\xe9', 'latin1')));
  writeFileSync(Buffer.concat([named(Buffer.from('caf\xe9', 'latin1')), Buffer.from('.png')]), await png(9));
  await expect(readDataset(folder, { draw: { seed: 1 } })).rejects.toThrow(
    `the names in ${parent} must be UTF-8, received 2 that are not, such as caf\\xe9.png: ` +
      'rename them, or unpack the archive again with the encoding that it was made with',
  );
});

test('a name with the replacement character itself is a name like any other', async () => {
  const files = Object.entries(UNSPLIT).map(([path, number]) => [path.replace('b/', 'caf\ufffd/'), number]);
  expect((await read(Object.fromEntries(files))).classes).toEqual(['a', 'caf\ufffd']);
});

test('a file that is too large to read is named and skipped', async () => {
  const folder = await folderOf({ ...UNSPLIT, 'a/film.png': 'moving' });
  // Without blocks on the disk.
  truncateSync(join(folder, 'a', 'film.png'), 2 ** 31);
  const { skipped } = await readDataset(folder, { draw: { seed: 1 } });
  expect(skipped).toEqual([{ path: 'a/film.png', reason: 'It has 2 GiB or more' }]);
});

test.each(['val', 'test'] as const)('class folders of %s without images are refused', async (split) => {
  const others = Object.entries(SPLIT).filter(([path]) => !path.startsWith(split));
  const empty = { [`${split}/a/.keep`]: '', [`${split}/b/.keep`]: '' };
  const onProgress = jest.fn();
  await expect(read({ ...Object.fromEntries(others), ...empty }, { onProgress })).rejects.toThrow(
    `must hold images, received no file in a of ${split}, b of ${split}: add some, or remove the class`,
  );
  // Reading the others first may take minutes.
  expect(onProgress).not.toHaveBeenCalled();
});

test('class folders whose files are no images in a split are refused', async () => {
  await expect(read({ ...SPLIT, 'val/a/3.png': 'no image' })).rejects.toThrow(
    'must have an image in every split, received none of a in val ',
  );
});

test('an empty class folder is refused before an image is read', async () => {
  const onProgress = jest.fn();
  await expect(read({ ...UNSPLIT, 'c/.keep': '' }, { onProgress })).rejects.toThrow(
    /every class folder of \S+ must hold images, received no file in c: add some, or remove the class$/,
  );
  expect(onProgress).not.toHaveBeenCalled();
});

test('the same image in two splits is an error that names the pair, unless allowed', async () => {
  const sameBytes = { ...SPLIT, 'test/a/7.png': 1 };
  const sentence =
    /must not be in another, received 1 group: test\/a\/7.png = train\/a\/1.png \(same bytes\)/;
  await expect(read(sameBytes)).rejects.toThrow(sentence);
  const allowed = await read(sameBytes, { allowLeakage: true });
  expect(allowed.splits.test).toHaveLength(3);
  expect(allowed.warnings).toEqual([expect.stringMatching(sentence)]);
  const samePixels = { ...SPLIT, 'test/b/7.png': await image(1).png({ compressionLevel: 0 }).toBuffer() };
  await expect(read(samePixels)).rejects.toThrow('test/b/7.png = train/a/1.png (same pixels, 2 classes)');
});

test('of many copies of one image a few are named, one of each split first, and all are counted', async () => {
  const copies = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`test/a/copy${i}.png`, 1]));
  await expect(read({ ...SPLIT, ...copies })).rejects.toThrow(
    /received 1 group: test\/a\/copy0.png = train\/a\/1.png = test\/a\/copy1.png = test\/a\/\S+ and 9 more \(same bytes\);/,
  );
});

test('duplicates within a split are warned of, and those of two classes apart', async () => {
  const notes: string[] = [];
  const copies = { 'train/a/7.png': 1, 'val/b/8.png': 3 };
  const dataset = await read({ ...SPLIT, ...copies }, { note: (sentence) => notes.push(sentence) });
  expect(dataset.warnings).toEqual([
    expect.stringContaining('two labels, one of them wrong: 1 group: val/a/3.png = val/b/8.png'),
    expect.stringContaining('more than once: 1 group: train/a/1.png = train/a/7.png'),
  ]);
  expect(notes).toEqual(dataset.warnings.map((warning) => `warning: ${warning}`));
});

test('duplicates in a set that is not split come into one split', async () => {
  const dataset = await read({ ...UNSPLIT, 'a/7.png': 7, 'a/8.png': 7, 'b/9.png': 7, 'b/10.png': 8 });
  const places = Object.entries(namesIn(dataset)).filter(([, names]) =>
    names.some((name) => /[789]\.png/.test(name)),
  );
  expect(places).toHaveLength(1);
});

describe('what is wrong with folders is said with a remedy', () => {
  const without = (files: object, pattern: RegExp) =>
    Object.fromEntries(Object.entries(files).filter(([path]) => !pattern.test(path)));

  test.each<[string, Record<string, number | string>, RegExp]>([
    [
      'a missing split',
      without(SPLIT, /^train/),
      /must have train, and val or test, each with a folder per class, received no train; add the missing folder/,
    ],
    [
      'neither val nor a test with classes, as in many competitions',
      { ...without(SPLIT, /^(val|test)/), 'Test/7.png': 7 },
      /received no val and no test \(Test has no class folders\); add one of them, or split train by seed: name the folder \S+\/train$/,
    ],
    [
      'splits beside classes',
      { ...SPLIT, 'c/7.png': 7 },
      /either splits or classes, received both: c is no split, and test is one; if c is a split, name it train, val or test; else move it, or rename a class/,
    ],
    ['a split twice', { ...SPLIT, 'valid/a/7.png': 7 }, /one folder a split, received val and valid/],
    [
      'a class missing in a split',
      without(SPLIT, /val\/b/),
      /val must have every class of the other splits, received no b;/,
    ],
    [
      'one class',
      without(UNSPLIT, /^b/),
      /at least two classes, received a; put the images of each class into a folder of its own/,
    ],
    [
      'no class',
      { 'x.txt': '' },
      /at least two classes, received none; put the images of each class into a folder of its own/,
    ],
    [
      'one class itself',
      { 'x.png': 1, 'y.JPG': 2, 'z.txt': '' },
      /received none; it holds 2 images itself: if it is a class, name the folder above it: \S+$/,
    ],
    [
      'a class whose images cannot be decoded',
      { ...without(UNSPLIT, /^b/), 'b/1.png': '', 'b/2.jpg': 'x' },
      /must have images, and no image in b can be decoded: add some in JPEG, /,
    ],
    [
      'one folder with the classes in it, as an archive leaves it',
      Object.fromEntries(Object.entries(UNSPLIT).map(([path, content]) => [`photos/${path}`, content])),
      /received photos; if the classes are in photos, name that folder: \S+\/photos$/,
    ],
    [
      'splits under names that no one knows',
      Object.fromEntries(
        Object.entries(SPLIT).map(([path, content]) => [path.replace(/^\w+/, 'part-$&'), content]),
      ),
      /the same folders in each of part-test, part-train, part-val: a, b; if part-test, part-train, part-val are splits, name them train, val and test/,
    ],
    [
      'splits in each class',
      { 'a/train/1.png': 1, 'a/test/2.png': 2, 'b/train/3.png': 3, 'b/test/4.png': 4, 'b/more/5.png': 5 },
      /the same folders in each of a, b: test, train; .*if they are classes, put their images directly into them/,
    ],
    [
      'a class that is spelt in another Unicode form in another split',
      { ...without(SPLIT, /val\/b/), 'train/caf\u00e9/7.png': 7, 'val/cafe\u0301/8.png': 8 },
      /look the same \(\S+ and \S+ differ only in their Unicode form \(NFC, NFD\): rename one\)/,
    ],
    [
      'a class that is spelt in another case in another split',
      { ...without(SPLIT, /val\/b/), 'val/B/4.png': 4 },
      /received no B \(B and b differ only in upper and lower case: rename one\)/,
    ],
    [
      'two classes that look the same',
      { ...UNSPLIT, 'caf\u00e9/7.png': 7, 'cafe\u0301/8.png': 8 },
      /one name for each class, received two that look the same \(\S+ and \S+ differ only in their Unicode form/,
    ],
    [
      'a class without images',
      { ...without(SPLIT, /val\/b/), 'val/b/x.txt': '' },
      /received none of b in val \(2 different/,
    ],
    [
      'a class too small to split',
      without(UNSPLIT, /b\/6/),
      /received none of b in train \(2 different ones in all/,
    ],
  ])('%s', async (_, files, message) => {
    await expect(read(files)).rejects.toThrow(message);
  });

  test('copies of one image are too few for every split, and the message counts them once', async () => {
    const copies = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`b/copy${i}.png`, 4]));
    await expect(read({ ...without(UNSPLIT, /b\/[56]/), ...copies, 'b/1.png': 1 })).rejects.toThrow(
      /received none of b in \w+ \(2 different ones in all that can be decoded, 1 of them in another class too\)/,
    );
  });

  test('a file instead of a folder', async () => {
    const folder = await folderOf({ 'x.png': 1 });
    await expect(readDataset(join(folder, 'x.png'), { draw: { seed: 1 } })).rejects.toThrow(
      'must be a folder with one folder per class',
    );
  });
});
