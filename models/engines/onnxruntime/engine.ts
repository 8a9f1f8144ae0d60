/**
 * onnxruntime on our own export: the default engine, since it measured fastest with the same numbers out.
 */
import { INPUT_SHAPE } from '../../catalog';
import { cachedGraph } from './graph-cache';
import { ort } from './runtime';
import { openSession, runSession } from './session';
import { readSavedModel } from '../../weights/saved-model';
import type { Engine, EngineOptions } from '../engine';

/** Loads a saved model, exporting it first where the cache lacks it. */
export async function loadOnnxruntime({ modelDir, threads, onnxCacheDir }: EngineOptions): Promise<Engine> {
  const { classes } = readSavedModel(modelDir);
  const { file, sha256, source } = await cachedGraph(modelDir, onnxCacheDir);
  const session = await openSession(source, threads);
  return {
    kind: 'onnxruntime',
    version: ort.env.versions.node ?? ort.env.versions.common,
    precision: 'fp32',
    threads,
    classes,
    graph: { file, sha256 },
    predict: (images, batch) => runSession(session, images, [batch, ...INPUT_SHAPE]),
    dispose: () => session.release(),
  };
}
