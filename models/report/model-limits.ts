/**
 * What a model must not be trusted with, read off its own figures.
 */
import { escapeMarkdown } from '../../charts/markdown';
import { mainSplit, type ModelCardFacts } from './model-facts';
import { percent } from '../../charts/percent';
import { STAGE_TITLES } from '../recipes';

/** Below this many images, a class's figures say little: at 30, a recall of 90 % has an interval 22 points wide. */
export const FEW_IMAGES = 30;
/** Commonest to rarest class in training, from which imbalance is worth a word. */
const IMBALANCED = 3;
/** Mean confidence less accuracy, from which the confidence misleads. */
const MISCALIBRATED = 0.05;

function fewImages(facts: ModelCardFacts): string[] {
  const { split, evaluation } = mainSplit(facts);
  const few = evaluation.perClass.flatMap(({ support }, i) =>
    support < FEW_IMAGES ? [`${escapeMarkdown(facts.classes[i]!)} (${support})`] : [],
  );
  return few.length === 0
    ? []
    : [
        `Fewer than ${FEW_IMAGES} images of the ${split} split are of: ${few.join(', ')}. These classes' figures are uncertain.`,
      ];
}

function weakestClass(facts: ModelCardFacts): string[] {
  const { evaluation } = mainSplit(facts);
  const { perClass, confusion } = evaluation;
  const known = perClass.flatMap(({ recall }, k) => (recall === null ? [] : [{ k, recall }]));
  const weakest = known.reduce((a, b) => (b.recall < a.recall ? b : a));
  if (weakest.recall === 1) return [];
  const { k, recall } = weakest;
  const wrong = confusion[k]!.map((count, j) => (j === k ? 0 : count));
  const most = Math.max(...wrong);
  const name = (i: number) => escapeMarkdown(facts.classes[i]!);
  return [
    `Weakest on ${name(k)}: it knows ${percent(recall)} of them, and takes ${most} of ${perClass[k]!.support} for ${name(wrong.indexOf(most))}.`,
  ];
}

function calibration(facts: ModelCardFacts): string[] {
  const { evaluation } = mainSplit(facts);
  const { meanConfidence, accuracy } = evaluation;
  if (Math.abs(meanConfidence - accuracy) < MISCALIBRATED) return [];
  const word = meanConfidence > accuracy ? 'over' : 'under';
  return [
    `It is ${word}confident: its mean confidence is ${percent(meanConfidence)}, its accuracy ${percent(accuracy)}. Do not read a probability as a chance of being right.`,
  ];
}

function imbalance({ data, classes, classWeights }: ModelCardFacts): string[] {
  const counts = data.counts.train ?? [];
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0 || most < IMBALANCED * least) return [];
  const name = (count: number) => `${escapeMarkdown(classes[counts.indexOf(count)]!)} (${count})`;
  const balanced = classWeights === undefined ? 'nothing balanced that' : 'class weights balanced that';
  return [`Training had far fewer images of ${name(least)} than of ${name(most)}; ${balanced}.`];
}

function unfinished({ stages }: ModelCardFacts): string[] {
  return stages
    .filter(({ epochsDone, epochsPlanned }) => epochsDone < epochsPlanned)
    .map(
      ({ stage, epochsDone, epochsPlanned }) =>
        `Not the whole recipe: the stage ${STAGE_TITLES[stage]} ended after ${epochsDone} of ${epochsPlanned} epochs.`,
    );
}

const BASE: Readonly<Record<ModelCardFacts['base']['kind'], readonly string[]>> = {
  imagenet: [],
  file: ['Its base is a file of the user’s: what that had learned is not known here.'],
  demo: [
    'Its base knows procedural surfaces only, no photographs: expect less than of one fine-tuned from ImageNet.',
  ],
  seed: ['Its base is random: nothing was learned before the stages above.'],
};

/** The intended use, then the limits, a sentence or two each. */
export function limits(facts: ModelCardFacts): string[] {
  const { split } = mainSplit(facts);
  return [
    `Meant for images like those of ${escapeMarkdown(facts.data.name)}; how it fares on others was not measured.`,
    `It answers with one of its ${facts.classes.length} classes whatever the image shows, none of them included.`,
    ...(split === 'test'
      ? []
      : [
          'No test split was measured: the validation images also served to choose the epoch, so their figures flatter.',
        ]),
    ...weakestClass(facts),
    ...fewImages(facts),
    ...calibration(facts),
    ...imbalance(facts),
    ...BASE[facts.base.kind],
    ...unfinished(facts),
  ];
}
