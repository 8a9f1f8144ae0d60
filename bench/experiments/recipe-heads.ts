/**
 * The heads that `npm run bench:recipe-parts` trains: the parts of the tuned recipe one apart from each other, and what
 * could replace the head of the accuracy recipe. Pure data, made from the recipes.
 */
import { type ModelId, PREPROCESSINGS, type Preprocessing } from '../../models/catalog';
import type { HeadRecipe } from '../../models/compare/head';
import { RECIPES, type Stage, TUNED_RECIPES } from '../../models/recipes';

/** A head, and the one that it is compared with. */
export interface Head {
  readonly name: string;
  /** Name of the head that this one differs from; the first of a list has none. */
  readonly from?: string;
  readonly preprocessing: Preprocessing;
  readonly recipe: HeadRecipe;
}

/** What a head may differ in. */
interface Settings {
  readonly preprocessing: Preprocessing;
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule: NonNullable<Stage['schedule']>;
  readonly labelSmoothing: number;
}

const settingsOf = ({ head, preprocessing, labelSmoothing = 0 }: (typeof RECIPES)[ModelId]): Settings => ({
  ...{ preprocessing, labelSmoothing, schedule: 'constant' },
  ...head,
});

function headOf(name: string, settings: Settings, from?: string): Head {
  const { preprocessing, labelSmoothing, ...head } = settings;
  const { fineTune, batchSize } = RECIPES.latency;
  const frozen = { ...fineTune, epochs: 0, layersUnfrozen: 0 };
  const recipe = { head, fineTune: frozen, batchSize, labelSmoothing };
  return { name, preprocessing, recipe, ...(from === undefined ? {} : { from }) };
}

const TUNED = settingsOf(TUNED_RECIPES.latency);
const REFERENCE = settingsOf(RECIPES.latency);

/** What a head is trained with: what it is in the tuned recipe, and in the reference. */
const PARTS = {
  preprocessing: [TUNED, REFERENCE].map(
    ({ preprocessing }) => `inputs in ${PREPROCESSINGS[preprocessing].range}`,
  ),
  epochs: [TUNED, REFERENCE].map(({ epochs }) => `${epochs} epochs`),
  schedule: ['a learning rate along half a cosine', 'a constant learning rate'],
  labelSmoothing: [`labels smoothed by ${TUNED.labelSmoothing}`, 'labels that are not smoothed'],
} as const;
const PART_NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

const [REFERENCE_NAME, TUNED_NAME] = ['the reference', 'the tuned recipe: all of these'];

/** The reference, each part of the tuned recipe in it, the tuned recipe, and each part of the reference in it. */
export const LATENCY_HEADS: readonly Head[] = [
  headOf(REFERENCE_NAME, REFERENCE),
  ...PART_NAMES.map((part) =>
    headOf(`with ${PARTS[part][0]}`, { ...REFERENCE, [part]: TUNED[part] }, REFERENCE_NAME),
  ),
  headOf(TUNED_NAME, TUNED, REFERENCE_NAME),
  ...PART_NAMES.map((part) =>
    headOf(`with ${PARTS[part][1]}`, { ...TUNED, [part]: REFERENCE[part] }, TUNED_NAME),
  ),
];

/**
 * The head of the accuracy recipe, and changes of it, for a base with this input range. The range is not one of the
 * changes: it is that of the weights.
 */
export function accuracyHeads(preprocessing: Preprocessing): Head[] {
  const reference = { ...settingsOf(RECIPES.accuracy), preprocessing };
  const { schedule, labelSmoothing, learningRate, epochs } = TUNED;
  const changes: readonly (readonly [string, Partial<Settings>])[] = [
    [`labels smoothed by ${labelSmoothing}`, { labelSmoothing }],
    ['a learning rate along half a cosine', { schedule }],
    [`a learning rate of ${learningRate}`, { learningRate }],
    [`a learning rate of ${learningRate} along half a cosine`, { learningRate, schedule }],
    ['all three', { learningRate, schedule, labelSmoothing }],
    [`all three and ${epochs} epochs: the head of tuned \`latency\``, { ...TUNED, preprocessing }],
  ];
  return [
    headOf(REFERENCE_NAME, reference),
    ...changes.map(([name, change]) => headOf(`with ${name}`, { ...reference, ...change }, REFERENCE_NAME)),
  ];
}
