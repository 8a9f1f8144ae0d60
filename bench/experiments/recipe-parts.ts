/**
 * What each part of the tuned `latency` recipe does to the head, and whether another head would do better for `accuracy`:
 * heads on features that are computed once. Un-frozen layers and augmentation cannot be judged this way, since they change
 * the features.
 *
 * npm run bench:recipe-parts -- --data DIR --weights FILE [--accuracy-weights START] [--seeds 1,2,3] [--out FOLDER] [--write]
 *
 * `--weights` is a Keras file of MobileNetV2. `--write` keeps the figures for docs/training.md. An interrupted run resumes.
 */
import { basename, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { PACKAGE_ROOT } from '../../files/package-root';
import { sha256 } from '../../files/sha256';
import { makeFolder, writeFileAtomic } from '../../files/write';
import { buildClassifier, POOLING_NAME } from '../../models/architectures/classifier';
import { type ArchitectureId, INPUT_SHAPE, MODELS, type Preprocessing } from '../../models/catalog';
import { computeFeatures } from '../../models/compare/features';
import type { LabelledFeatures } from '../../models/compare/head';
import { type Dataset, readDataset } from '../../models/data/dataset';
import { useWasm } from '../../models/engines/tfjs';
import { resolveBase } from '../../models/training/resolve-base';
import { splitClassifier } from '../../models/training/split-classifier';
import { openTrunk } from '../../models/training/trunk';
import { fillFromBase } from '../../models/weights/base-weights';
import { type FeatureSets, measureHeads, type Source } from './measure-heads';
import { programArguments } from './program-arguments';
import { accuracyHeads, type Head, LATENCY_HEADS } from './recipe-heads';
import {
  type Group,
  RECIPE_PARTS_FILE,
  RECIPE_PARTS_SCHEMA,
  RECIPE_PARTS_VERSION,
  type RecipePartsDocument,
  recipePartsText,
} from './recipe-parts-document';

const SPLITS = { train: ['train'], measured: ['val', 'test'] } as const;

/** The features of all images for inputs in a range. */
async function featuresOf(
  { architecture, base }: Source,
  preprocessing: Preprocessing,
  { dataset, out }: { readonly dataset: Dataset; readonly out: string },
): Promise<FeatureSets> {
  const classifier = buildClassifier(architecture, dataset.classes.length, { preprocessing });
  await fillFromBase(classifier, { architecture, base, folder: out });
  const [, channels] = classifier.getLayer(POOLING_NAME).outputShape as [null, number];
  const of = async (set: keyof typeof SPLITS): Promise<LabelledFeatures> => {
    const images = SPLITS[set].flatMap((split) => dataset.splits[split]);
    const name = [architecture, preprocessing, set].join('-');
    const key = sha256(JSON.stringify([base.sha256, images.map((image) => image.sha256)])).slice(0, 12);
    const features = await computeFeatures({
      ...{ file: join(out, `${name}-${key}.features`), paths: images.map(({ path }) => path) },
      ...{ sidePixels: INPUT_SHAPE[0], channels },
      open: () => openTrunk(splitClassifier(classifier, 0).trunk, 1),
      onImages: (done) => done % 160 === 0 && console.error(`${name}: ${done}/${images.length}`),
    });
    return { features, channels, labels: images.map(({ label }) => label) };
  };
  const sets = { train: await of('train'), measured: await of('measured') };
  classifier.dispose();
  return sets;
}

async function sourceOf(weights: string, architecture: ArchitectureId, out: string): Promise<Source> {
  const base = await resolveBase(weights, architecture, out, (sentence) => console.error(sentence));
  if (base.kind === 'seed') throw new RangeError(`the weights must be a file or demo, received ${weights}`);
  return { architecture, base };
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      ...{ data: { type: 'string' }, weights: { type: 'string' } },
      'accuracy-weights': { type: 'string', default: 'demo' },
      seeds: { type: 'string', default: '1,2,3' },
      out: { type: 'string', default: join(PACKAGE_ROOT, 'build/recipe-parts') },
      write: { type: 'boolean', default: false },
    },
  });
  const { data, weights, out } = values;
  if (data === undefined || weights === undefined) {
    throw new RangeError(
      '--data DIR and --weights FILE must be given, a set of images and a file of MobileNetV2',
    );
  }
  makeFolder(out);
  // Otherwise tfjs prints a greeting, with advice that does not apply here.
  tf.enableProdMode();
  await useWasm();
  const dataset = await readDataset(data, { draw: { seed: 1 }, allowLeakage: true });
  const seeds = values.seeds.split(',').map(Number);
  const options = { classCount: dataset.classes.length, dataSha256: dataset.sha256, seeds, out };
  const measure = (heads: readonly Head[], source: Source) =>
    measureHeads(heads, source, (range) => featuresOf(source, range, { dataset, out }), options);
  const latency = await sourceOf(weights, MODELS.latency.architecture, out);
  const accuracy = await sourceOf(values['accuracy-weights'], MODELS.accuracy.architecture, out);
  const accuracyRange = accuracy.base.kind === 'demo' ? 'zero-to-one' : 'minus-one-to-one';
  const groups: Group[] = [
    { recipe: 'latency', ...(await measure(LATENCY_HEADS, latency)) },
    { recipe: 'accuracy', ...(await measure(accuracyHeads(accuracyRange), accuracy)) },
  ];
  const document: RecipePartsDocument = {
    ...{ schema: RECIPE_PARTS_SCHEMA, version: RECIPE_PARTS_VERSION },
    data: { name: basename(data), sha256: dataset.sha256 },
    trainImages: dataset.splits.train.length,
    measuredImages: dataset.splits.val.length + dataset.splits.test.length,
    ...{ seeds, groups },
  };
  if (values.write) writeFileAtomic(RECIPE_PARTS_FILE, `${JSON.stringify(document, null, 1)}\n`);
  console.log(recipePartsText(document));
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
