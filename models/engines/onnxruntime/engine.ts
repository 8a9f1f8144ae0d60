/**
 * onnxruntime on our own export: the default engine, because it measured fastest with the same outputs.
 */
import type { InferenceSession } from 'onnxruntime-node';

import { INPUT_SHAPE } from '../../catalog';
import { removeLeftovers } from '../../../files/temporaries';
import { multipliesBytes } from './cpu';
import { cachedGraph, graphFile } from './graph-cache';
import { readInt8File } from './int8-file';
import { openAndPrepare, openPrepared } from './prepared-graph';
import { ort } from './runtime';
import { openSession, runSession } from './session';
import { readSavedModel, type SavedModel } from '../../weights/saved-model';
import {
  checkPrecision,
  DEFAULT_PRECISION,
  type Engine,
  type EngineOptions,
  type Precision,
} from '../engine';

/**
 * The precision that the measurements justify for a saved model: int8 if it passed the gate.
 *
 * @param fastInt8 whether int8 is fast on the CPU
 */
export function justifiedPrecision(saved: SavedModel, fastInt8 = multipliesBytes()): Precision {
  return fastInt8 && readInt8File(saved)?.cost.verdict === 'passed' ? 'int8' : DEFAULT_PRECISION;
}

function engineOf(
  { classes }: SavedModel,
  session: InferenceSession,
  precision: Precision,
  threads: number,
): Engine {
  return {
    kind: 'onnxruntime',
    version: ort.env.versions.node ?? ort.env.versions.common,
    precision,
    threads,
    classes,
    predict: (images, batch) => runSession(session, images, [batch, ...INPUT_SHAPE]),
    dispose: () => session.release(),
  };
}

/** An engine that runs a saved model's graph, given as a file or as bytes. */
export async function openEngine(
  saved: SavedModel,
  source: string | Uint8Array,
  precision: Precision,
  threads: number,
): Promise<Engine> {
  return engineOf(saved, await openSession(source, threads), precision, threads);
}

/** Loads a saved model; exports it first if the cache has no graph of it. */
export async function loadOnnxruntime({
  modelDir,
  threads,
  precision,
  onnxCacheDir,
}: EngineOptions): Promise<Engine> {
  // Also where nothing will be written: a process may have been killed after another one had written the same.
  removeLeftovers(onnxCacheDir);
  const saved = readSavedModel(modelDir);
  const chosen = precision ?? justifiedPrecision(saved);
  checkPrecision('onnxruntime', chosen);
  const isPreparable = chosen === 'int8';
  const prepared = isPreparable && (await openPrepared(graphFile(modelDir, onnxCacheDir, chosen), threads));
  if (prepared) return { ...engineOf(saved, prepared.session, chosen, threads), graph: prepared.graph };
  const { file, sha256, source, notStored } = await cachedGraph(modelDir, onnxCacheDir, chosen);
  const session =
    isPreparable && notStored === undefined
      ? await openAndPrepare({ file, sha256 }, threads)
      : await openSession(source, threads);
  return {
    ...engineOf(saved, session, chosen, threads),
    graph: { file, sha256 },
    ...(notStored === undefined ? {} : { graphNotStored: notStored }),
  };
}
