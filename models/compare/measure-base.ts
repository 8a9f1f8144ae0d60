/**
 * One candidate: features, head, graph at each precision, accuracy and cost. Each part that is done is kept under a name with
 * the checksum of what decided it, so that a stopped comparison goes on, and another one does not take it for its own.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import { sha256 } from '../../files/sha256';
import { makeFolder, writeFileAtomic } from '../../files/write';
import { buildClassifier, POOLING_NAME } from '../architectures/classifier';
import { multiplyAddsOf } from '../architectures/multiply-adds';
import { OUTPUT_NAME } from '../catalog';
import { RESIZE } from '../data/decode';
import { PRECISIONS_OF } from '../engines/engine';
import { EXPORTER_VERSION } from '../engines/onnxruntime/graph-cache';
import { ort } from '../engines/onnxruntime/runtime';
import { graphOf } from '../onnx/export';
import { baseFacts, type ModelCardFacts } from '../report/model-facts';
import { resolveBase } from '../training/resolve-base';
import { splitClassifier } from '../training/split-classifier';
import { openTrunk } from '../training/trunk';
import { fillFromBase } from '../weights/base-weights';
import { type Base, writeSavedModel } from '../weights/saved-model';
import { setWeights } from '../weights/weights';
import { type Candidate, SERVED_SIDE_PIXELS } from './candidates';
import { computeFeatures } from './features';
import type { FoundWeights } from './find-weights';
import { HEAD_RECIPE, trainHead } from './head';
import {
  ENGINE,
  type GraphPrecision,
  graphAt,
  type MeasuredPrecision,
  measureGraph,
  type MeasureOptions,
  WORK_FOLDER,
} from './measure-graph';

/** The figures of one candidate. */
export interface MeasuredBase {
  readonly candidate: Candidate;
  readonly base: ModelCardFacts['base'];
  readonly preprocessing: FoundWeights['preprocessing'];
  /** As `--weights` of `tandem train` takes them. */
  readonly weights: string;
  readonly parameters: number;
  /** Of one image. */
  readonly multiplyAdds: number;
  readonly precisions: readonly MeasuredPrecision[];
}

/** Twelve digits tell a user's few comparisons apart. */
const keyOf = (facts: object): string => sha256(JSON.stringify(facts)).slice(0, 12);

/** Folder of the saved models. */
const MODELS_FOLDER = 'bases';

/** The facts that decide features, head and figures, each with those before it. */
export function factsOf(
  { architecture, sidePixels }: Candidate,
  { preprocessing }: FoundWeights,
  base: Base,
  { dataset, items, seed }: MeasureOptions,
) {
  const { classes, splitSha256 } = dataset;
  const features = {
    architecture,
    sidePixels,
    preprocessing,
    resize: RESIZE,
    train: splitSha256.train,
    base: base.kind === 'seed' ? base.seed : base.sha256,
  };
  const head = { ...features, seed, classes, recipe: HEAD_RECIPE };
  const runs = { cpu: cpus()[0]?.model, ort: ort.env.versions, exporter: EXPORTER_VERSION };
  // The checksum of the set holds the classes of the images.
  const measured = { ...head, ...runs, data: dataset.sha256, items: items.map((item) => item.sha256) };
  return { features, head, measured };
}

/** Builds a candidate's classifier with its base; the head is zero. */
async function buildWithBase(
  { architecture, sidePixels }: Candidate,
  { preprocessing }: FoundWeights,
  classCount: number,
  { base, folder }: { readonly base: Base; readonly folder: string },
): Promise<tf.LayersModel> {
  const inputShape = [sidePixels, sidePixels, 3] as const;
  const classifier = buildClassifier(architecture, classCount, { inputShape, preprocessing });
  await fillFromBase(classifier, { architecture, base, folder });
  return classifier;
}

/** Trains the head of a classifier on the features of the training images, and sets it. */
async function trainOnFeatures(
  classifier: tf.LayersModel,
  candidate: Candidate,
  facts: ReturnType<typeof factsOf>,
  { out, dataset, seed, threads, onStep }: MeasureOptions,
) {
  const { train } = dataset.splits;
  const [, channels] = classifier.getLayer(POOLING_NAME).outputShape as [null, number];
  const features = await computeFeatures({
    file: join(out, WORK_FOLDER, `${candidate.id}-${keyOf(facts.features)}.features`),
    paths: train.map(({ path }) => path),
    sidePixels: candidate.sidePixels,
    channels,
    open: () => openTrunk(splitClassifier(classifier, 0).trunk, threads),
    onImages: (done, skipped) => onStep('features', done, train.length, skipped),
  });
  const folder = join(out, WORK_FOLDER, `${candidate.id}-${keyOf(facts.head)}`);
  makeFolder(folder);
  const { epochs } = HEAD_RECIPE.head;
  const labels = train.map(({ label }) => label);
  let epochsDone = 0;
  const weights = await trainHead(
    { features, channels, labels },
    {
      classCount: dataset.classes.length,
      seed,
      folder,
      fingerprint: facts.head,
      onEpoch: (epoch) => onStep('head', (epochsDone = epoch), epochs),
    },
  );
  if (epochsDone === 0) onStep('head', epochs, epochs, true);
  setWeights(classifier, weights);
  return weights;
}

/** What an earlier run measured at one precision. */
function readMeasured(file: string): MeasuredPrecision {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as MeasuredPrecision;
  } catch (cause) {
    throw new Error(`${file} cannot be read (${(cause as Error).message}): delete it to measure again`, {
      cause,
    });
  }
}

/**
 * Measures a candidate, or what an earlier run left of it. At the served size it also leaves a saved model.
 *
 * @throws Error naming an image or a weight file that cannot be used
 */
export async function measureBase(
  candidate: Candidate,
  found: FoundWeights,
  options: MeasureOptions,
): Promise<MeasuredBase> {
  const { out, dataset, items, seed, onStep, note } = options;
  const { classes } = dataset;
  const folder = join(out, MODELS_FOLDER, candidate.id);
  const base = await resolveBase(found.weights, candidate.architecture, folder, note);
  const facts = factsOf(candidate, found, base, options);
  const classifier = await buildWithBase(candidate, found, classes.length, { base, folder });
  const fileOf = (precision: GraphPrecision) =>
    join(out, WORK_FOLDER, `${candidate.id}-${precision}-${keyOf(facts.measured)}.json`);
  const weights = await trainOnFeatures(classifier, candidate, facts, options);
  if (candidate.sidePixels === SERVED_SIDE_PIXELS) {
    makeFolder(folder);
    const { architecture } = candidate;
    const model = candidate.id.replaceAll('_', '-');
    const fields = { model, architecture, preprocessing: found.preprocessing, classes, demo: false, base };
    writeSavedModel(folder, fields, weights, { architecture, seed: String(seed) });
  }
  const graph = graphOf(classifier, OUTPUT_NAME);
  const [parameters, multiplyAdds] = [classifier.countParams(), multiplyAddsOf(classifier)];
  classifier.dispose();
  const precisions: MeasuredPrecision[] = [];
  for (const precision of PRECISIONS_OF[ENGINE] as readonly GraphPrecision[]) {
    const file = fileOf(precision);
    const isDone = existsSync(file);
    if (isDone && precision === 'int8') onStep('calibration', 1, 1, true);
    const measured = isDone
      ? readMeasured(file)
      : await measureGraph(
          await graphAt(precision, graph, candidate, options),
          precision,
          candidate,
          options,
        );
    if (!isDone) writeFileAtomic(file, `${JSON.stringify(measured)}\n`);
    onStep(precision, items.length + 1, items.length + 1, isDone);
    precisions.push(measured);
  }
  return {
    candidate,
    base: baseFacts(base),
    preprocessing: found.preprocessing,
    weights: found.weights,
    parameters,
    multiplyAdds,
    precisions,
  };
}
