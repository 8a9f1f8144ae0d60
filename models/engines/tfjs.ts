/**
 * TensorFlow.js: natively through tfjs-node, or through WebAssembly on request.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { INPUT_SHAPE } from '../catalog';
import { loadClassifier } from '../weights/load-classifier';
import { readSavedModel } from '../weights/saved-model';
import { checkPrecision, DEFAULT_PRECISION, type Engine, type EngineOptions } from './engine';

/** Whether tfjs-node is installed and its native part built. */
export function hasTfjsNode(): boolean {
  try {
    return existsSync(join(dirname(require.resolve('@tensorflow/tfjs-node/package.json')), 'lib', 'napi-v8'));
  } catch {
    return false;
  }
}

let tfjsNodeThreads: number | undefined;

/**
 * Switches tfjs to TensorFlow's native library.
 *
 * @throws Error with the remedy if the native part is missing; RangeError if this process loaded it with another number
 *   of threads
 */
export async function useTfjsNode(threads: number): Promise<void> {
  if (!hasTfjsNode()) {
    throw new Error(
      'engine tfjs-node needs the native part of @tensorflow/tfjs-node, which is not built: run `npm run build:tfjs-node`, or choose engine onnxruntime',
    );
  }
  if (tfjsNodeThreads !== undefined && tfjsNodeThreads !== threads) {
    throw new RangeError(
      `engine tfjs-node keeps the threads of its first load, ${tfjsNodeThreads}, for the life of the process: load it in another one, received ${threads}`,
    );
  }
  tfjsNodeThreads = threads;
  // TensorFlow reads these once, when its library loads. Without them it uses every core of the host.
  process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
  process.env['TF_NUM_INTEROP_THREADS'] = '1';
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- optional, and loaded for its effect
  require('@tensorflow/tfjs-node');
  await tf.setBackend('tensorflow');
}

async function useWasm(): Promise<void> {
  /* eslint-disable @typescript-eslint/no-require-imports -- only this engine needs it */
  const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm');
  /* eslint-enable @typescript-eslint/no-require-imports */
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
}

/** Loads a saved model. In Node, WebAssembly always runs on one thread. */
export async function loadTfjs({
  kind,
  modelDir,
  threads,
  precision = DEFAULT_PRECISION,
}: EngineOptions): Promise<Engine> {
  checkPrecision(kind, precision);
  if (kind === 'wasm') await useWasm();
  else await useTfjsNode(threads);
  await tf.ready();
  const { classes } = readSavedModel(modelDir);
  const classifier = await loadClassifier(modelDir);
  return {
    kind,
    version: tf.version.tfjs,
    precision,
    threads: kind === 'wasm' ? 1 : threads,
    classes,
    predict: async (images, batch) => {
      const output = tf.tidy(
        () => classifier.apply(tf.tensor4d(images, [batch, ...INPUT_SHAPE])) as tf.Tensor,
      );
      try {
        return Float32Array.from(await output.data());
      } finally {
        output.dispose();
      }
    },
    tensors: () => tf.memory().numTensors,
    dispose: () => {
      classifier.dispose();
      return Promise.resolve();
    },
  };
}
