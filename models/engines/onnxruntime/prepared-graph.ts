/**
 * int8 graphs as onnxruntime optimises them, kept beside the exported graphs. They open in a third of the CPU time, and
 * their weights are in a file of their own, which is mapped and not copied. Graphs at fp32 are not kept: their layout
 * depends on the CPU, and a copy takes the disk space of all weights.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { InferenceSession } from 'onnxruntime-node';

import { checksumOfFile, sha256 } from '../../../files/sha256';
import { writeFolderAtomic } from '../../../files/write-folder';
import type { ChecksummedFile } from '../../weights/saved-model';
import { checksumFile } from './graph-cache';
import { ort } from './runtime';
import { openSession, sessionOptions } from './session';

const GRAPH = 'graph.onnx';
const WEIGHTS = 'weights.bin';
const SUMS = 'checksums.txt';
/** Smaller tensors stay in the graph. */
const MIN_WEIGHTS_BYTES = 1024;

/** A graph is not optimised twice. */
const AS_IT_IS: InferenceSession.SessionOptions = { graphOptimizationLevel: 'disabled' };
const keptIn = (folder: string): InferenceSession.SessionOptions => ({
  optimizedModelFilePath: join(folder, GRAPH),
  // No warnings: onnxruntime says that the file is for this kind of machine, which the folder's name says too.
  logSeverityLevel: 3,
});
const WEIGHTS_APART = {
  optimized_model_external_initializers_file_name: WEIGHTS,
  optimized_model_external_initializers_min_size_in_bytes: String(MIN_WEIGHTS_BYTES),
} as const;

/** Folder of a graph's optimised form: its name tells apart what decides the optimisations. */
export function preparedFolder(graph: string): string {
  const { executionMode, extra } = sessionOptions(1);
  const key = sha256(JSON.stringify([ort.env.versions.node, process.arch, executionMode, extra]));
  return `${graph.replace(/\.onnx$/, '')}-prepared-${key.slice(0, 8)}`;
}

/** The checksums of an optimised form's files and of the graph that it was made from. */
const sumsOf = (folder: string, graphSha256: string): string =>
  [...[GRAPH, WEIGHTS].map((name) => checksumOfFile(join(folder, name), 'blake2b512')), graphSha256].join(
    '\n',
  );

/** The checksum of a graph whose optimised form is there and intact; else undefined. The graph itself is not read. */
function graphOfIntact(graph: string): string | undefined {
  const folder = preparedFolder(graph);
  const needed = [graph, checksumFile(graph), ...[GRAPH, WEIGHTS, SUMS].map((name) => join(folder, name))];
  if (!needed.every((file) => existsSync(file))) return undefined;
  const graphSha256 = readFileSync(checksumFile(graph), 'utf8').trim();
  const isIntact = readFileSync(join(folder, SUMS), 'utf8') === sumsOf(folder, graphSha256);
  return isIntact ? graphSha256 : undefined;
}

/** A session with the graph that it runs. */
export interface PreparedSession {
  readonly session: InferenceSession;
  readonly graph: ChecksummedFile;
}

/** Opens the optimised form of a graph; undefined if it is missing, damaged, of another graph or cannot be opened. */
export async function openPrepared(graph: string, threads: number): Promise<PreparedSession | undefined> {
  try {
    const graphSha256 = graphOfIntact(graph);
    if (graphSha256 === undefined) return undefined;
    const session = await openSession(join(preparedFolder(graph), GRAPH), threads, AS_IT_IS);
    return { session, graph: { file: graph, sha256: graphSha256 } };
  } catch {
    // Another process replaces it now, or it cannot be read: the graph itself is there.
    return undefined;
  }
}

/** Opens a graph, and keeps its optimised form if the folder can be written to: it only makes the next start faster. */
export async function openAndPrepare(graph: ChecksummedFile, threads: number): Promise<InferenceSession> {
  const opened: { session?: InferenceSession } = {};
  try {
    await writeFolderAtomic(preparedFolder(graph.file), async (folder) => {
      opened.session = await openSession(graph.file, threads, keptIn(folder), WEIGHTS_APART);
      writeFileSync(join(folder, SUMS), sumsOf(folder, graph.sha256));
    });
  } catch {
    // The folder can only be read, or the disk is full.
  }
  return opened.session ?? openSession(graph.file, threads);
}
