/**
 * A fake engine for tests of the code around engines. It runs no model: the first class gets the mean of the
 * input, the others share the rest.
 */
import type { Engine } from '../../models/engines/engine';

const IMAGE_SIZE = 224 * 224 * 3;

/**
 * Makes the engine; an image whose first value is `hangAt` is never answered, one of `crashAt` ends the process, and one of
 * `overflowAt` gets NaN.
 */
export function fakeEngine(
  classes: readonly string[],
  {
    hangAt,
    crashAt,
    overflowAt,
    predictMs = 0,
  }: { hangAt?: number; crashAt?: number; overflowAt?: number; predictMs?: number } = {},
): Engine {
  return {
    kind: 'onnxruntime',
    version: 'fake',
    precision: 'fp32',
    threads: 1,
    classes,
    predict: async (images, batch) => {
      if (crashAt !== undefined && Math.abs(images[0]! - crashAt) < 1e-3)
        process.kill(process.pid, 'SIGKILL');
      if (hangAt !== undefined && Math.abs(images[0]! - hangAt) < 1e-3) await new Promise(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, predictMs));
      if (overflowAt !== undefined && Math.abs(images[0]! - overflowAt) < 1e-3)
        return new Float32Array(batch * classes.length).fill(NaN);
      return Float32Array.from({ length: batch * classes.length }, (_, i) => {
        const start = Math.floor(i / classes.length) * IMAGE_SIZE;
        const mean = images.subarray(start, start + IMAGE_SIZE).reduce((sum, v) => sum + v, 0) / IMAGE_SIZE;
        return i % classes.length === 0 ? mean : (1 - mean) / (classes.length - 1);
      });
    },
    dispose: () => Promise.resolve(),
  };
}
