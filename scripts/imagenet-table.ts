/**
 * The table of Keras' published files that `tandem pull imagenet` takes.
 */
import { table } from '../charts/markdown';
import { percent } from '../charts/percent';
import { ARCHITECTURES } from '../models/catalog';
import type { PublishedFile } from '../models/weights/download';
import { CLASS_INDEX, IMAGENET_CLASSIFIERS } from '../models/weights/imagenet-classifiers';
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
