/**
 * onnxruntime sessions, set up the one way this project uses them.
 */
import type { InferenceSession } from 'onnxruntime-node';

import { ort } from './runtime';

/**
 * Opens a graph, given as a file or as bytes.
 *
 * @param threads how many threads one inference may use; the container's CPU limit decides, never the host
 */
export async function openSession(graph: string | Uint8Array, threads: number): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    extra: {
      session: { intra_op: { allow_spinning: '0' } },
      // Before 1.32 it folds a zero Pad into MaxPool, whose own padding is -infinity: wrong at ResNetV2's borders.
      optimization: { disable_specified_optimizers: 'Pad_Fusion' },
    },
  };
  return typeof graph === 'string'
    ? ort.InferenceSession.create(graph, options)
    : ort.InferenceSession.create(graph, options);
}

/** Runs a batch: images float32 [b, h, w, 3] to the graph's one output, [b, classes] or [b, c]. */
export async function runSession(
  session: InferenceSession,
  images: Float32Array,
  shape: readonly [number, number, number, number],
): Promise<Float32Array> {
  const [input, output] = [session.inputNames[0]!, session.outputNames[0]!];
  const results = await session.run({ [input]: new ort.Tensor('float32', images, shape) });
  const data = results[output]!.data as Float32Array;
  return Float32Array.from(data);
}
