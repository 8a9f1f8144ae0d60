/** A model process whose engine answers with its input, so that a test sees what the process decoded. */
import { fakeEngine } from './fake-engine';
import { runWorker } from '../../service/inference/worker';

runWorker(() =>
  Promise.resolve({
    ...fakeEngine(['light', 'dark', 'other']),
    predict: (images: Float32Array) => Promise.resolve(images.slice()),
  }),
);
