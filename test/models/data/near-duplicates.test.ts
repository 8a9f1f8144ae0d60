import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import { decodePixels } from '../../../models/data/decode';
import {
  findNearDuplicates,
  lookOf,
  MAX_DIFFERENCE,
  nearWarning,
  type SeenImage,
} from '../../../models/data/near-duplicates';
import { DEMO_MODELS_DIR } from '../../../models/weights/saved-model';
import { seededRandom } from '../../../statistics/seeded-random';

const SPLITS = ['train', 'val', 'test'];
const SAMPLES = join(DEMO_MODELS_DIR, 'samples');
const SIDE = 224;

let count = 0;
async function seen(split: string, path: string, image: Buffer): Promise<SeenImage> {
  const look = lookOf(await decodePixels(image, 1e7));
  return { split, path, pixelsSha256: String(count++), look };
}

const names = readdirSync(SAMPLES);
const bytes = (name: string) => readFileSync(join(SAMPLES, name));

/** A drawing of soft blobs, like no other seed's. */
async function drawing(seed: number): Promise<Buffer> {
  const random = seededRandom(seed, 'drawing');
  const pixels = Uint8Array.from({ length: 12 * 12 * 3 }, () => random.integer(256));
  return sharp(pixels, { raw: { width: 12, height: 12, channels: 3 } })
    .resize(SIDE, SIDE, { kernel: 'cubic' })
    .png()
    .toBuffer();
}

test('copies that were re-encoded, scaled, brightened or mirrored are found, each with its pair', async () => {
  const changes: readonly [string, (image: sharp.Sharp) => sharp.Sharp][] = [
    ['re-encoded', (image) => image.jpeg({ quality: 40 })],
    ['scaled', (image) => image.resize(120, 160, { fit: 'fill' }).webp({ quality: 70 })],
    ['brightened', (image) => image.modulate({ brightness: 1.05 }).jpeg()],
    ['mirrored', (image) => image.flop().jpeg({ quality: 70 })],
  ];
  const images: SeenImage[] = [];
  for (let seed = 0; seed < 8; seed++) images.push(await seen('train', `${seed}`, await drawing(seed)));
  for (const [i, [name, change]] of changes.entries()) {
    const changed = await change(sharp(await drawing(i))).toBuffer();
    images.push(await seen(i % 2 === 0 ? 'val' : 'test', name, changed));
  }
  const pairs = findNearDuplicates(images, SPLITS);
  expect(pairs.map(({ first, second, mirrored }) => [first.path, second.path, mirrored]).toSorted()).toEqual([
    ['0', 're-encoded', false],
    ['1', 'scaled', false],
    ['2', 'brightened', false],
    ['3', 'mirrored', true],
  ]);
});

test('different photographs, drawings and plain areas are not taken for copies', async () => {
  const images: SeenImage[] = [];
  for (const [i, name] of names.entries()) images.push(await seen(SPLITS[i % 3]!, name, bytes(name)));
  for (let seed = 0; seed < 15; seed++)
    images.push(await seen(SPLITS[seed % 3]!, `${seed}`, await drawing(seed)));
  for (const [i, background] of ['#ddd', '#dcdcdc', '#dddddc'].entries()) {
    const plain = sharp({ create: { width: 40, height: 40, channels: 3, background } });
    images.push(await seen(SPLITS[i]!, background, await plain.png().toBuffer()));
  }
  expect(findNearDuplicates(images, SPLITS)).toEqual([]);
});

test('a copy in the same split, and one with the same pixels, are not reported here', async () => {
  const image = await drawing(1);
  const first = await seen('train', 'first', image);
  const again = await seen('train', 'again', await sharp(image).jpeg().toBuffer());
  const exact = { ...first, split: 'val', path: 'exact' };
  expect(findNearDuplicates([first, again], SPLITS)).toEqual([]);
  expect(findNearDuplicates([first, exact], SPLITS)).toEqual([]);
  expect(findNearDuplicates([first, again, exact], SPLITS).map(({ first: { path } }) => path)).toEqual([
    'again',
  ]);
});

test('thousands of images of one scene cost little: each is told with one pair', async () => {
  const { look } = await seen('train', '', await drawing(1));
  const images = Array.from({ length: 6000 }, (_, i) => {
    // Never the same pixels, always the same scene.
    const copy = look.copy.map((level, at) =>
      at === i % 3000 ? Math.min(255, level + MAX_DIFFERENCE) : level,
    );
    return { path: `${i}`, split: i < 3000 ? 'train' : 'val', pixelsSha256: `${i}`, look: { ...look, copy } };
  });
  expect(findNearDuplicates(images, SPLITS)).toHaveLength(3000);
});

test('the warning names ten pairs and counts the others', async () => {
  const image = await seen('train', 'a', await drawing(1));
  const pair = { first: image, second: { ...image, path: 'b' }, mirrored: true };
  expect(nearWarning([])).toBeUndefined();
  expect(nearWarning([pair])).toMatch(
    /^images of one split look like images of another, 1 pair: a ~ b \(mirrored\); look/,
  );
  expect(nearWarning(Array.from({ length: 12 }, () => ({ ...pair, mirrored: false })))).toMatch(
    /, 12 pairs: (a ~ b, ){10}and 2 more; look at them/,
  );
});
