/**
 * The tables of Keras' published files: those that `tandem pull imagenet` takes, and those that a training starts from.
 */
import { table } from '../charts/markdown';
import { percent } from '../charts/percent';
import { ARCHITECTURE_IDS, ARCHITECTURES } from '../models/catalog';
import type { PublishedFile } from '../models/weights/download';
import { CLASS_INDEX, IMAGENET_CLASSIFIERS } from '../models/weights/imagenet-classifiers';
import { IMAGENET_WEIGHTS } from '../models/weights/imagenet-weights';
import { publishedName } from '../models/weights/obtain';

/** A file, and what of it is known to check it by. */
function fileCells(file: PublishedFile): string[] {
  const { url, bytes, md5 } = file;
  const size = bytes === undefined ? [] : [`${bytes.toLocaleString('en')} bytes`];
  return [`[${publishedName(file)}](${url})`, [...size, ...(md5 === undefined ? [] : ['MD5'])].join(', ')];
}

/** The classifiers and the names of their classes. */
export const imagenetTable = (): string =>
  table(
    ['model', 'architecture', 'top-1 accuracy, *reported* by Keras', 'file', 'checked by'],
    [
      ...IMAGENET_CLASSIFIERS.map(({ model, architecture, weights, reportedTop1 }) => [
        ...[model, ARCHITECTURES[architecture].title, percent(reportedTop1)],
        ...fileCells(weights),
      ]),
      ['both', 'the names of the classes', '', ...fileCells(CLASS_INDEX)],
    ],
  );

/** The weights without top. */
export const notopTable = (): string =>
  table(
    ['architecture', 'file', 'checked by'],
    ARCHITECTURE_IDS.map((id) => [ARCHITECTURES[id].title, ...fileCells(IMAGENET_WEIGHTS[id])]),
  );
