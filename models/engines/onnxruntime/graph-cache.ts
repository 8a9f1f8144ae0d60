/**
 * Exported graphs on disk, so that a saved model is exported once.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { OUTPUT_NAME } from '../../catalog';
import { writeFileAtomic } from '../../../files/write';
import { type ChecksummedFile, readSavedModel, savedModelSha256 } from '../../weights/saved-model';

/** Raised with each change of the exporter's output, so that cached graphs are made again. */
const EXPORTER_VERSION = 1;

/** Where the graph of a saved model lies, or would lie. */
export function graphFile(modelDir: string, cacheDir: string): string {
  const saved = readSavedModel(modelDir);
  return join(cacheDir, `${saved.model}-${savedModelSha256(saved).slice(0, 16)}-v${EXPORTER_VERSION}.onnx`);
}

const checksumFile = (file: string) => `${file}.sha256`;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Checksum of a graph that is there as it was written; one that was damaged since would answer with other numbers. */
function checksumOfIntact(file: string): string | undefined {
  if (!existsSync(file) || !existsSync(checksumFile(file))) return undefined;
  const sum = sha256(readFileSync(file));
  return sum === readFileSync(checksumFile(file), 'utf8').trim() ? sum : undefined;
}

/** A graph to open, and what it is. */
export interface CachedGraph extends ChecksummedFile {
  /** Its file, or its bytes where the folder cannot be written. */
  readonly source: string | Uint8Array;
}

/** Makes sure that a saved model's graph is in the cache, whole. */
export async function cachedGraph(modelDir: string, cacheDir: string): Promise<CachedGraph> {
  const file = graphFile(modelDir, cacheDir);
  const intact = checksumOfIntact(file);
  if (intact !== undefined) return { file, sha256: intact, source: file };
  const graph = await exportSavedModel(modelDir, file);
  const sum = sha256(graph);
  try {
    mkdirSync(cacheDir, { recursive: true });
    writeFileAtomic(file, graph);
    writeFileAtomic(checksumFile(file), `${sum}\n`);
    return { file, sha256: sum, source: file };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS' || code === 'EACCES' || code === 'ENOSPC')
      return { file, sha256: sum, source: graph };
    throw error;
  }
}

/** Images that serve finished graphs leave tfjs out. */
function hasTfjs(): boolean {
  try {
    return require.resolve('@tensorflow/tfjs') !== '';
  } catch {
    return false;
  }
}

async function exportSavedModel(modelDir: string, file: string): Promise<Uint8Array> {
  if (!hasTfjs()) {
    throw new Error(
      `the model in ${modelDir} has no graph ${file}, and an image without @tensorflow/tfjs cannot export it: build the image with the model, npm run image -- --help`,
    );
  }
  /* eslint-disable @typescript-eslint/no-require-imports -- a cached graph must not cost tfjs' start */
  const { loadClassifier } =
    require('../../weights/load-classifier') as typeof import('../../weights/load-classifier.js');
  const { exportOnnx } = require('../../onnx/export') as typeof import('../../onnx/export.js');
  /* eslint-enable @typescript-eslint/no-require-imports */
  const classifier = await loadClassifier(modelDir);
  const graph = exportOnnx(classifier, OUTPUT_NAME);
  classifier.dispose();
  return graph;
}
