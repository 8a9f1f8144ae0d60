/**
 * Lists the folders and files of a data set.
 */
import { isUtf8 } from 'node:buffer';
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { SYSTEM_FOLDERS } from './split-folders';

/** A file that is left out: it is not in a class folder, or it is not a readable image. */
export interface SkippedFile {
  /** Path relative to the set's folder. */
  readonly path: string;
  readonly reason: string;
}

/** What is in a folder. */
export interface Listing {
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
  ERR_FS_FILE_TOO_LARGE: 'It has 2 GiB or more',
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

/** A path below a set's folder. */
export const joined = (path: string, name: string) => (path === '' ? name : `${path}/${name}`);

const isIgnored = (name: string) => name.startsWith('.') || SYSTEM_FOLDERS.includes(name);

/** A name with its bytes that are not ASCII as `\xHH`. */
const escaped = (name: Buffer) =>
  name.toString('latin1').replace(/[^ -~]/g, (each) => `\\x${Buffer.from(each, 'latin1').toString('hex')}`);

/**
 * The names in a folder, sorted. A name that is not UTF-8 would become another one, under which nothing is found.
 *
 * @throws Error naming the folder and a name that is not UTF-8
 */
function namesIn(folder: string): string[] {
  const names = readdirSync(folder, { encoding: 'buffer' });
  const foreign = names.filter((name) => !isUtf8(name)).map((name) => escaped(name));
  if (foreign.length > 0) {
    throw new Error(
      `the names in ${folder} must be UTF-8, received ${foreign.length} that ${foreign.length === 1 ? 'is' : 'are'} not, such as ${foreign.toSorted()[0]!}: ` +
        'rename them, or unpack the archive again with the encoding that it was made with',
    );
  }
  return names.map((name) => name.toString()).toSorted();
}

/**
 * Entries of `folder`/`path`, sorted. Follows links and ignores what systems add.
 *
 * @throws Error if a name is not UTF-8
 */
export function list(folder: string, path: string): Listing {
  const folders: string[] = [];
  const files: string[] = [];
  const others: SkippedFile[] = [];
  const names = unlessUnreadable(() => namesIn(join(folder, path)));
  if (typeof names === 'string') return { folders, files, others: [{ path, reason: names }] };
  for (const name of names.filter((each) => !isIgnored(each))) {
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
export function filesBelow(
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
