/**
 * Finds the files of a data set: one folder per class, or one folder per split with one folder per class in each.
 */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const SPLIT_NAMES = ['train', 'val', 'test'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

/** Names of split folders. */
const SPLIT_FOLDERS: ReadonlyMap<string, SplitName> = new Map([
  ['train', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
]);

/** A regular file in a class folder, whether an image or not. Paths are relative to the set's folder, with slashes. */
export interface DatasetFile {
  readonly path: string;
  readonly label: number;
  /** Split folder that the file is in, if the set has split folders. */
  readonly split: SplitName | undefined;
}

/** A file that is left out: it is not in a class folder, or it is not a readable image. */
export interface SkippedFile {
  /** Path relative to the set's folder. */
  readonly path: string;
  readonly reason: string;
}

export interface DatasetFiles {
  /** Names of the classes, sorted by code unit. */
  readonly classes: readonly string[];
  /** Sorted by path. */
  readonly files: readonly DatasetFile[];
  readonly skipped: readonly SkippedFile[];
}

interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Everything else. */
  readonly others: readonly SkippedFile[];
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'It may not be read',
  EIO: 'The disk cannot read it',
  ELOOP: 'It is a link that leads back to itself',
  ENOENT: 'It is a link to nothing, or was removed',
  ENOTDIR: 'It is a link to nothing, or was removed',
  EPERM: 'It may not be read',
};

/** Why a file cannot be read; undefined if the error is not the file's fault. */
export const unreadableReason = (error: unknown): string | undefined =>
  SYSTEM_REASONS[(error as NodeJS.ErrnoException).code ?? ''];

/** What `look` finds, or the reason why it cannot look. */
function unlessUnreadable<T>(look: () => T): T | string {
  try {
    return look();
  } catch (error) {
    const reason = unreadableReason(error);
    if (reason === undefined) throw error;
    return reason;
  }
}

const joined = (path: string, name: string) => (path === '' ? name : `${path}/${name}`);

/** Entries of `folder`/`path`, sorted. Follows links and ignores names that begin with a dot. */
function list(folder: string, path: string): Listing {
  const folders: string[] = [];
  const files: string[] = [];
  const others: SkippedFile[] = [];
  const names = unlessUnreadable(() => readdirSync(join(folder, path)));
  if (typeof names === 'string') return { folders, files, others: [{ path, reason: names }] };
  for (const name of names.filter((each) => !each.startsWith('.')).toSorted()) {
    const own = joined(path, name);
    const found = unlessUnreadable(() => statSync(join(folder, own)));
    if (typeof found === 'string') others.push({ path: own, reason: found });
    else if (found.isDirectory()) folders.push(name);
    else if (found.isFile()) files.push(name);
    // A reader of a named pipe would wait forever.
    else others.push({ path: own, reason: 'It is no regular file' });
  }
  return { folders, files, others };
}

/**
 * All files below `folder`/`path`.
 *
 * @param above real paths of the parent folders, the set's own first
 */
function filesBelow(
  folder: string,
  path: string,
  above: readonly string[],
): { readonly files: readonly string[]; readonly others: readonly SkippedFile[] } {
  const real = realpathSync(join(folder, path));
  if (above.includes(real)) {
    return { files: [], others: [{ path, reason: 'It is a link to a folder that it lies in' }] };
  }
  const { folders, files, others } = list(folder, path);
  const below = folders.map((name) => filesBelow(folder, joined(path, name), [...above, real]));
  return {
    files: [...files.map((name) => joined(path, name)), ...below.flatMap((each) => each.files)],
    others: [...others, ...below.flatMap((each) => each.others)],
  };
}

/** The folder of each split; undefined if the set has no split folders. */
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
        'add the missing folder, or put the class folders directly into it to split them by seed',
    );
  }
  return found;
}

/** The classes; every split must have all of them. */
function commonClasses(folder: string, classesOf: ReadonlyMap<string, readonly string[]>): string[] {
  const all = [...new Set([...classesOf.values()].flat())].toSorted();
  for (const [name, classes] of classesOf) {
    const missing = all.filter((label) => !classes.includes(label));
    if (missing.length > 0) {
      throw new Error(
        `${join(folder, name)} must have every class of the other splits, received no ${missing.join(', ')}; ` +
          'add images of it, or remove the class from all',
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
 * @throws Error naming the folder that is missing or superfluous
 */
export function findDatasetFiles(folder: string): DatasetFiles {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(
      `the data must be a folder with one folder per class, received ${folder}, which is not a folder`,
    );
  }
  const top = list(folder, '');
  const denied = top.others.find(({ path }) => path === '');
  if (denied !== undefined) {
    throw new Error(`the data must be a readable folder, received ${folder}: change its permissions`);
  }
  const bySplit = splitFolders(folder, top);
  // A set without split folders is one part without a name.
  const parts = bySplit === undefined ? [[undefined, ''] as const] : [...bySplit];
  const listings = new Map(parts.map(([, part]) => [part, part === '' ? top : list(folder, part)]));
  const classes = commonClasses(folder, new Map([...listings].map(([part, { folders }]) => [part, folders])));
  const inClasses = parts.flatMap(([split, part]) =>
    classes.map((name, label) => {
      const above = [folder, join(folder, part)].map((path) => realpathSync(path));
      return { split, label, ...filesBelow(folder, joined(part, name), above) };
    }),
  );
  const loose = [...new Map([['', top], ...listings])].flatMap(([part, { files, others }]) => [
    ...files.map((name) => ({ path: joined(part, name), reason: 'It is in no class folder' })),
    ...others,
  ]);
  return {
    classes,
    files: inClasses
      .flatMap(({ files, label, split }) => files.map((path) => ({ path, label, split })))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    skipped: [...loose, ...inClasses.flatMap(({ others }) => others)],
  };
}
