/**
 * `--weights`: what a training starts from.
 */
import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

import { fileBase, imagenetBase } from '../weights/base-weights';
import type { ArchitectureId } from '../catalog';
import { demoArchitecture, demoBaseFile } from '../weights/demo-base';
import type { Progress } from '../weights/download';
import { describeImagenetFile } from '../weights/imagenet-weights';
import { type Base, checksummed, DEMO_MODELS_DIR } from '../weights/saved-model';

const SEED = /^seed:(\d{1,9})$/;

/**
 * The base that `--weights` names; ImageNet's is downloaded where the cache lacks it.
 *
 * @param out folder of the saved model, which a demo base is named relative to
 * @throws RangeError saying what may be given
 */
export async function resolveWeights(
  text: string,
  architecture: ArchitectureId,
  out: string,
  note: (sentence: string) => void,
): Promise<Base> {
  const seed = SEED.exec(text)?.[1];
  if (seed !== undefined) return { kind: 'seed', seed: Number(seed) };
  if (text === 'demo') {
    const file = join(DEMO_MODELS_DIR, demoBaseFile(demoArchitecture(architecture)));
    return { kind: 'demo', ...checksummed(out, relative(out, file)) };
  }
  if (text === 'imagenet') {
    return imagenetBase(architecture, {
      onProgress: percentNotes(note),
      onFile: (found) => note(describeImagenetFile(architecture, found)),
    });
  }
  const isThere = existsSync(text);
  if (!isThere || !statSync(text).isFile()) {
    throw new RangeError(
      `--weights must be imagenet, demo, seed:N or an h5 file that is there, received ${text}${isThere ? ', which is no file: name the file itself' : ''}`,
    );
  }
  return fileBase(text);
}

/** A line each tenth of a download. */
function percentNotes(note: (sentence: string) => void) {
  let said = 0;
  return ({ receivedBytes, totalBytes }: Progress) => {
    const tenth = totalBytes === undefined ? 0 : Math.floor((10 * receivedBytes) / totalBytes);
    if (tenth > said) note(`downloading ImageNet weights: ${10 * tenth} %`);
    said = Math.max(said, tenth);
  };
}
