/**
 * onnxruntime on our own export: the default engine, since it measured fastest with the same numbers out.
 */
import { INPUT_SHAPE } from '../catalog';
import { cachedGraph } from '../onnx/cache';
import { ort } from '../onnx/runtime';
import { openSession, runSession } from '../onnx/session';
import { readSavedModel } from '../weights/saved-model';
import type { Engine, EngineOptions } from './engine';

/** Loads a saved model, exporting it first where the cache lacks it. */
export async function loadOnnxruntime({ modelDir, threads, onnxCacheDir }: EngineOptions): Promise<Engine> {
  const { classes } = readSavedModel(modelDir);
  const session = await openSession(await cachedGraph(modelDir, onnxCacheDir), threads);
  return {
    kind: 'onnxruntime',
    version: ort.env.versions.node ?? ort.env.versions.common,
    precision: 'fp32',
    threads,
    classes,
    predict: (images, batch) => runSession(session, images, [batch, ...INPUT_SHAPE]),
    dispose: () => session.release(),
  };
}
