/**
 * Trains heads on features with several seeds, and says how often each is right.
 */
import { basename, join } from 'node:path';

import { sha256 } from '../../files/sha256';
import { makeFolder } from '../../files/write';
import { HEAD_NAME } from '../../models/architectures/classifier';
import type { ArchitectureId, Preprocessing } from '../../models/catalog';
import { type LabelledFeatures, trainHead } from '../../models/compare/head';
import { correctPredictions } from '../../models/evaluation/evaluation';
import type { Base } from '../../models/weights/saved-model';
import type { Weights } from '../../models/weights/weights';
import { meanPaired95 } from '../../statistics/mean-paired';
import type { Head } from './recipe-heads';
import type { Group, MeasuredHead } from './recipe-parts-document';

/** A base whose features are needed. */
export interface Source {
  readonly architecture: ArchitectureId;
  readonly base: Exclude<Base, { kind: 'seed' }>;
}

/** Features of the images to train on and to measure. */
export interface FeatureSets {
  readonly train: LabelledFeatures;
  readonly measured: LabelledFeatures;
}

/** The set, the seeds, and the folder of the checkpoints. */
export interface HeadsOptions {
  readonly classCount: number;
  /** Checksum of the set. */
  readonly dataSha256: string;
  readonly seeds: readonly number[];
  readonly out: string;
}

/** Whether a head is right on each image. */
function rightOf(head: Weights, { features, channels, labels }: LabelledFeatures): boolean[] {
  const [kernel, bias] = ['kernel', 'bias'].map((name) => head.get(`${HEAD_NAME}/${name}`)!.values);
  const classCount = bias!.length;
  const logits = new Float32Array(labels.length * classCount);
  labels.forEach((_, i) => {
    for (let k = 0; k < classCount; k++) {
      let sum = bias![k]!;
      for (let c = 0; c < channels; c++) sum += features[i * channels + c]! * kernel![c * classCount + k]!;
      logits[i * classCount + k] = sum;
    }
  });
  return correctPredictions(labels, logits, classCount);
}

/** Trains a head with each seed, or the rest of it after its checkpoint; by seed, whether it is right on each image. */
async function answersOf(
  { name, preprocessing, recipe }: Head,
  { train, measured }: FeatureSets,
  { architecture, base }: Source,
  { classCount, dataSha256, seeds, out }: HeadsOptions,
): Promise<boolean[][]> {
  const bySeed: boolean[][] = [];
  for (const seed of seeds) {
    const fingerprint = { architecture, base: base.sha256, data: dataSha256, preprocessing, recipe, seed };
    const folder = join(out, `head-${sha256(JSON.stringify(fingerprint)).slice(0, 12)}`);
    makeFolder(folder);
    const head = await trainHead(train, { classCount, seed, folder, recipe, fingerprint });
    const right = rightOf(head, measured);
    bySeed.push(right);
    console.error(
      `${architecture}, ${name}, seed ${seed}: ${right.filter(Boolean).length} of ${right.length}`,
    );
  }
  return bySeed;
}

/**
 * Measures heads on the features of one base.
 *
 * @param heads each after the one that it is compared with
 * @param featuresFor the features for inputs in a range; called once per range
 */
export async function measureHeads(
  heads: readonly Head[],
  source: Source,
  featuresFor: (range: Preprocessing) => Promise<FeatureSets>,
  options: HeadsOptions,
): Promise<Omit<Group, 'recipe'>> {
  const sets = new Map<Preprocessing, FeatureSets>();
  const answers = new Map<string, boolean[][]>();
  const measured: MeasuredHead[] = [];
  for (const head of heads) {
    const { name, from, preprocessing } = head;
    const own = sets.get(preprocessing) ?? (await featuresFor(preprocessing));
    sets.set(preprocessing, own);
    const bySeed = await answersOf(head, own, source, options);
    answers.set(name, bySeed);
    measured.push({
      ...{ name, right: bySeed.map((right) => right.filter(Boolean).length) },
      ...(from !== undefined && { from: { name: from, ...meanPaired95(bySeed, answers.get(from)!) } }),
    });
  }
  const { architecture, base } = source;
  const { kind, file, sha256: checksum } = base;
  return { architecture, base: { kind, file: basename(file), sha256: checksum }, heads: measured };
}
