/**
 * onnxruntime sessions with this project's settings.
 */
import type { InferenceSession } from 'onnxruntime-node';

import { multipliesBytes } from './cpu';
import { ort } from './runtime';

type Options = InferenceSession.SessionOptions;

/** A session's settings. `npm run bench:session-options` measures what other settings would change. */
export const sessionOptions = (threads: number): Options => ({
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  extra: {
    session: {
      // Threads that wait for work would use up the CPU limit. The arena and its pattern keep their defaults: on.
      intra_op: { allow_spinning: '0' },
      // Slow, and only where it is needed: onnxruntime would use it on a CPU with VNNI too.
      ...(multipliesBytes() ? {} : { x64quantprecision: '1' }),
    },
    // Before 1.32 it folds a zero Pad into MaxPool, whose own padding is -infinity: wrong at ResNetV2's borders.
    optimization: { disable_specified_optimizers: 'Pad_Fusion' },
  },
});

/**
 * Opens a graph, given as a file or as bytes.
 *
 * @param threads threads per inference; derive them from the container's CPU limit, never from the host
 * @param further settings beside this project's
 * @param entries further entries of onnxruntime's table of session settings
 */
export async function openSession(
  graph: string | Uint8Array,
  threads: number,
  further: Options = {},
  entries: Readonly<Record<string, string>> = {},
): Promise<InferenceSession> {
  const { extra, ...own } = sessionOptions(threads);
  const { session, ...others } = extra as { readonly session: object };
  const options = { ...own, ...further, extra: { ...others, session: { ...session, ...entries } } };
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
  const [output] = await runOutputs(session, images, shape);
  return output!.values;
}

/** Runs a batch to all outputs of the graph, in its order: [b, c] or [b, h, w, c] each. */
export async function runOutputs(
  session: InferenceSession,
  images: Float32Array,
  shape: readonly [number, number, number, number],
): Promise<{ readonly shape: readonly number[]; readonly values: Float32Array }[]> {
  const results = await session.run({
    [session.inputNames[0]!]: new ort.Tensor('float32', images, shape),
  });
  return session.outputNames.map((name) => {
    const { dims, data } = results[name]!;
    return { shape: dims, values: (data as Float32Array).slice() };
  });
}
