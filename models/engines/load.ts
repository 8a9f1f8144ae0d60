/**
 * Loads a model into an engine without loading the other engines' libraries.
 */
import type { Engine, EngineKind, EngineOptions, LoadEngine } from './engine';

/* eslint-disable @typescript-eslint/no-require-imports -- a static import would load every engine's library */
const LOADERS: Readonly<Record<EngineKind, () => LoadEngine>> = {
  onnxruntime: () =>
    (require('./onnxruntime/engine') as typeof import('./onnxruntime/engine.js')).loadOnnxruntime,
  openvino: () => (require('./openvino/engine') as typeof import('./openvino/engine.js')).loadOpenvino,
  'tfjs-node': () => (require('./tfjs') as typeof import('./tfjs.js')).loadTfjs,
  wasm: () => (require('./tfjs') as typeof import('./tfjs.js')).loadTfjs,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Loads a saved model into the engine that `options.kind` names. */
export async function loadEngine(options: EngineOptions): Promise<Engine> {
  return LOADERS[options.kind]()(options);
}
