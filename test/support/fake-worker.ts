/** A model process with the fake engine: the process is real, its answers are not. */
import { fakeEngine } from './fake-engine';
// The first images of tests are PNGs with short deadlines: libvips must be there before them.
import '../../models/data/libvips';
import { runWorker } from '../../service/inference/worker';

/** Values of an image's first pixel that make the fake engine misbehave. */
const HANG_AT = 0.25;
const CRASH_AT = 0.75;
const OVERFLOW_AT = 0.35;

runWorker(async ({ modelDir, precision }) => {
  if (modelDir.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 1500));
  if (modelDir.includes('broken')) throw new Error('the weights are damaged');
  const engine = fakeEngine(['light', 'dark', 'other'], {
    hangAt: HANG_AT,
    crashAt: CRASH_AT,
    overflowAt: OVERFLOW_AT,
    predictMs: 30,
  });
  return { ...engine, precision: precision ?? engine.precision };
});
