/** Real images of every kind that the decoder knows, and ways to damage them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import type { Random } from '../../statistics/seeded-random';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';

export interface Image {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The demo's samples, and one of them in each form that a JPEG, PNG or WebP can have. */
export async function makeImages(): Promise<Image[]> {
  const folder = join(DEMO_MODELS_DIR, 'samples');
  const samples = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const image = sharp(samples[0]!.bytes).resize(160, 120, { fit: 'fill' });
  const forms: readonly [string, sharp.Sharp][] = [
    ['progressive.jpg', image.clone().jpeg({ progressive: true })],
    ['cmyk.jpg', image.clone().toColourspace('cmyk').jpeg()],
    ['grey.jpg', image.clone().toColourspace('b-w').jpeg()],
    ['turned.jpg', image.clone().withMetadata({ orientation: 6 }).jpeg()],
    [
      'exif.jpg',
      image
        .clone()
        .withExif({ IFD0: { Artist: 'somebody' } })
        .jpeg(),
    ],
    ['wide.jpg', image.clone().withIccProfile('p3').jpeg()],
    ['plain.png', image.clone().png()],
    ['palette.png', image.clone().png({ palette: true })],
    ['interlaced.png', image.clone().png({ progressive: true })],
    ['deep.png', image.clone().toColourspace('rgb16').png()],
    ['deep-wide.png', image.clone().toColourspace('rgb16').withIccProfile('p3').png()],
    ['clear.png', image.clone().ensureAlpha(0.5).png()],
    ['grey-clear.png', image.clone().toColourspace('b-w').ensureAlpha(0.5).png()],
    ['lossy.webp', image.clone().webp()],
    ['lossless.webp', image.clone().webp({ lossless: true })],
    ['clear.webp', image.clone().ensureAlpha(0.5).webp()],
  ];
  const made = forms.map(async ([name, form]) => ({ name, bytes: await form.toBuffer() }));
  return [...samples, ...(await Promise.all(made))];
}

/** Bytes with a meaning of their own in image formats. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

const SPOILERS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  // Bits, anywhere or in the header, which has the sizes.
  (bytes, random) => {
    const end = random.uniform() < 0.5 ? Math.min(bytes.length, 128) : bytes.length;
    for (let i = 0; i <= random.integer(32); i++) bytes[random.integer(end)]! ^= 1 << random.integer(8);
    return bytes;
  },
  (bytes, random) => {
    for (let i = 0; i <= random.integer(8); i++)
      bytes[random.integer(bytes.length)] = EDGES[random.integer(6)]!;
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, 1 + random.integer(bytes.length)),
  (bytes, random) => {
    const at = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(64))]);
  },
  (bytes, random) => {
    const at = random.integer(bytes.length);
    const block = bytes.subarray(at, at + 1 + random.integer(256));
    return Buffer.concat([bytes.subarray(0, at), block, block, bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = random.integer(bytes.length);
    const noise = Buffer.from(Array.from({ length: 1 + random.integer(64) }, () => random.integer(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  (bytes, random) => bytes.fill(EDGES[random.integer(6)]!, random.integer(bytes.length)),
  (bytes) => bytes,
];

/** A damaged copy. */
export const spoil = (bytes: Buffer, random: Random): Buffer =>
  SPOILERS[random.integer(SPOILERS.length)]!(Buffer.from(bytes), random);

/** The start of one file with the end of another. */
export function splice(a: Buffer, b: Buffer, random: Random): Buffer {
  return Buffer.concat([a.subarray(0, random.integer(a.length)), b.subarray(random.integer(b.length))]);
}
