/** The files that the load generator's pods need: the images, and the trace where the load is one. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { type Image, mediaType } from '../../bench/load/generator';
import { traceFileOf, withTraceFile } from '../../bench/load/load-text';
import { checkFiles } from '../../infra/construct/load-limits';

export interface GeneratorFiles {
  /** By the name that they have in the pods. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** The images in the form of `--image`, with their paths in the pods. */
  readonly images: readonly string[];
  /** The load, with the path of its trace in the pods. */
  readonly load: string;
}

/**
 * Reads them.
 *
 * @param folder where the pods have them
 * @throws RangeError or Error naming the option, the file and the remedy
 */
export function generatorFiles(images: readonly Image[], load: string, folder: string): GeneratorFiles {
  const trace = traceFileOf(load);
  const byName = new Map<string, string>();
  const imageFiles = images.map(({ file }) => file);
  for (const file of [...imageFiles, ...(trace === undefined ? [] : [trace])]) {
    const other = byName.get(basename(file));
    if (other !== undefined) {
      throw new RangeError(
        'files of --image and --load must have different names, since the pods have them in one folder: rename one, ' +
          `received ${other} and ${file}`,
      );
    }
    byName.set(basename(file), file);
  }
  imageFiles.forEach(mediaType);
  const files = Object.fromEntries(Array.from(byName, ([name, file]) => [name, readFileSync(file)]));
  checkFiles(trace === undefined ? '--image' : 'files of --image and --load', files);
  const inPod = (file: string) => `${folder}/${basename(file)}`;
  return {
    files,
    images: images.map(
      ({ file, expectedClass }) => `${inPod(file)}${expectedClass === undefined ? '' : `=${expectedClass}`}`,
    ),
    load: withTraceFile(load, inPod),
  };
}
