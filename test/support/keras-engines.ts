/**
 * Runs the two images of keras-architectures.ts on the engines.
 */
import { dirname } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

import { INPUT_SHAPE } from '../../models/catalog';
import { exportOnnx } from '../../models/onnx/export';
import { openSession, runOutputs } from '../../models/engines/onnxruntime/session';
import { OUTPUTS, images } from './keras-architectures';

/** Makes tfjs compute through WebAssembly, as the engine of that name does. */
export async function useWasm(): Promise<void> {
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
}

/** Runs the images through our export in onnxruntime. */
export async function runOnnxruntime(model: tf.LayersModel): Promise<Float32Array[]> {
  const session = await openSession(exportOnnx(model, ...OUTPUTS), 2);
  const outputs = await runOutputs(session, images(), [2, ...INPUT_SHAPE]);
  await session.release();
  return outputs.map(({ values }) => values);
}

/** Runs the images on tfjs' backend. */
export function runTfjs(model: tf.LayersModel): Float32Array[] {
  return tf.tidy(() => {
    const outputs = model.apply(tf.tensor4d(images(), [2, ...INPUT_SHAPE])) as tf.Tensor[];
    return outputs.map((output) => Float32Array.from(output.dataSync()));
  });
}
