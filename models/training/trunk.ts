/**
 * Runs the frozen part of a classifier as an inference graph on onnxruntime, the fastest of the engines.
 */
import type * as tf from '@tensorflow/tfjs';

import { exportOnnx } from '../onnx/export';
import { openSession, runOutputs } from '../engines/onnxruntime/session';

/** One output of a trunk for a batch, float32 [b, c] or [b, h, w, c]. */
export interface Activation {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** An open trunk. */
export interface Trunk {
  /** Runs a batch of images, float32 [b, h, w, 3] of the classifier's input size; one activation per output. */
  readonly run: (images: Float32Array, batch: number) => Promise<readonly Activation[]>;
  /** Frees the onnxruntime session. */
  readonly close: () => Promise<void>;
}

/** Opens a trunk with its current weights; later changes of the variables do not reach it. The caller closes it. */
export async function openTrunk(trunk: tf.LayersModel, threads: number): Promise<Trunk> {
  const names = trunk.outputs.map((_, i) => `cut_${i}`);
  const [, height, width, channels] = trunk.inputs[0]!.shape as [null, number, number, number];
  const session = await openSession(exportOnnx(trunk, ...names), threads);
  return {
    run: (images, batch) => runOutputs(session, images, [batch, height, width, channels]),
    close: () => session.release(),
  };
}
