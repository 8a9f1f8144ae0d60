/**
 * onnxruntime on our own export: the default engine, because it measured fastest with the same outputs.
 */
import { INPUT_SHAPE } from '../../catalog';
import { cachedGraph } from './graph-cache';
import { ort } from './runtime';
import { openSession, runSession } from './session';
import { readSavedModel } from '../../weights/saved-model';
import { DEFAULT_PRECISION, type Engine, type EngineOptions } from '../engine';

/** Loads a saved model; exports it first if the cache has no graph of it. */
export async function loadOnnxruntime({
  modelDir,
  threads,
  precision = DEFAULT_PRECISION,
  onnxCacheDir,
}: EngineOptions): Promise<Engine> {
  const { classes } = readSavedModel(modelDir);
  const { file, sha256, source } = await cachedGraph(modelDir, onnxCacheDir, precision);
  const session = await openSession(source, threads);
  return {
    kind: 'onnxruntime',
    version: ort.env.versions.node ?? ort.env.versions.common,
    precision,
    threads,
    classes,
    graph: { file, sha256 },
    predict: (images, batch) => runSession(session, images, [batch, ...INPUT_SHAPE]),
    dispose: () => session.release(),
  };
}
