import { decodePixels } from '../../models/data/decode';
import { runInputWorker as run } from '../../models/data/input-worker';

/** Content of an image file at which the thread ends, as if native code had crashed. */
export const DEADLY = 'deadly';

export const runInputWorker = () =>
  run((image, maxPixels) => {
    if (image.toString() === DEADLY) process.exit(7);
    return decodePixels(image, maxPixels);
  });
