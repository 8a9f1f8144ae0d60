/**
 * What `npm run bench:recipe-parts` measured, as text. Pure.
 */
import { join } from 'node:path';

import { escapeMarkdown, table } from '../../charts/markdown';
import { percent, points } from '../../charts/percent';
import { PACKAGE_ROOT } from '../../files/package-root';
import { type ArchitectureId, ARCHITECTURES } from '../../models/catalog';
import type { MeanDifference } from '../../statistics/mean-paired';
import { parseDocument } from '../load/parse-document';
import { mean } from '../../statistics/mean';

/** The figures of the table in docs/training.md. */
export const RECIPE_PARTS_FILE = join(PACKAGE_ROOT, 'docs/training/trashnet-recipe-parts.json');

/** Name and version of the document; the version rises when a field changes its meaning. */
export const RECIPE_PARTS_SCHEMA = 'tandem.recipe-parts';
export const RECIPE_PARTS_VERSION = 1;

/** One head, trained with each seed. */
export interface MeasuredHead {
  readonly name: string;
  /** Images that it is right on, by seed. */
  readonly right: readonly number[];
  /** The head that it is compared with, and the difference from it. */
  readonly from?: MeanDifference & { readonly name: string };
}

/** Heads on the features of one base. */
export interface Group {
  readonly recipe: 'latency' | 'accuracy';
  readonly architecture: ArchitectureId;
  readonly base: { readonly kind: string; readonly file: string; readonly sha256: string };
  readonly heads: readonly MeasuredHead[];
}

export interface RecipePartsDocument {
  readonly schema: typeof RECIPE_PARTS_SCHEMA;
  readonly version: typeof RECIPE_PARTS_VERSION;
  readonly data: { readonly name: string; readonly sha256: string };
  readonly trainImages: number;
  /** Images of `val` and `test`. */
  readonly measuredImages: number;
  readonly seeds: readonly number[];
  readonly groups: readonly Group[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseRecipeParts = (text: string): RecipePartsDocument =>
  parseDocument<RecipePartsDocument>(
    text,
    { schema: RECIPE_PARTS_SCHEMA, version: RECIPE_PARTS_VERSION },
    'npm run bench:recipe-parts',
  );

const baseText = ({ recipe, architecture, base }: Group) =>
  `\`${recipe}\`: ${ARCHITECTURES[architecture].title}, ${base.kind === 'demo' ? 'the demo’s base, which knows no photographs' : escapeMarkdown(base.file)}.`;

/** The name of a head without what explains it. */
const shortName = (name: string) => name.split(':')[0]!;

/** The measurement as text: a table of all groups, and how it came about. */
export function recipePartsText(document: RecipePartsDocument): string {
  const { data, trainImages, measuredImages, seeds, groups } = document;
  const share = (count: number) => percent(count / measuredImages);
  const rows = groups.flatMap(({ recipe, heads }) =>
    heads.map(({ name, right, from }) => [
      ...[`\`${recipe}\``, name, share(mean(right)), right.map(share).join(', ')],
      ...(from === undefined
        ? ['–', '']
        : [`${points(from.difference)} (${from.interval95.map(points).join(' to ')})`, shortName(from.name)]),
    ]),
  );
  const head = [
    ...['recipe', 'head', 'mean accuracy', `seeds ${seeds.join(', ')}`],
    ...['points, 95 % interval', 'from'],
  ];
  const method = [
    `**Measured** on ${measuredImages} images of ${escapeMarkdown(data.name)} (\`val\` and \`test\`).`,
    ...groups.map(baseText),
    `Heads on the features of ${trainImages} images, computed once: the backbone stays frozen, and no image is augmented.`,
    `Differences are means over ${seeds.length} seeds, with the interval over the images: an image is one observation, however many seeds there are.`,
  ];
  return `${table(head, rows)}\n\n${method.join(' ')}`;
}
