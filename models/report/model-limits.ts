/**
 * The limits of a model, derived from its own figures.
 */
import { escapeMarkdown } from '../../charts/markdown';
import { mainSplit, type ModelCardFacts } from './model-facts';
import { percent } from '../../charts/percent';
import { STAGE_TITLES } from '../recipes';

/** Below this many images, a class's figures are uncertain: at 30, the interval of a recall of 90 % is 22 points wide. */
const MIN_IMAGES = 30;
/** Ratio of the largest to the smallest training class from which imbalance is reported. */
const MIN_IMBALANCE_RATIO = 3;
/** Difference of mean confidence and accuracy from which miscalibration is reported. */
const MIN_MISCALIBRATION = 0.05;

function fewImages(facts: ModelCardFacts): string[] {
  const { split, evaluation } = mainSplit(facts);
  const few = evaluation.perClass.flatMap(({ support }, i) =>
    support < MIN_IMAGES ? [`${escapeMarkdown(facts.classes[i]!)} (${support})`] : [],
  );
  return few.length === 0
    ? []
    : [
        `The ${split} split has fewer than ${MIN_IMAGES} images of: ${few.join(', ')}. The figures of these classes are uncertain.`,
      ];
}

function weakestClass(facts: ModelCardFacts): string[] {
  const { evaluation } = mainSplit(facts);
  const { perClass, confusion } = evaluation;
  const recalls = perClass.flatMap(({ recall }, k) => (recall === null ? [] : [{ k, recall }]));
  const weakest = recalls.reduce((a, b) => (b.recall < a.recall ? b : a));
  if (weakest.recall === 1) return [];
  const { k, recall } = weakest;
  const mistakes = confusion[k]!.map((count, j) => (j === k ? 0 : count));
  const commonest = Math.max(...mistakes);
  const name = (i: number) => escapeMarkdown(facts.classes[i]!);
  return [
    `Weakest class: ${name(k)}, with a recall of ${percent(recall)}; ${commonest} of its ${perClass[k]!.support} images are classified as ${name(mistakes.indexOf(commonest))}.`,
  ];
}

function calibration(facts: ModelCardFacts): string[] {
  const { evaluation } = mainSplit(facts);
  const { meanConfidence, accuracy } = evaluation;
  if (Math.abs(meanConfidence - accuracy) < MIN_MISCALIBRATION) return [];
  const word = meanConfidence > accuracy ? 'over' : 'under';
  return [
    `It is ${word}confident: its mean confidence is ${percent(meanConfidence)}, its accuracy ${percent(accuracy)}. A probability is not the chance that the class is correct.`,
  ];
}

function imbalance({ data, classes, classWeights }: ModelCardFacts): string[] {
  const counts = data.counts.train ?? [];
  const [smallest, largest] = [Math.min(...counts), Math.max(...counts)];
  if (counts.length === 0 || largest < MIN_IMBALANCE_RATIO * smallest) return [];
  const name = (count: number) => `${escapeMarkdown(classes[counts.indexOf(count)]!)} (${count})`;
  const remedy = classWeights === undefined ? 'nothing compensated' : 'class weights compensated';
  return [
    `The training split has far fewer images of ${name(smallest)} than of ${name(largest)}; ${remedy} for this.`,
  ];
}

function unfinished({ stages }: ModelCardFacts): string[] {
  return stages
    .filter(({ epochsDone, epochsPlanned }) => epochsDone < epochsPlanned)
    .map(
      ({ stage, epochsDone, epochsPlanned }) =>
        `Trained for less than the whole recipe: the stage ${STAGE_TITLES[stage]} ended after ${epochsDone} of ${epochsPlanned} epochs.`,
    );
}

/** What the figures of a model without test images are worth. */
function withoutTest({ stages, temperature }: ModelCardFacts): string {
  const chosen = [
    ...(stages.some(({ keptEpoch, stoppedEarly }) => keptEpoch !== undefined || stoppedEarly)
      ? ['the epoch']
      : []),
    ...(temperature === undefined ? [] : ['the temperature']),
  ];
  return chosen.length === 0
    ? 'No test split was measured, only val. It chose nothing in this training; choose among trainings by it, and the figures of the best are too optimistic.'
    : `No test split was measured: the validation images also chose ${chosen.join(' and ')}, so their figures are too optimistic.`;
}

/** What a base means for the accuracy; nothing to say of ImageNet's. */
export const BASE_LIMITS: Readonly<Record<ModelCardFacts['base']['kind'], readonly string[]>> = {
  imagenet: [],
  file: ['Its base is a file that the user supplied; what that base was trained on is unknown.'],
  demo: [
    'Its base was pretrained on procedural surfaces, not on photographs: expect a lower accuracy than with an ImageNet base.',
  ],
  seed: ['Its base is random: only the stages of the training below taught it anything.'],
};

/**
 * The intended use, then the limits; one or two sentences each, as Markdown.
 *
 * @throws RangeError if no split was measured
 */
export function limits(facts: ModelCardFacts): string[] {
  const { split } = mainSplit(facts);
  return [
    `Intended for images like those of ${escapeMarkdown(facts.data.name)}; its accuracy on other images was not measured.`,
    `It always predicts one of its ${facts.classes.length} classes, even if the image shows none of them.`,
    ...(split === 'test' ? [] : [withoutTest(facts)]),
    ...weakestClass(facts),
    ...fewImages(facts),
    ...calibration(facts),
    ...imbalance(facts),
    ...BASE_LIMITS[facts.base.kind],
    ...unfinished(facts),
  ];
}
