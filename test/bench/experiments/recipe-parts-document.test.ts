import { existsSync, readFileSync } from 'node:fs';

import { accuracyHeads, LATENCY_HEADS } from '../../../bench/experiments/recipe-heads';
import {
  parseRecipeParts,
  RECIPE_PARTS_FILE,
  RECIPE_PARTS_SCHEMA,
  RECIPE_PARTS_VERSION,
  type RecipePartsDocument,
  recipePartsText,
} from '../../../bench/experiments/recipe-parts-document';
import { RECIPES, TUNED_RECIPES } from '../../../models/recipes';

const DOCUMENT: RecipePartsDocument = {
  ...{ schema: RECIPE_PARTS_SCHEMA, version: RECIPE_PARTS_VERSION },
  ...{ data: { name: 'photos', sha256: 'abc' }, trainImages: 300, measuredImages: 200, seeds: [1, 2] },
  groups: [
    {
      ...{ recipe: 'latency', architecture: 'mobilenetv2' },
      base: { kind: 'file', file: 'a_b.h5', sha256: 'def' },
      heads: [
        { name: 'the reference', right: [150, 160] },
        {
          ...{ name: 'with a part', right: [170, 180] },
          from: { name: 'the reference', difference: 0.1, interval95: [0.05, 0.15] },
        },
      ],
    },
  ],
};

test('the table has the mean accuracy, that of each seed, and the difference from the head before', () => {
  const text = recipePartsText(DOCUMENT);
  expect(text).toContain('`latency`: MobileNetV2, a\\_b.h5.');
  expect(text).toContain('| `latency` | the reference | 77.5 % | 75.0 %, 80.0 % | – |  |');
  expect(text).toContain(
    '| `latency` | with a part | 87.5 % | 85.0 %, 90.0 % | +10.0 (+5.0 to +15.0) | the reference |',
  );
  expect(text).toContain('**Measured** on 200 images of photos');
});

test('the text says that the demo’s base knows no photographs', () => {
  const [group] = DOCUMENT.groups;
  const demo = { ...group!, base: { kind: 'demo', file: 'x', sha256: 'y' } };
  expect(recipePartsText({ ...DOCUMENT, groups: [demo] })).toContain('base, which knows no photographs.');
});

test('the first head is the reference’s, and the last of the tuned ones differs from the tuned recipe in one part', () => {
  const { head, preprocessing } = RECIPES.latency;
  expect(LATENCY_HEADS[0]).toMatchObject({ preprocessing, recipe: { head, labelSmoothing: 0 } });
  const tuned = LATENCY_HEADS.find(({ name }) => name.startsWith('the tuned recipe'))!;
  const { head: tunedHead, labelSmoothing } = TUNED_RECIPES.latency;
  expect(tuned.recipe).toMatchObject({ head: tunedHead, labelSmoothing });
  expect(LATENCY_HEADS.at(-1)).toMatchObject({
    ...{ name: 'with labels that are not smoothed', from: tuned.name, preprocessing: tuned.preprocessing },
    recipe: { head: tunedHead, labelSmoothing: 0 },
  });
});

test('heads for accuracy keep the input range of the base, and that of the tuned recipe is one of them', () => {
  const heads = accuracyHeads('zero-to-one');
  expect(heads.map(({ recipe }) => recipe.head)).toContainEqual(TUNED_RECIPES.accuracy.head);
  expect(heads[0]!.recipe.head).toMatchObject(RECIPES.accuracy.head);
  expect(new Set(heads.map(({ preprocessing }) => preprocessing))).toEqual(new Set(['zero-to-one']));
});

test('each head is compared with one before it, under a name that is there once', () => {
  for (const heads of [LATENCY_HEADS, accuracyHeads('zero-to-one')]) {
    const names = heads.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    heads.forEach(({ from }, i) => expect(from === undefined ? 0 : names.indexOf(from)).toBeLessThan(i || 1));
  }
});

test('the committed figures are of the heads that the experiment trains', () => {
  if (!existsSync(RECIPE_PARTS_FILE)) throw new Error('run `npm run bench:recipe-parts -- --write`');
  const { groups, measuredImages, seeds } = parseRecipeParts(readFileSync(RECIPE_PARTS_FILE, 'utf8'));
  const [latency] = groups;
  expect(latency!.heads.map(({ name }) => name)).toEqual(LATENCY_HEADS.map(({ name }) => name));
  for (const { right } of groups.flatMap(({ heads }) => heads)) {
    expect(right).toHaveLength(seeds.length);
    for (const count of right) expect(count).toBeLessThanOrEqual(measuredImages);
  }
});
