/**
 * The model card of a trained model as Markdown: what it is, what was measured, its limits, and how it was made.
 */
import type { SplitShares } from '../data/dataset-splits';
import { SPLIT_NAMES } from '../data/split-folders';
import { ARCHITECTURES, INPUT_SHAPE, PREPROCESSINGS } from '../catalog';
import { escapeMarkdown, table } from '../../charts/markdown';
import { mainSplit, type ModelCardFacts } from './model-facts';
import { limits } from './model-limits';
import { percent, percentRange } from '../../charts/percent';
import { type Augmentation, type BatchNormMode, STAGE_TITLES } from '../recipes';

const BATCH_NORM: Readonly<Record<BatchNormMode, string>> = {
  inference:
    'all layers normalise by their moving statistics, which do not change; scale and offset of un-frozen layers are trained',
  batch:
    'frozen layers normalise by their moving statistics, which do not change; un-frozen layers normalise by the batch and update their statistics',
};

const percentOrNone = (share: number | null) => (share === null ? '–' : percent(share));
const interval = (range: readonly [number, number] | null) => (range === null ? '–' : percentRange(range));

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

/** A share in percent without the rounding error of the product: 7, where 100 * 0.07 is 7.000000000000001. */
const inPercent = (share: number) => Number((100 * share).toPrecision(6));

/** The augmentation in words, without the flips that it does not do. */
export function describeAugmentation(augmentation: Augmentation): string {
  const {
    rotationRangeDegrees,
    zoomRange,
    widthShiftRange,
    heightShiftRange,
    shearRangeDegrees,
    horizontalFlip,
    verticalFlip,
    fillMode,
    brightnessRange,
    channelShiftRange,
  } = augmentation;
  return [
    `rotation ±${rotationRangeDegrees}°`,
    `zoom ±${inPercent(zoomRange)} %`,
    `shift ±${inPercent(widthShiftRange)} % of the width and ±${inPercent(heightShiftRange)} % of the height`,
    `shear ±${shearRangeDegrees}°`,
    ...(horizontalFlip ? ['horizontal flip'] : []),
    ...(verticalFlip ? ['vertical flip'] : []),
    `brightness ${brightnessRange.join(' to ')}`,
    `channel shift ±${channelShiftRange} grey levels`,
    `${fillMode} fill`,
  ].join(', ');
}

const sharesText = (shares: SplitShares): string =>
  SPLIT_NAMES.map((split) => `${percent(shares[split])} ${split}`).join(', ');

/** What decides the split of an image. */
function splitText({ data: { splitBy, splitShares }, seed }: Pick<ModelCardFacts, 'data' | 'seed'>): string {
  if (splitBy === 'seed') {
    const shares = splitShares === undefined ? '' : ` into ${sharesText(splitShares)}`;
    return `the path contains the class; split by seed ${seed}${shares}`;
  }
  if (splitShares === undefined) return 'the path contains split and class';
  return `the path contains split and class; there is no folder for val: seed ${seed} drew it from the folder of train, by the shares ${sharesText(splitShares)}`;
}

function dataSection(facts: ModelCardFacts): string {
  const { data, classes } = facts;
  const splits = SPLIT_NAMES.filter((split) => data.counts[split] !== undefined);
  const counts = splits.map((split) => data.counts[split]!);
  const rows = [
    ...classes.map((name, i) => [escapeMarkdown(name), ...counts.map((each) => each[i]!)]),
    ['**all**', ...counts.map(sum)],
  ];
  return `## Data

${escapeMarkdown(data.name)}, SHA-256 \`${data.sha256}\` of the bytes and path of every image; ${splitText(facts)}.

${table(['images', ...splits], rows)}`;
}

function trainingSection(facts: ModelCardFacts): string {
  const rows = facts.stages.map((stage) => [
    STAGE_TITLES[stage.stage],
    `${stage.epochsDone} of ${stage.epochsPlanned}`,
    stage.keptEpoch ?? stage.epochsDone,
    `${stage.learningRate}${stage.schedule === 'cosine' ? ', cosine to 0' : ''}`,
    stage.layersUnfrozen,
    facts.batchSize,
    (stage.seconds / 60).toFixed(1),
  ]);
  const { classWeights, classes, charts } = facts;
  const weights = classWeights?.map((weight, i) => `${escapeMarkdown(classes[i]!)} ${weight.toFixed(2)}`);
  return `## Training

${table(['stage', 'epochs', 'kept epoch', 'learning rate (Adam)', 'layers un-frozen', 'batch', 'minutes, measured'], rows)}

- Augmentation: ${facts.augmentation === undefined ? 'none' : describeAugmentation(facts.augmentation)}
- BatchNorm: ${BATCH_NORM[facts.batchNorm]}
- Class weights: ${weights === undefined ? 'none' : weights.join(', ')}
- Label smoothing: ${facts.labelSmoothing}
- Seed: ${facts.seed}${charts.training === undefined ? '' : `\n\n![Loss and accuracy by epoch, measured](${charts.training})`}`;
}

/** What temperature scaling changed; empty if there was none. */
function temperaturePart({ temperature, measured }: ModelCardFacts): string {
  if (temperature === undefined) return '';
  const rows = temperature.before.flatMap(({ split, expectedCalibrationError, logLoss }) => {
    const after = measured.find((each) => each.split === split)?.evaluation;
    if (after === undefined) return [];
    return [
      [
        split,
        percent(expectedCalibrationError),
        percent(after.expectedCalibrationError),
        logLoss.toFixed(3),
        after.logLoss.toFixed(3),
      ],
    ];
  });
  const head = ['split', 'calibration error before', 'after', 'log loss before, nats', 'after'];
  return `Temperature scaling: the outputs of the head are divided by ${temperature.value.toFixed(3)}. val chose this number, so only test shows what it gains.

${table(head, rows)}

`;
}

function measuredSection(facts: ModelCardFacts): string {
  const { measured, classes, charts } = facts;
  const { split, evaluation } = mainSplit(facts);
  const head = [
    'split',
    'images',
    'accuracy',
    '95 % interval (Wilson)',
    'macro F1',
    'log loss, nats',
    'calibration error',
    'engine',
  ];
  const rows = measured.map(({ split: name, engine, evaluation: of }) => [
    name,
    of.images,
    percent(of.accuracy),
    interval(of.interval95),
    of.macroF1.toFixed(3),
    of.logLoss.toFixed(3),
    percent(of.expectedCalibrationError),
    engine,
  ]);
  const perClass = evaluation.perClass.map((of, i) => [
    escapeMarkdown(classes[i]!),
    of.support,
    percentOrNone(of.precision),
    percentOrNone(of.recall),
    interval(of.recallInterval95),
    of.f1?.toFixed(3) ?? '–',
  ]);
  const commonest = Math.max(...evaluation.perClass.map(({ support }) => support)) / evaluation.images;
  const titles = [
    ['confusion', `Confusion on the ${split} split, measured`],
    ['reliability', `Accuracy by confidence on the ${split} split, measured`],
  ] as const;
  return `## Measured

${table(head, rows)}

${temperaturePart(facts)}Always predicting the most common class would reach ${percent(commonest)} on the ${split} split. To repeat the measurement, with the path of this folder and that of the images: \`${facts.command}\`

By class, on the ${split} split:

${table(['class', 'images', 'precision', 'recall', '95 % interval', 'F1'], perClass)}
${titles.flatMap(([name, title]) => (charts[name] === undefined ? [] : [`\n![${title}](${charts[name]})\n`])).join('')}`.trimEnd();
}

function mistakesSection({ mistakes, classes, charts }: ModelCardFacts): string[] {
  if (mistakes.length === 0) return [];
  const rows = mistakes.map(({ file, label, predicted, confidence }) => [
    escapeMarkdown(file),
    escapeMarkdown(classes[label]!),
    escapeMarkdown(classes[predicted]!),
    percent(confidence),
  ]);
  const sheet = charts.mistakes === undefined ? '' : `![The most confident mistakes](${charts.mistakes})\n\n`;
  return [
    `## Most confident mistakes\n\n${sheet}${table(['image', 'true class', 'predicted class', 'confidence'], rows)}`,
  ];
}

/**
 * The card. Its figures are measured, except those of the recipe and of the data set.
 *
 * @throws RangeError if no split was measured
 */
export function modelCard(facts: ModelCardFacts): string {
  const { model, architecture, classes, base, preprocessing, weightsSha256, versions } = facts;
  const { split, evaluation } = mainSplit(facts);
  const names = classes.map(escapeMarkdown).join(', ');
  const checksum = base.sha256 === undefined ? '' : `, SHA-256 \`${base.sha256}\``;
  const madeWith = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const intro = `# Model \`${model}\`

${ARCHITECTURES[architecture].title}, fine-tuned to classify images into ${classes.length} classes: ${names}. **Measured** accuracy on the ${split} split: **${percent(evaluation.accuracy)}** (95 % interval ${interval(evaluation.interval95)}, ${evaluation.images} images).

- Architecture: \`${architecture}\`, input ${INPUT_SHAPE.join(' x ')}, RGB in ${PREPROCESSINGS[preprocessing].range}
- Base: \`${base.kind}\`, ${escapeMarkdown(base.origin)}${checksum}
- Weights: SHA-256 \`${weightsSha256}\`
- Made with: ${madeWith.join(', ')}`;
  const use = `## Intended use and limits

${limits(facts)
  .map((sentence) => `- ${sentence}`)
  .join('\n')}`;
  const sections = [
    intro,
    measuredSection(facts),
    use,
    dataSection(facts),
    trainingSection(facts),
    ...mistakesSection(facts),
  ];
  return `${sections.join('\n\n')}\n`;
}
