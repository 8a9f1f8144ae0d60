/**
 * What `tandem pull imagenet` does: from Keras' published files to saved models with a card each.
 */
import { join } from 'node:path';

import { makeOut, writeFileAtomic } from '../files/write';
import { ARCHITECTURES } from '../models/catalog';
import { imagenetCard } from '../models/report/imagenet-card';
import { REPORT_FILES } from '../models/report-files';
import type { PublishedFile } from '../models/weights/download';
import {
  CLASS_INDEX,
  IMAGENET_CLASSIFIERS,
  type ImagenetClassifier,
  imagenetModelsDir,
  readClassIndex,
} from '../models/weights/imagenet-classifiers';
import { weightsCacheDir } from '../models/weights/imagenet-weights';
import { describePublished, isServer, obtain, publishedName } from '../models/weights/obtain';
import { pullClassifier } from '../models/weights/pull-imagenet';
import { isFolder } from './options';
import { progressReporter, type ProgressStream } from './progress';
import { megabyteProgress, pulledLines } from './pull-text';

const REMEDY =
  'repeat the command, which goes on where it stopped; without a network, put the files that docs/training.md lists into a folder and name it with --from';

/** The command's options as commander reads them. */
export interface PullOptions {
  readonly from?: string;
  readonly out?: string;
}

/** What is published, and where progress goes; tests replace both. */
export interface PullSources {
  readonly classifiers: readonly ImagenetClassifier[];
  readonly classIndex: PublishedFile;
  readonly stream: ProgressStream & { readonly isTTY?: boolean };
}

const KERAS: PullSources = {
  classifiers: IMAGENET_CLASSIFIERS,
  classIndex: CLASS_INDEX,
  stream: process.stderr,
};

/**
 * Pulls every classifier, the class names first.
 *
 * @returns the lines to print: the models, and the commands that come next
 * @throws RangeError naming --from; Error naming the file, the fault and the remedy
 */
export async function pullImagenet(
  { from, out = imagenetModelsDir() }: PullOptions,
  { classifiers, classIndex, stream }: PullSources = KERAS,
): Promise<string[]> {
  if (from !== undefined && !isServer(from) && !isFolder(from)) {
    throw new RangeError(
      `--from must be an existing folder, or a URL that begins with http:// or https://, received ${from}: name the folder or the mirror that has Keras’ files under their own names`,
    );
  }
  makeOut(out);
  const source = { remedy: REMEDY, ...(from === undefined ? {} : { from }) };
  const index = join(weightsCacheDir(), publishedName(classIndex));
  await obtain(classIndex, index, source);
  const classes = readClassIndex(index);
  const progress = progressReporter({ isTerminal: stream.isTTY ?? false, json: false, stream });
  const pulled = [];
  for (const classifier of classifiers) {
    const { architecture, model, weights } = classifier;
    const saved = await pullClassifier(classifier, {
      ...source,
      classes,
      folder: join(out, model),
      onProgress: megabyteProgress(ARCHITECTURES[architecture].title, progress.onCount),
      onFile: (found) => progress.note(describePublished(weights, found)),
    });
    writeFileAtomic(join(saved.folder, REPORT_FILES.card), imagenetCard(classifier, saved));
    pulled.push({ classifier, saved });
  }
  return pulledLines(pulled);
}
