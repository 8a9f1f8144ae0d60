/**
 * The shapes that people's data sets have, and what happens with each. Pure data: dataset-shapes.test.ts reads every shape,
 * and docs/training.md shows this table.
 */

/** What a command does with a shape: what it uses, or a part of the error that refuses it. */
export type Outcome<Used extends string> = Used | { readonly refused: string };

export interface Shape {
  /** What the folder holds, as Markdown. */
  readonly holds: string;
  /** Number of the image in each file; null for a file that is no image. */
  readonly files: Readonly<Record<string, number | null>>;
  /** Where the splits come from. */
  readonly train: Outcome<'folders' | 'seed' | 'drawn' | 'untested'>;
  /** What is measured of a model that was trained on other images. */
  readonly evaluate: Outcome<'test' | 'val' | 'all'>;
}

/** Different images in each folder, counted from `first` on. */
const images = (folders: readonly string[], perFolder = 3, first = 1): Record<string, number> =>
  Object.fromEntries(
    folders.flatMap((folder, i) =>
      Array.from({ length: perFolder }, (_, k) => [`${folder}/${k}.png`, first + i * perFolder + k] as const),
    ),
  );

const inEach = (splits: readonly string[], classes = ['cat', 'dog']) =>
  splits.flatMap((split) => classes.map((name) => `${split}/${name}`));

export const SHAPES: readonly Shape[] = [
  {
    holds: 'a folder per class: `cat`, `dog`',
    files: images(['cat', 'dog']),
    train: 'seed',
    evaluate: 'all',
  },
  {
    holds: '`train`, `val` and `test`, each with a folder per class',
    files: images(inEach(['train', 'val', 'test']), 1),
    train: 'folders',
    evaluate: 'test',
  },
  {
    holds: 'the same under other names: `Training`, `validation_set`, `TEST`',
    files: images(inEach(['Training', 'validation_set', 'TEST']), 1),
    train: 'folders',
    evaluate: 'test',
  },
  {
    holds: '`train` and `test` only',
    files: images(inEach(['train', 'test']), 4),
    train: 'drawn',
    evaluate: 'test',
  },
  {
    holds: '`train` and `val` only',
    files: images(inEach(['train', 'val']), 1),
    train: 'untested',
    evaluate: 'val',
  },
  {
    holds: '`train`, `val`, and a `test` without class folders',
    files: { ...images(inEach(['train', 'val']), 1), 'test/7.png': 7 },
    train: 'untested',
    evaluate: 'val',
  },
  {
    holds: '`train` only, or beside a `test` without class folders',
    files: { ...images(inEach(['train'])), 'test/7.png': 7 },
    train: { refused: 'add one of them, or split train by seed' },
    evaluate: 'all',
  },
  {
    holds: '`test` only',
    files: images(inEach(['test']), 1),
    train: { refused: 'received no train and no val; add the missing folder' },
    evaluate: 'test',
  },
  {
    holds: 'splits under names that no one knows: `part1`, `part2`',
    files: images(inEach(['part1', 'part2']), 1),
    train: { refused: 'if part1, part2 are splits, name them train, val and test' },
    evaluate: { refused: 'if part1, part2 are splits, name them train, val and test' },
  },
  {
    holds: 'classes that hold splits: `cat/train`, `cat/test`, `dog/train`, `dog/test`',
    files: images(inEach(['cat', 'dog'], ['test', 'train'])),
    train: { refused: 'if they are classes, put their images directly into them' },
    evaluate: { refused: 'if they are classes, put their images directly into them' },
  },
  {
    holds: 'one folder with the classes in it, as an archive leaves it: `pets/cat`, `pets/dog`',
    files: images(['pets/cat', 'pets/dog']),
    train: { refused: 'if the classes are in pets, name that folder' },
    evaluate: { refused: 'if the classes are in pets, name that folder' },
  },
  {
    holds: 'folders below a class: `cat/2025`, `cat/2026`, `dog/2026`',
    files: images(['cat/2025', 'cat/2026', 'dog/2026']),
    train: 'seed',
    evaluate: 'all',
  },
  {
    holds: 'what systems add: `__MACOSX`, `.DS_Store`',
    files: { ...images(['cat', 'dog']), '__MACOSX/cat/._0.png': null, 'cat/.DS_Store': null },
    train: 'seed',
    evaluate: 'all',
  },
  {
    holds: 'files that are no images, or in no class (named and skipped)',
    files: { ...images(['cat', 'dog']), 'list.csv': null, 'cat/notes.txt': null },
    train: 'seed',
    evaluate: 'all',
  },
  {
    holds: 'copies of an image in one class (kept in one split, counted once)',
    files: { ...images(['cat', 'dog']), 'cat/copy.png': 1, 'cat/copy of copy.png': 1 },
    train: 'seed',
    evaluate: 'all',
  },
  {
    holds: 'a copy of an image in another split',
    files: { ...images(inEach(['train', 'val', 'test']), 1), 'test/cat/copy.png': 1 },
    train: { refused: 'keep one image of each group, or go on with --allow-leakage' },
    evaluate: { refused: 'keep one image of each group, or go on with --allow-leakage' },
  },
  {
    holds: 'a class that a split lacks: no `val/dog`',
    files: { ...images(inEach(['train', 'test']), 1), 'val/cat/7.png': 7 },
    train: { refused: 'add images of it, or remove the class from all' },
    evaluate: 'test',
  },
  {
    holds: 'a class with fewer than three different images',
    files: { ...images(['cat']), ...images(['dog'], 2, 10) },
    train: { refused: 'add images of it, or remove the class' },
    evaluate: 'all',
  },
  {
    holds: 'only some of the model’s classes',
    files: images(['cat']),
    train: { refused: 'must have a folder for each of at least two classes' },
    evaluate: 'all',
  },
  {
    holds: 'one class under two names that look the same: `café` in NFC and in NFD',
    files: images(['cafe\u0301', 'caf\u00e9', 'dog']),
    train: { refused: 'differ only in their Unicode form (NFC, NFD): rename one' },
    evaluate: { refused: 'differ only in their Unicode form (NFC, NFD): rename one' },
  },
];

const USED = {
  folders: 'uses these splits',
  seed: 'splits by seed',
  drawn: 'draws `val` from `train` by seed',
  untested: 'uses these splits; measures `val`',
  test: 'measures `test`',
  val: 'measures `val`',
  all: 'measures all images',
} as const;

/** What happens, in words. */
export const outcomeText = (outcome: Outcome<keyof typeof USED>): string =>
  typeof outcome === 'string' ? USED[outcome] : `refuses: ${outcome.refused}`;
