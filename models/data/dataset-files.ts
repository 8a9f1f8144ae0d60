/**
 * Where the pictures of a set lie: a folder a class, or a folder a split with a folder a class in each.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const SPLIT_NAMES = ['train', 'val', 'test'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

/** Names that a split's folder may have. */
const SPLIT_FOLDERS: ReadonlyMap<string, SplitName> = new Map([
  ['train', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
]);

/** A file in a class' folder, a picture or not; paths are relative to the set's folder, with slashes. */
export interface DatasetFile {
  readonly path: string;
  readonly label: number;
  /** Where the set is split already. */
  readonly split: SplitName | undefined;
}

export interface DatasetFiles {
  /** Names of the classes, sorted by code unit. */
  readonly classes: readonly string[];
  /** Sorted by path. */
  readonly files: readonly DatasetFile[];
  /** Files in no class' folder. */
  readonly loose: readonly string[];
}

interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** What a folder has, sorted; links are followed, names that begin with a dot are not looked at. */
function list(folder: string): Listing {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  const folders = new Set(names.filter((name) => statSync(join(folder, name)).isDirectory()));
  return { folders: [...folders].toSorted(), files: names.filter((name) => !folders.has(name)).toSorted() };
}

/** Paths of all files below `folder`/`path`. */
function filesBelow(folder: string, path: string): string[] {
  const { folders, files } = list(join(folder, path));
  return [
    ...files.map((name) => `${path}/${name}`),
    ...folders.flatMap((name) => filesBelow(folder, `${path}/${name}`)),
  ];
}

/** The folder of each split, or undefined where the set is not split. */
function splitFolders(folder: string, { folders }: Listing): ReadonlyMap<SplitName, string> | undefined {
  if (!folders.some((name) => SPLIT_FOLDERS.has(name))) return undefined;
  const found = new Map<SplitName, string>();
  for (const name of folders) {
    const split = SPLIT_FOLDERS.get(name);
    if (split === undefined) {
      throw new Error(
        `${folder} must have either splits or classes, received both: ${name} is no split; move it`,
      );
    }
    const other = found.get(split);
    if (other !== undefined) {
      throw new Error(`${folder} must have one folder a split, received ${other} and ${name}; join them`);
    }
    found.set(split, name);
  }
  const missing = SPLIT_NAMES.filter((split) => !found.has(split));
  if (missing.length > 0) {
    throw new Error(
      `${folder} must have train, val and test, received no ${missing.join(' and no ')}; ` +
        'add what is missing, or put the class folders into it directly to have them split',
    );
  }
  return found;
}

/** The classes, which every split must have. */
function commonClasses(folder: string, classesOf: ReadonlyMap<string, readonly string[]>): string[] {
  const all = [...new Set([...classesOf.values()].flat())].toSorted();
  for (const [name, classes] of classesOf) {
    const missing = all.filter((label) => !classes.includes(label));
    if (missing.length > 0) {
      throw new Error(
        `${join(folder, name)} must have every class of the other splits, received no ${missing.join(', ')}; ` +
          'add pictures of it, or remove the class from all',
      );
    }
  }
  if (all.length < 2) {
    throw new Error(
      `${folder} must have a folder for each of at least two classes, received ${all.join() || 'none'}`,
    );
  }
  return all;
}

/**
 * Finds a set's files.
 *
 * @throws Error saying which folder is missing, or is one too many
 */
export function findDatasetFiles(folder: string): DatasetFiles {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`the data must be a folder with a folder a class, received ${folder}, which is none`);
  }
  const top = list(folder);
  const bySplit = splitFolders(folder, top);
  // The set itself is as one part without a name.
  const parts = bySplit === undefined ? [[undefined, ''] as const] : [...bySplit];
  const listings = new Map(parts.map(([, part]) => [part, part === '' ? top : list(join(folder, part))]));
  const classes = commonClasses(folder, new Map([...listings].map(([part, { folders }]) => [part, folders])));
  const inPart = (part: string, name: string) => (part === '' ? name : `${part}/${name}`);
  const files = parts.flatMap(([split, part]) =>
    classes.flatMap((name, label) =>
      filesBelow(folder, inPart(part, name)).map((path) => ({ path, label, split })),
    ),
  );
  const loose = new Set([...listings].flatMap(([part, own]) => own.files.map((name) => inPart(part, name))));
  for (const name of top.files) loose.add(name);
  return { classes, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), loose: [...loose] };
}
