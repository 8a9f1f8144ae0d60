/**
 * A cache of exported graphs on disk, so that each saved model is exported once. It never removes a graph: a name does not
 * say from which folder its model came, and another process may serve one of the same name.
 *
 * @see docs/serving.md#precision for how to empty it
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { OUTPUT_NAME } from '../../catalog';
import { checksumOfFile, sha256 } from '../../../files/sha256';
import { removeLeftovers } from '../../../files/temporaries';
import { makeFolder, removeIfPossible, writeFileAtomic } from '../../../files/write';
import { DEFAULT_PRECISION, type Precision } from '../engine';
import {
  type ChecksummedFile,
  readSavedModel,
  type SavedModel,
  savedModelSha256,
} from '../../weights/saved-model';
import { type CalibratedRanges, calibrationName, requireInt8 } from './int8-file';

/**
 * Raise this with each change of what the exporter or the quantizer writes, so that cached graphs are exported again, and
 * comparisons measured again.
 */
export const EXPORTER_VERSION = 2;

/**
 * Path of a saved model's graph in the cache, whether it exists or not.
 *
 * @throws Error with the remedy at int8, if the model was never calibrated
 */
export function graphFile(
  modelDir: string,
  cacheDir: string,
  precision: Precision = DEFAULT_PRECISION,
): string {
  const saved = readSavedModel(modelDir);
  return pathOf(saved, cacheDir, rangesFor(saved, precision));
}

/** The ranges that a precision needs; undefined for those that run the graph at fp32. */
const rangesFor = (saved: SavedModel, precision: Precision): CalibratedRanges | undefined =>
  precision === 'int8' ? requireInt8(saved) : undefined;

function pathOf(saved: SavedModel, cacheDir: string, calibrated: CalibratedRanges | undefined): string {
  const version = savedModelSha256(saved).slice(0, 16);
  const precision = calibrated === undefined ? 'fp32' : calibrationName(calibrated);
  return join(cacheDir, `${saved.model}-${version}-${precision}-v${EXPORTER_VERSION}.onnx`);
}

/** Path of a graph's checksum. */
export const checksumFile = (file: string) => `${file}.sha256`;

/** Checksum of a cached graph; undefined if it is missing or damaged, since a damaged one would answer wrongly. */
function checksumOfIntact(file: string): string | undefined {
  if (!existsSync(file) || !existsSync(checksumFile(file))) return undefined;
  const sum = checksumOfFile(file);
  return sum === readFileSync(checksumFile(file), 'utf8').trim() ? sum : undefined;
}

/** A graph to open, with its checksum. */
export interface CachedGraph extends ChecksummedFile {
  /** Its file, or its bytes if the cache folder cannot be written to. */
  readonly source: string | Uint8Array;
  /** Why the cache has no file of it. */
  readonly notStored?: string;
}

/** Returns a saved model's graph from the cache, and exports it first if it is missing or damaged. */
export async function cachedGraph(
  modelDir: string,
  cacheDir: string,
  precision: Precision = DEFAULT_PRECISION,
): Promise<CachedGraph> {
  const saved = readSavedModel(modelDir);
  const calibrated = rangesFor(saved, precision);
  const file = pathOf(saved, cacheDir, calibrated);
  const intact = checksumOfIntact(file);
  if (intact !== undefined) return { file, sha256: intact, source: file };
  const graph = await exportSavedModel(saved, file, calibrated);
  const sum = sha256(graph);
  const notStored = store(file, graph, sum);
  return notStored === undefined
    ? { file, sha256: sum, source: file }
    : { file, sha256: sum, source: graph, notStored };
}

/** Writes a graph into the cache; returns the system's reason if it cannot. */
function store(file: string, graph: Uint8Array, sum: string): string | undefined {
  try {
    makeFolder(dirname(file));
    removeLeftovers(dirname(file));
    writeFileAtomic(file, graph);
    writeFileAtomic(checksumFile(file), `${sum}\n`);
    return undefined;
  } catch (error) {
    // Not by a list of codes: on a read-only mount, Node reports a folder that is not there as ENOENT.
    const { syscall, message, cause } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    // A graph without its checksum would only fill the disk.
    removeIfPossible(file);
    // The caller names the folder and the remedy: the system's own reason is enough.
    return cause === undefined ? message : (cause as Error).message;
  }
}

/** Container images that ship finished graphs leave tfjs out. */
function hasTfjs(): boolean {
  try {
    return require.resolve('@tensorflow/tfjs') !== '';
  } catch {
    return false;
  }
}

async function exportSavedModel(
  saved: SavedModel,
  file: string,
  calibrated: CalibratedRanges | undefined,
): Promise<Uint8Array> {
  if (!hasTfjs()) {
    throw new Error(
      `the model in ${saved.folder} has no graph ${file}, and @tensorflow/tfjs, which exports it, is not installed: build the container image with the model (npm run image -- --help)`,
    );
  }
  /* eslint-disable @typescript-eslint/no-require-imports -- a cached graph must not cost tfjs' start */
  const { loadClassifier } =
    require('../../weights/load-classifier') as typeof import('../../weights/load-classifier.js');
  const { graphOf } = require('../../onnx/export') as typeof import('../../onnx/export.js');
  const { metadataOf } = require('../../onnx/metadata') as typeof import('../../onnx/metadata.js');
  const { encodeModel } = require('../../onnx/proto') as typeof import('../../onnx/proto.js');
  const { quantize } =
    require('../../onnx/quantize/quantize') as typeof import('../../onnx/quantize/quantize.js');
  /* eslint-enable @typescript-eslint/no-require-imports */
  const classifier = await loadClassifier(saved.folder);
  const graph = graphOf(classifier, OUTPUT_NAME);
  classifier.dispose();
  return encodeModel(
    calibrated === undefined ? graph : quantize(graph, calibrated.ranges, calibrated.inputMeans),
    metadataOf(saved.classes),
  );
}
