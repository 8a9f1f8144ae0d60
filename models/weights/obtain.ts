/**
 * Gets published files: from where they are published, from a mirror, or from a folder.
 */
import { existsSync, renameSync } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

import { temporaryOf } from '../../files/temporaries';
import { makeFolder, removeIfPossible } from '../../files/write';
import { difference, download, type DownloadOptions, fingerprint } from './download';
import type { Fingerprint, PublishedFile } from './download';

/** Where to get a file, and how to download it. */
export interface ObtainOptions extends DownloadOptions {
  /** URL of a mirror, or a folder, that has the files under their own names. @default where they are published */
  readonly from?: string;
}

/** Name of a published file. */
export const publishedName = ({ url }: PublishedFile): string => posix.basename(url);

/** Whether a text is the URL of a server that files can be downloaded from; else it is a folder. */
export const isServer = (from: string): boolean => /^https?:\/\//i.test(from);

/** Copies a published file beside its target, checks the copy and renames it; the target is whole or not there. */
async function copyPublished(published: PublishedFile, source: string, file: string): Promise<Fingerprint> {
  const held = existsSync(file) ? await fingerprint(file) : undefined;
  if (held !== undefined && difference(published, held) === undefined) return held;
  if (!existsSync(source)) throw new Error('it is not there');
  const temporary = temporaryOf(file);
  try {
    makeFolder(dirname(file));
    await copyFile(source, temporary);
    const copied = await fingerprint(temporary);
    const wrong = difference(published, copied);
    if (wrong !== undefined) throw new Error(wrong);
    // Only to read: the copy has the mode of the original, which may forbid writing.
    const synced = await open(temporary, 'r');
    await synced.sync().finally(() => synced.close());
    renameSync(temporary, file);
    return copied;
  } catch (error) {
    removeIfPossible(temporary);
    throw error;
  }
}

/**
 * Makes sure that a published file is at `file`: checks an existing one, or else downloads it or copies it from a folder.
 *
 * @throws Error naming the URL or the source's path, what is wrong with it and the remedy
 */
export async function obtain(
  published: PublishedFile,
  file: string,
  { from, ...options }: ObtainOptions = {},
): Promise<Fingerprint> {
  if (from === undefined) return download(published, file, options);
  const name = publishedName(published);
  if (isServer(from)) {
    return download({ ...published, url: `${from.replace(/\/+$/, '')}/${name}` }, file, options);
  }
  const source = join(from, name);
  try {
    return await copyPublished(published, source, file);
  } catch (error) {
    const remedy = options.remedy === undefined ? '' : `: ${options.remedy}`;
    throw new Error(`${source} cannot be used (${(error as Error).message})${remedy}`, { cause: error });
  }
}

/** Describes a file and says which of its facts were checked against the published ones. */
export function describePublished(
  { bytes, md5 }: PublishedFile,
  found: Fingerprint & { readonly file: string },
): string {
  const size = `${found.bytes} bytes${bytes === undefined ? '' : ' as published'}`;
  const sum = md5 === undefined ? 'no published checksum' : `MD5 ${found.md5} as published`;
  return `${found.file}  ${size}, ${sum}, SHA-256 ${found.sha256}`;
}
