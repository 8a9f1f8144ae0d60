/**
 * What `tandem pull` prints. Pure functions.
 */
import { percent } from '../charts/percent';
import { shellWord } from '../files/shell-word';
import { ARCHITECTURES } from '../models/catalog';
import type { ImagenetClassifier } from '../models/weights/imagenet-classifiers';
import type { SavedModel } from '../models/weights/saved-model';
import type { Progress } from '../models/weights/download';
import { imageCommand, indented, tryLines } from './next-commands';

/** A model that was pulled. */
export interface PulledModel {
  readonly classifier: ImagenetClassifier;
  readonly saved: SavedModel;
}

const MEGABYTE = 1e6;

/**
 * The progress of a download in whole megabytes, once each.
 *
 * @param report receives the count; not called where the size is unknown
 */
export function megabyteProgress(
  title: string,
  report: (count: { task: string; done: number; total: number }) => void,
): (progress: Progress) => void {
  let reported = -1;
  return ({ receivedBytes, totalBytes }) => {
    const done = Math.floor(receivedBytes / MEGABYTE);
    if (totalBytes === undefined || done === reported) return;
    reported = done;
    report({ task: `downloading ${title}, MB`, done, total: Math.floor(totalBytes / MEGABYTE) });
  };
}

/** The models and the commands that come next. */
export function pulledLines(pulled: readonly PulledModel[]): string[] {
  const folders = pulled.map(({ saved }) => saved.folder);
  return [
    ...pulled.map(
      ({ classifier: { model, architecture, reportedTop1 }, saved }) =>
        `${model}: ${ARCHITECTURES[architecture].title}, ${saved.classes.length} classes, top-1 accuracy ${percent(reportedTop1)} (reported by Keras), in ${shellWord(saved.folder)}`,
    ),
    ...tryLines(folders),
    indented(imageCommand(folders)),
  ];
}
