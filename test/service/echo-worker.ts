/** A model process whose engine answers with its input, so that a test sees what the process decoded. */
import { fakeEngine } from '../../models/engines/fake';
import { runWorker } from '../../service/worker';

runWorker(() =>
  Promise.resolve({
    ...fakeEngine(['light', 'dark', 'other']),
    predict: (images: Float32Array) => Promise.resolve(images.slice()),
  }),
);
