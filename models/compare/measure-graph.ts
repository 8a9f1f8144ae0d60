/**
 * A candidate's graph at one precision: made, run on the measured images, and timed.
 */
import { join } from 'node:path';

import { temporaryOf } from '../../files/temporaries';
import { removeIfPossible, writeFileAtomic } from '../../files/write';
import type { Dataset, DatasetImage } from '../data/dataset';
import { calibrateGraph } from '../engines/onnxruntime/calibrate';
import { openSession, runSession } from '../engines/onnxruntime/session';
import { correctPredictions } from '../evaluation/evaluation';
import { encodeModel, type Graph } from '../onnx/proto';
import { CALIBRATION_IMAGES, sample } from '../report/calibrate-model';
import type { Candidate } from './candidates';
import { measureCost } from './cost';
import type { Cost } from './cost-process';
import { imageBatches } from './features';
import type { Step } from './work';

/** The engine that is measured: the one that serves by default. */
export const ENGINE = 'onnxruntime';

/** The precisions of a graph. */
export type GraphPrecision = 'fp32' | 'int8';

/** Folder of what a comparison keeps to go on. */
export const WORK_FOLDER = 'work';

/** A candidate at one precision. */
export interface MeasuredPrecision extends Cost {
  readonly precision: GraphPrecision;
  /** Whether each measured image was classified correctly: a text of 0 and 1, in the order of the images. */
  readonly correct: string;
}

/** What all candidates of a comparison share. */
export interface MeasureOptions {
  readonly out: string;
  readonly dataset: Dataset;
  /** The images that are measured. */
  readonly items: readonly DatasetImage[];
  readonly seed: number;
  readonly threads: number;
  readonly note: (sentence: string) => void;
  readonly onStep: (step: Step, done: number, total: number, skipped?: boolean) => void;
}

/** The graph of a precision. */
export async function graphAt(
  precision: GraphPrecision,
  graph: Graph,
  candidate: Candidate,
  { dataset, threads, onStep }: MeasureOptions,
): Promise<Uint8Array> {
  if (precision === 'fp32') return encodeModel(graph);
  const { sidePixels } = candidate;
  const sampled = sample(dataset.splits.train, CALIBRATION_IMAGES).map(({ path }) => path);
  const length = sidePixels * sidePixels * 3;
  const images: Float32Array[] = [];
  for await (const { images: batch, size } of imageBatches(sampled, sidePixels)) {
    for (let i = 0; i < size; i++) images.push(batch.slice(i * length, (i + 1) * length));
  }
  let done = 0;
  const calibrated = await calibrateGraph(graph, {
    ...{ images, shape: [1, sidePixels, sidePixels, 3], threads },
    onImage: () => onStep('calibration', ++done, 2 * images.length),
  });
  onStep('calibration', 2 * images.length, 2 * images.length);
  return calibrated.graph;
}

/** Classifies the measured images, then measures what one costs. */
export async function measureGraph(
  graph: Uint8Array,
  precision: GraphPrecision,
  { id, sidePixels }: Candidate,
  { out, dataset, items, threads, onStep }: MeasureOptions,
): Promise<MeasuredPrecision> {
  const classCount = dataset.classes.length;
  const probabilities = new Float32Array(items.length * classCount);
  // One that a killed run leaves is removed by the next.
  const file = temporaryOf(join(out, WORK_FOLDER, `${id}-${precision}.onnx`));
  writeFileAtomic(file, graph);
  try {
    const session = await openSession(file, threads);
    let done = 0;
    const paths = items.map(({ path }) => path);
    for await (const { images, size } of imageBatches(paths, sidePixels)) {
      const rows = await runSession(session, images, [size, sidePixels, sidePixels, 3]);
      probabilities.set(rows, done * classCount);
      done += size;
      onStep(precision, done, items.length + 1);
    }
    await session.release();
    const labels = items.map(({ label }) => label);
    const correct = correctPredictions(labels, probabilities, classCount).map(Number).join('');
    return { precision, correct, ...(await measureCost(file, sidePixels)) };
  } finally {
    removeIfPossible(file);
  }
}
