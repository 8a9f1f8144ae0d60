/**
 * The image files that a command is asked for: files, folders and patterns.
 */
import { existsSync } from 'node:fs';
import { extname, isAbsolute, join } from 'node:path';

import { globSync, isDynamicPattern } from 'tinyglobby';

import { FILE_EXTENSIONS } from '../models/data/image-formats';
import { isFolder } from './options';

/** What folders and patterns stand for. */
export interface ImageFiles {
  /** In the order of the paths; those of one folder or pattern sorted. */
  readonly files: readonly string[];
  /** Files in folders and patterns that lack the extension of an image that is decoded. */
  readonly leftOut: readonly string[];
}

const isImage = (file: string) => FILE_EXTENSIONS.includes(extname(file).toLowerCase());

/** Files of a folder and of the folders in it, or of a pattern; undefined if the path is one file. */
function filesOf(path: string): string[] | undefined {
  if (isFolder(path)) return globSync('**', { cwd: path }).map((name) => join(path, name));
  // A file's name may look like a pattern.
  return existsSync(path) || !isDynamicPattern(path)
    ? undefined
    : globSync(path, { absolute: isAbsolute(path), expandDirectories: false });
}

/**
 * Lists the files of folders and patterns; a path of one file is kept, whatever it is. Ignores names that begin with a dot.
 *
 * @param paths such as `a.jpg`, `photos` or `photos/*.png`
 * @throws RangeError naming a folder or pattern without an image
 */
export function imageFiles(paths: readonly string[]): ImageFiles {
  const leftOut: string[] = [];
  const files = paths.flatMap((path) => {
    const found = filesOf(path)?.toSorted();
    if (found === undefined) return [path];
    const images = found.filter(isImage);
    if (images.length === 0) {
      throw new RangeError(
        `${path} must hold files that end in ${FILE_EXTENSIONS.join(', ')}, received ${found.length === 0 ? 'none' : `${found.length} others, such as ${found[0]}`}`,
      );
    }
    leftOut.push(...found.filter((file) => !isImage(file)));
    return images;
  });
  return { files, leftOut };
}
