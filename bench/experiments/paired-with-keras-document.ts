/**
 * How models of `tandem train` compare with Keras' models of the same recipe, as text. Pure.
 */
import { join } from 'node:path';

import { table } from '../../charts/markdown';
import { percent, percentRange, points } from '../../charts/percent';
import { PACKAGE_ROOT } from '../../files/package-root';
import { wilson95 } from '../../statistics/intervals';
import { mean } from '../../statistics/mean';
import { compareCounts, type PairedCounts } from '../../statistics/paired-comparison';
import { parseDocument } from '../load/parse-document';

/** The figures of the table in docs/training.md. */
export const PAIRED_FILE = join(PACKAGE_ROOT, 'docs/training/trashnet-keras.json');

/** Name and version of the document; the version rises when a field changes its meaning. */
export const PAIRED_SCHEMA = 'tandem.paired-with-keras';
export const PAIRED_VERSION = 1;

/** One training on each side. In the counts of images, `a` is Tandem and `b` is Keras. */
export interface PairedTraining extends PairedCounts {
  readonly seed: number;
  /** Version of Keras. */
  readonly keras: string;
}

export interface PairedDocument {
  readonly schema: typeof PAIRED_SCHEMA;
  readonly version: typeof PAIRED_VERSION;
  readonly data: { readonly name: string };
  readonly trainings: readonly PairedTraining[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parsePaired = (text: string): PairedDocument =>
  parseDocument<PairedDocument>(
    text,
    { schema: PAIRED_SCHEMA, version: PAIRED_VERSION },
    'npx tsx bench/experiments/paired-with-keras.ts --out FILE',
  );

/** The document with trainings added; one of the same seed takes the place of that before. */
export const withTrainings = (
  document: PairedDocument | undefined,
  name: string,
  added: readonly PairedTraining[],
): PairedDocument => {
  const seeds = added.map(({ seed }) => seed);
  const kept = document?.trainings.filter(({ seed }) => !seeds.includes(seed)) ?? [];
  return {
    ...{ schema: PAIRED_SCHEMA, version: PAIRED_VERSION, data: { name } },
    trainings: [...kept, ...added].sort((one, other) => one.seed - other.seed),
  };
};

const accuracyText = (right: number, images: number) =>
  `${percent(right / images)} (${percentRange(wilson95(right, images))})`;

/** The trainings as a table, with the mean over the seeds where there are several. */
export function pairedText({ trainings }: PairedDocument): string {
  const compared = trainings.map((training) => {
    const comparison = compareCounts(training);
    const { bothRight, onlyARight, onlyBRight } = comparison;
    return {
      ...comparison,
      seed: training.seed,
      ours: bothRight + onlyARight,
      keras: bothRight + onlyBRight,
    };
  });
  const rows = compared.map(
    ({ seed, images, ours, keras, difference, interval95, onlyARight, onlyBRight, mcnemarExactP }) => [
      String(seed),
      accuracyText(ours, images),
      accuracyText(keras, images),
      `${points(difference)} (${interval95.map(points).join(' to ')})`,
      `${onlyARight} and ${onlyBRight}`,
      mcnemarExactP.toFixed(2),
    ],
  );
  const all = [
    'mean of the seeds',
    percent(mean(compared.map(({ ours, images }) => ours / images))),
    percent(mean(compared.map(({ keras, images }) => keras / images))),
    points(mean(compared.map(({ difference }) => difference))),
    '',
    '',
  ];
  const head = [
    'seed',
    '`tandem train latency` (95 %)',
    `Keras ${[...new Set(trainings.map(({ keras }) => keras))].join(', ')} (95 %)`,
    'difference, points (95 %)',
    'only Tandem is right, only Keras',
    'P',
  ];
  return table(head, trainings.length > 1 ? [...rows, all] : rows);
}
