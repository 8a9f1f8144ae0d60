/**
 * How models of `tandem train` compare with Keras' models of the same recipe, as text. Pure.
 */
import { join } from 'node:path';

import { table } from '../../charts/markdown';
import { percent, percentRange, points } from '../../charts/percent';
import { PACKAGE_ROOT } from '../../files/package-root';
import { wilson95 } from '../../statistics/intervals';
import { mcnemarExact, newcombePaired95, type PairedCounts } from '../../statistics/paired-comparison';
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

const imagesOf = ({ bothRight, onlyARight, onlyBRight, bothWrong }: PairedCounts) =>
  bothRight + onlyARight + onlyBRight + bothWrong;

const accuracyText = (right: number, images: number) =>
  `${percent(right / images)} (${percentRange(wilson95(right, images))})`;

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The trainings as a table, with the mean over the seeds where there are several. */
export function pairedText({ trainings }: PairedDocument): string {
  const rows = trainings.map((training) => {
    const { seed, bothRight, onlyARight, onlyBRight } = training;
    const images = imagesOf(training);
    return [
      String(seed),
      accuracyText(bothRight + onlyARight, images),
      accuracyText(bothRight + onlyBRight, images),
      `${points((onlyARight - onlyBRight) / images)} (${newcombePaired95(training).map(points).join(' to ')})`,
      `${onlyARight} and ${onlyBRight}`,
      mcnemarExact(onlyARight, onlyBRight).toFixed(2),
    ];
  });
  const share = (of: (training: PairedTraining) => number) =>
    trainings.map((training) => of(training) / imagesOf(training));
  const differences = share(({ onlyARight, onlyBRight }) => onlyARight - onlyBRight);
  const all = [
    'mean of the seeds',
    percent(mean(share(({ bothRight, onlyARight }) => bothRight + onlyARight))),
    percent(mean(share(({ bothRight, onlyBRight }) => bothRight + onlyBRight))),
    points(mean(differences)),
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
