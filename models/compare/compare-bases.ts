/**
 * Compares bases on a folder of images: finds weights, reads the images, measures each candidate, writes the report.
 */
import { cpus } from 'node:os';
import { basename, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { PACKAGE_VERSION } from '../../files/package-version';
import { removeTemporaries } from '../../files/temporaries';
import { makeFolder, writeFileAtomic } from '../../files/write';
import { buildClassifier } from '../architectures/classifier';
import { multiplyAddsOf } from '../architectures/multiply-adds';
import { type Dataset, readDataset } from '../data/dataset';
import { findDatasetFiles } from '../data/dataset-files';
import type { EvaluatedSplit } from '../data/dataset-splits';
import { multipliesBytes } from '../engines/onnxruntime/cpu';
import { ort } from '../engines/onnxruntime/runtime';
import { hasTfjsNode, useTfjsNode } from '../engines/tfjs';
import { CALIBRATION_IMAGES } from '../report/calibrate-model';
import { imagesOf, measuredSplit } from '../report/measured-images';
import type { ProgressReporter } from '../training/progress';
import { type Candidate, CANDIDATES } from './candidates';
import { basesChart } from './chart';
import { picksOf, rowsOf } from './choose';
import { type BasesDocument, formatBases } from './document';
import { findWeights, type FoundWeights, type MissingWeights } from './find-weights';
import { HEAD_RECIPE } from './head';
import { measureBase, type MeasuredBase } from './measure-base';
import { WORK_FOLDER } from './measure-graph';
import { type CompareRecord, wholeWork, workOf } from './work';

/** Names of the report's files. */
export const COMPARISON_FILES = {
  text: 'comparison.md',
  figures: 'comparison.json',
  chart: 'comparison.svg',
} as const;

/** What to compare, and on what. */
export interface ComparePlan {
  /** Folder of the data set, as for training. */
  readonly data: string;
  readonly out: string;
  /** Keras files of bases. */
  readonly files: readonly string[];
  /** Ids of candidates. @default all whose weights are found */
  readonly bases?: readonly string[] | undefined;
  readonly download: boolean;
  /** @default test, or val if there is no test */
  readonly split?: EvaluatedSplit | undefined;
  readonly seed: number;
  readonly allowLeakage: boolean;
  readonly threads: number;
}

/** Receives the progress. */
export interface CompareProgress extends Pick<ProgressReporter, 'note' | 'onCount'> {
  readonly onWork: (record: CompareRecord) => void;
}

/** A finished comparison. */
export interface ComparedBases {
  readonly document: BasesDocument;
  readonly measured: readonly MeasuredBase[];
}

interface Chosen {
  readonly candidates: readonly { readonly candidate: Candidate; readonly found: FoundWeights }[];
  readonly missing: readonly MissingWeights[];
}

/** @throws RangeError if a base that was asked for has no weights here, or weights that were named are of no base asked for */
async function chooseCandidates(
  { bases, files, download }: ComparePlan,
  note: CompareProgress['note'],
): Promise<Chosen> {
  const wanted = CANDIDATES.filter(({ id }) => bases === undefined || bases.includes(id));
  const architectures = [...new Set(wanted.map(({ architecture }) => architecture))];
  const { found, missing } = await findWeights(architectures, { files, download, note });
  const unused = [...found.keys()].find((architecture) => !architectures.includes(architecture));
  if (unused !== undefined) {
    throw new RangeError(
      `--bases must include ${unused}, whose weights --weights names, received ${bases!.join(', ')}: add it, or leave out its file`,
    );
  }
  const without = missing.filter(({ architecture }) => !found.has(architecture));
  if (bases !== undefined && without.length > 0) {
    const [{ architecture, url }] = without as [MissingWeights];
    throw new RangeError(
      `--bases ${architecture} needs its weights, received none: add --download, or download ${url} and name the file with --weights`,
    );
  }
  for (const { architecture, url, demoInstead } of missing) {
    const instead = demoInstead
      ? 'its demo base, which knows no photographs, takes its place'
      : 'it is left out';
    note(`${architecture}: no ImageNet weights here, ${instead}; --download fetches ${url}`);
  }
  const candidates = wanted.flatMap((candidate) => {
    const own = found.get(candidate.architecture);
    return own === undefined ? [] : [{ candidate, found: own }];
  });
  return { candidates, missing };
}

/** Estimated work of each candidate's steps. */
function worksOf({ candidates }: Chosen, dataset: Dataset, measuredImages: number) {
  const trainImages = dataset.splits.train.length;
  const calibrationImages = Math.min(CALIBRATION_IMAGES, trainImages);
  return new Map(
    candidates.map(({ candidate: { id, architecture, sidePixels } }) => {
      const classifier = buildClassifier(architecture, 2, { inputShape: [sidePixels, sidePixels, 3] });
      const multiplyAdds = multiplyAddsOf(classifier);
      classifier.dispose();
      return [id, workOf({ multiplyAdds, trainImages, calibrationImages, measuredImages })];
    }),
  );
}

/**
 * Compares, or goes on with what an earlier run left in `out`, which the caller has locked.
 *
 * @throws Error naming the option, what it must be and its value; options are checked before anything slow starts
 */
export async function compareBases(plan: ComparePlan, progress: CompareProgress): Promise<ComparedBases> {
  const { data, out, seed, allowLeakage, threads } = plan;
  const { note, onCount, onWork } = progress;
  const files = findDatasetFiles(data);
  const chosen = await chooseCandidates(plan, note);
  if (hasTfjsNode()) await useTfjsNode(threads);
  const dataset = await readDataset(data, {
    ...{ found: files, draw: { seed }, allowLeakage, note },
    onProgress: (count) => onCount({ task: 'reading', ...count }),
  });
  const split = plan.split ?? measuredSplit(dataset);
  const items = imagesOf(dataset, split, data);
  const { train } = dataset.splits;
  const names = chosen.candidates.map(({ candidate: { id } }) => id).join(', ');
  note(`comparing ${names}: heads on ${train.length} images, measured on ${items.length} of ${split}`);
  makeFolder(join(out, WORK_FOLDER));
  removeTemporaries(join(out, WORK_FOLDER));
  const onStep = wholeWork(worksOf(chosen, dataset, items.length), onWork);
  const measured: MeasuredBase[] = [];
  for (const { candidate, found } of chosen.candidates) {
    measured.push(
      await measureBase(candidate, found, {
        ...{ out, dataset, items, seed, threads, note },
        onStep: (step, done, total, skipped = false) =>
          onStep({ candidate: candidate.id, step, done, total, skipped }),
      }),
    );
  }
  const rows = rowsOf(measured);
  const document: BasesDocument = {
    format: 'tandem-bases',
    formatVersion: 1,
    data: {
      ...{ name: basename(data), sha256: dataset.sha256, splitBy: dataset.splitBy, classes: dataset.classes },
      ...{ trainImages: train.length, measuredImages: items.length },
    },
    ...{ split, seed },
    head: { ...HEAD_RECIPE.head, batchSize: HEAD_RECIPE.batchSize },
    cpu: { name: cpus()[0]?.model ?? 'unknown', fastInt8: multipliesBytes() },
    versions: {
      ...{ tandem: PACKAGE_VERSION, tfjs: tf.version.tfjs, node: process.versions.node },
      onnxruntime: ort.env.versions.node ?? ort.env.versions.common,
    },
    ...{ rows, choices: picksOf(rows), missing: chosen.missing },
  };
  writeReport(out, document);
  return { document, measured };
}

/** Writes the report's files, the text last. */
function writeReport(out: string, document: BasesDocument): void {
  const { text, figures, chart } = COMPARISON_FILES;
  writeFileAtomic(join(out, chart), basesChart(document));
  writeFileAtomic(join(out, figures), `${JSON.stringify(document, null, 2)}\n`);
  writeFileAtomic(join(out, text), formatBases(document, chart));
}
