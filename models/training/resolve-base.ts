/**
 * Resolves `--weights`, the base that a training starts from.
 */
import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

import { fileBase, imagenetBase } from '../weights/base-weights';
import type { ArchitectureId } from '../catalog';
import { DEMO_ARCHITECTURE_IDS, demoArchitecture, demoBaseFile } from '../weights/demo-base';
import type { Progress } from '../weights/download';
import { IMAGENET_WEIGHTS } from '../weights/imagenet-weights';
import { describePublished } from '../weights/obtain';
import { type Base, checksummed, DEMO_MODELS_DIR } from '../weights/saved-model';

const SEED = /^seed:(\d{1,9})$/;

/**
 * The base that `--weights` names. ImageNet's weights are downloaded if the cache does not hold them.
 *
 * @param text `imagenet`, `demo`, `seed:N` or the path of a Keras file
 * @param out folder of the saved model; the path of a demo base is stored relative to it
 * @param note receives the progress of a download as sentences
 * @throws RangeError naming the accepted values
 */
export async function resolveBase(
  text: string,
  architecture: ArchitectureId,
  out: string,
  note: (sentence: string) => void,
): Promise<Base> {
  const seed = SEED.exec(text)?.[1];
  if (seed !== undefined) return { kind: 'seed', seed: Number(seed) };
  if (text === 'demo') {
    if (!(DEMO_ARCHITECTURE_IDS as readonly ArchitectureId[]).includes(architecture)) {
      throw new RangeError(
        `--weights demo needs --architecture ${DEMO_ARCHITECTURE_IDS.join(' or ')}, received ${architecture}: choose one of them, or --weights imagenet`,
      );
    }
    const file = join(DEMO_MODELS_DIR, demoBaseFile(demoArchitecture(architecture)));
    return { kind: 'demo', ...checksummed(out, relative(out, file)) };
  }
  if (text === 'imagenet') {
    return imagenetBase(architecture, {
      onProgress: percentNotes(note),
      onFile: (found) => note(describePublished(IMAGENET_WEIGHTS[architecture], found)),
    });
  }
  const exists = existsSync(text);
  if (!exists || !statSync(text).isFile()) {
    throw new RangeError(
      `--weights must be imagenet, demo, seed:N or an existing Keras file (.h5 or .keras), received ${text}${exists ? ', which is not a file: name the file itself' : ''}`,
    );
  }
  return fileBase(text);
}

/** Notes a download's progress at every tenth. */
function percentNotes(note: (sentence: string) => void) {
  let notedTenths = 0;
  return ({ receivedBytes, totalBytes }: Progress) => {
    const tenths = totalBytes === undefined ? 0 : Math.floor((10 * receivedBytes) / totalBytes);
    if (tenths > notedTenths) note(`downloading ImageNet weights: ${10 * tenths} %`);
    notedTenths = Math.max(notedTenths, tenths);
  };
}
