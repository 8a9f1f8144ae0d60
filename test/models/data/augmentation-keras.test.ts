import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { applyTransform, drawTransform, type Transform } from '../../../models/data/augmentation';
import { LEVELS } from '../../../models/data/pixels';
import { AUGMENTATION } from '../../../models/recipes';
import { seededRandom } from '../../../statistics/seeded-random';
import { IDENTITY } from '../../support/identity-transform';

const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'keras', 'augmentation');
const read = (name: string) => JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
const floats = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);

/** Keras' names of a transform's parameters. */
const KERAS_NAMES = {
  rotationDegrees: 'theta',
  tx: 'tx',
  ty: 'ty',
  shearDegrees: 'shear',
  zx: 'zx',
  zy: 'zy',
  flipHorizontal: 'flip_horizontal',
  flipVertical: 'flip_vertical',
  channelShift: 'channel_shift_intensity',
  brightness: 'brightness',
} as const satisfies Record<keyof Transform, string>;
const NAMES = Object.entries(KERAS_NAMES) as [keyof Transform, string][];
const transformOf = (parameters: Record<string, number | boolean>): Transform => ({
  ...IDENTITY,
  ...Object.fromEntries(
    NAMES.flatMap(([name, keras]) => (keras in parameters ? [[name, parameters[keras]]] : [])),
  ),
});

type Cases = Record<string, Record<string, number | boolean>[]>;
const CASES = Object.entries(read('cases.json') as Cases);

/** The image, then Keras' result of each case, each [height, width, 3]. */
async function readImages(name: string, count: number) {
  const sheet = sharp(join(FIXTURES, `${name}.png`)).raw();
  const { data, info } = await sheet.toBuffer({ resolveWithObject: true });
  const size = { height: info.height / count, width: info.width };
  const length = data.length / count;
  return {
    size,
    images: Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length)),
  };
}

/** Shares of values that are the same, and that differ by more than one grey level. */
function compare(ours: Float32Array, keras: Uint8Array): { same: number; beyondOne: number } {
  let [same, beyondOne] = [0, 0];
  keras.forEach((level, i) => {
    const difference = Math.abs(Math.round(ours[i]! * 255) - level);
    if (difference === 0) same++;
    if (difference > 1) beyondOne++;
  });
  return { same: same / keras.length, beyondOne: beyondOne / keras.length };
}

const labelled = (cases: Cases[string]) =>
  cases.map((parameters, i) => {
    const drawn = Object.keys(parameters).length === NAMES.length;
    return { i, parameters, label: drawn ? `draw ${i} of the recipe` : JSON.stringify(parameters) };
  });

describe.each(CASES)('of the image %s', (name, cases) => {
  test.each(labelled(cases))('Keras makes the same with $label', async ({ i, parameters }) => {
    const { size, images } = await readImages(name, cases.length + 1);
    const ours = new Float32Array(images[0]!.length);
    applyTransform(images[0]!, size, transformOf(parameters), ours);
    const { same, beyondOne } = compare(ours, images[i + 1]!);
    expect(beyondOne).toBeLessThanOrEqual(0.001);
    expect(same).toBeGreaterThan(0.99);
  });
});

test('brightness comes after the channel shift, and the rescale last', async () => {
  const { parameters, values, levels } = read('flow.json');
  const { size, images } = await readImages('noise', (CASES[0]![1] as unknown[]).length + 1);
  const keras = floats(values);
  const ours = new Float32Array(keras.length);
  applyTransform(images[0]!, size, transformOf(parameters), ours);
  const far = ours.filter((value, i) => Math.abs(value - keras[i]!) > 1.01 / 255);
  expect(far).toHaveLength(0);
  expect(ours.filter((value, i) => Math.abs(value - keras[i]!) < 1e-6).length).toBeGreaterThan(
    0.99 * ours.length,
  );
  floats(levels).forEach((level, i) => expect(LEVELS[i]).toBeCloseTo(level, 6));
});

describe('10,000 draws, one from each item’s stream', () => {
  const { height, width, draws: count, statistics } = read('draws.json');
  const augmentation = { ...AUGMENTATION, widthShiftRange: 0.05 };
  const draws = Array.from({ length: count }, (_, index) =>
    drawTransform(augmentation, { height, width }, seededRandom(5, `augment/3/${index}`)),
  );
  const moments = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, variance, min: Math.min(...values), max: Math.max(...values) };
  };
  const correlation = (a: number[], b: number[]) => {
    const [x, y] = [moments(a), moments(b)];
    const products = moments(a.map((value, i) => (value - x.mean) * (b[i]! - y.mean)));
    return products.mean / Math.sqrt(x.variance * y.variance);
  };
  const column = (name: keyof Transform) => draws.map((draw) => Number(draw[name]));

  test.each(NAMES)('%s is drawn as Keras draws it', (name, keras) => {
    const [ours, theirs] = [moments(column(name)), statistics[keras]];
    const reach = theirs.max - theirs.min;
    expect(Math.abs(ours.min - theirs.min)).toBeLessThan(reach / 500);
    expect(Math.abs(ours.max - theirs.max)).toBeLessThan(reach / 500);
    // Five standard errors of the difference of two means, and of two variances of uniform numbers.
    expect(Math.abs(ours.mean - theirs.mean)).toBeLessThan(5 * Math.sqrt((2 * theirs.variance) / count));
    expect(Math.abs(ours.variance / theirs.variance - 1)).toBeLessThan(5 * Math.sqrt((2 * 0.8) / count));
  });

  test('parameters are independent of each other and of the next item’s', () => {
    const limit = 5 / Math.sqrt(count);
    for (const [first] of NAMES) {
      const values = column(first);
      expect(Math.abs(correlation(values.slice(1), values.slice(0, -1)))).toBeLessThan(limit);
      for (const [second] of NAMES) {
        if (first < second) expect(Math.abs(correlation(values, column(second)))).toBeLessThan(limit);
      }
    }
  });
});
