/**
 * The document of a comparison, and its text: `comparison.json` and `comparison.md`. Pure.
 */
import { escapeMarkdown, table } from '../../charts/markdown';
import { percent, percentRange, points } from '../../charts/percent';
import { ARCHITECTURES } from '../catalog';
import type { Dataset } from '../data/dataset';
import type { EvaluatedSplit } from '../data/dataset-splits';
import { type Choice, isServed, LATENCY_MAY_LOSE, type Row, rowName } from './choose';
import type { MissingWeights } from './find-weights';

/** Everything that a comparison found out. It names no path of the machine. */
export interface BasesDocument {
  readonly format: 'tandem-bases';
  readonly formatVersion: 1;
  readonly data: {
    /** Name of the folder. */
    readonly name: string;
    readonly sha256: string;
    readonly splitBy: Dataset['splitBy'];
    readonly classes: readonly string[];
    readonly trainImages: number;
    readonly measuredImages: number;
  };
  readonly split: EvaluatedSplit;
  readonly seed: number;
  readonly head: { readonly epochs: number; readonly learningRate: number; readonly batchSize: number };
  /** Name of the processor, and whether it multiplies bytes exactly. */
  readonly cpu: { readonly name: string; readonly fastInt8: boolean };
  /** Versions of tandem, tfjs, onnxruntime and node. */
  readonly versions: Readonly<Record<string, string>>;
  /** The most accurate first. */
  readonly rows: readonly Row[];
  readonly choices: readonly Choice[];
  readonly missing: readonly MissingWeights[];
}

const MIB = 2 ** 20;

const differenceText = ({ againstBest }: Row): string =>
  againstBest === undefined
    ? '–'
    : `${points(againstBest.difference)} (${againstBest.interval95.map(points).join(' to ')})`;

const originOf = ({ base }: Row): string =>
  base.kind === 'demo' ? 'demo, no photographs' : base.kind === 'imagenet' ? 'ImageNet' : base.origin;

const HEAD = [
  ...['pick for', 'base', 'weights', 'input', 'precision', 'accuracy', '95 % interval'],
  ...['difference in points, 95 % interval', 'CPU ms', 'MiB', 'frontier'],
];

/** The goals that a row is the pick for. */
const pickFor = ({ id, precision }: Row, choices: readonly Choice[]): string =>
  choices
    .filter((choice) => choice.id === id && choice.precision === precision)
    .map(({ goal }) => goal)
    .join(', ');

/** The table of a comparison. */
export const basesTable = ({ rows, choices }: Pick<BasesDocument, 'rows' | 'choices'>): string =>
  table(
    HEAD,
    rows.map((row) => [
      ...[
        pickFor(row, choices),
        ARCHITECTURES[row.architecture].title,
        escapeMarkdown(originOf(row)),
        `${row.sidePixels}${isServed(row) ? '' : ' \\*'}`,
      ],
      ...[row.precision, percent(row.accuracy), percentRange(row.interval95), differenceText(row)],
      ...[row.cpuMs.toFixed(1), Math.round(row.memoryBytes / MIB), row.onFrontier ? 'yes' : ''],
    ]),
  );

/** Each goal with its pick. */
export const choicesText = ({ choices }: Pick<BasesDocument, 'choices'>): string =>
  choices.map((choice) => `- For ${choice.goal}: **${rowName(choice)}**: ${choice.why}.`).join('\n');

/** How the figures came about. */
export function methodText({ data, split, head, cpu, versions, rows, seed }: BasesDocument): string {
  const sentences = [
    `**Measured** on ${data.measuredImages} images of ${escapeMarkdown(data.name)} (${split}).`,
    `A head for each base: ${head.epochs} epochs, learning rate ${head.learningRate}, seed ${seed}, on the features of ${data.trainImages} images without augmentation; the backbone stays frozen.`,
    `The most accurate row is first; differences are from the most accurate one that can be served, image by image (Newcombe).`,
    `CPU ms: median CPU time of one image at a time on one thread of onnxruntime ${versions['onnxruntime']}, without decoding, on ${escapeMarkdown(cpu.name)}${cpu.fastInt8 ? '' : ', which is slow at int8'}.`,
    `MiB: resident memory that the graph and these images add to a process.`,
    `Frontier: no other row is both as accurate and as fast.`,
    `The pick for latency may lose ${100 * LATENCY_MAY_LOSE} points.`,
  ];
  const other = rows.some((row) => !isServed(row));
  return [
    ...sentences,
    ...(other ? ['\\* No pick, however accurate: Tandem trains and serves 224 x 224 only.'] : []),
  ].join(' ');
}

/** The bases that could not be compared, or not by photographs, and how to get their weights. */
export function missingText({ missing }: Pick<BasesDocument, 'missing'>): string {
  if (missing.length === 0) return '';
  const lines = missing.map(({ architecture, url, demoInstead }) => {
    const instead = demoInstead ? '; the demo’s base, which knows no photographs, took its place' : '';
    return `- ${ARCHITECTURES[architecture].title}: [ImageNet weights](${url}) are not here${instead}`;
  });
  return `Not compared:\n\n${lines.join('\n')}\n\nTo fetch them, repeat the command with \`--download\`, or name their files with \`--weights\`.`;
}

/** The whole report as Markdown. */
export function formatBases(document: BasesDocument, chart: string): string {
  const parts = [
    `# Bases compared on ${escapeMarkdown(document.data.name)}`,
    choicesText(document),
    `![Accuracy against latency](${chart})`,
    basesTable(document),
    methodText(document),
    missingText(document),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
