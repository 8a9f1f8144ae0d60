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

/** The newest Node that tfjs-node 4.22 runs on: it calls util.isNullOrUndefined, which Node 23 removed. */
const MAX_NODE_MAJOR = 22;

const isNodeTooNew = (version: string) => Number(version.split('.')[0]) > MAX_NODE_MAJOR;

/**
 * Whether tfjs-node is installed, its native part built, and this Node one that it runs on.
 *
 * @param nodeVersion such as `22.12.0`
 */
export function hasTfjsNode(nodeVersion = process.versions.node): boolean {
  if (isNodeTooNew(nodeVersion)) return false;
  try {
    return existsSync(join(dirname(require.resolve('@tensorflow/tfjs-node/package.json')), 'lib', 'napi-v8'));
  } catch {
    return false;
  }
}

/**
 * Checks that tfjs-node runs on this Node.
 *
 * @param nodeVersion such as `22.12.0`
 * @throws Error with the remedy if this Node is too new
 */
export function checkNodeForTfjs(nodeVersion = process.versions.node): void {
  if (isNodeTooNew(nodeVersion)) {
    throw new Error(
      `training and engine tfjs-node need Node 20 or ${MAX_NODE_MAJOR}, this is Node ${nodeVersion}: repeat the command with Node ${MAX_NODE_MAJOR}`,
    );
  }
}

/**
 * Checks what training and engine tfjs-node need.
 *
 * @param nodeVersion such as `22.12.0`
 * @throws Error with the remedy if this Node is too new, or the native part is missing
 */
export function checkTfjsNode(nodeVersion = process.versions.node): void {
  checkNodeForTfjs(nodeVersion);
  if (!hasTfjsNode(nodeVersion)) {
    throw new Error(
      'training and engine tfjs-node need the native part of @tensorflow/tfjs-node, which is not built: run `npm run build:tfjs-node` once, on Linux on x86-64; all but training also works with engine onnxruntime',
    );
  }
}

let tfjsNodeThreads: number | undefined;

/**
 * Switches tfjs to TensorFlow's native library.
 *
 * @throws Error as {@link checkTfjsNode}; RangeError if this process loaded it with another number of threads
 */
export async function useTfjsNode(threads: number): Promise<void> {
  checkTfjsNode();
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

/** Switches tfjs to WebAssembly, on one thread: the fastest backend for steps as small as a head’s. */
export async function useWasm(): Promise<void> {
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
