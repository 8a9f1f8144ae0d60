/** Real pictures of every kind that the decoder knows, and ways to spoil them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import sharp from 'sharp';

import type { Random } from '../../statistics/seeded-random';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';

export interface Picture {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The demo's samples, and one of them in each form that a JPEG, PNG or WebP can have. */
export async function makePictures(): Promise<Picture[]> {
  const folder = join(DEMO_MODELS_DIR, 'samples');
  const samples = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
  const picture = sharp(samples[0]!.bytes).resize(160, 120, { fit: 'fill' });
  const forms: readonly [string, sharp.Sharp][] = [
    ['progressive.jpg', picture.clone().jpeg({ progressive: true })],
    ['cmyk.jpg', picture.clone().toColourspace('cmyk').jpeg()],
    ['grey.jpg', picture.clone().toColourspace('b-w').jpeg()],
    ['turned.jpg', picture.clone().withMetadata({ orientation: 6 }).jpeg()],
    [
      'exif.jpg',
      picture
        .clone()
        .withExif({ IFD0: { Artist: 'somebody' } })
        .jpeg(),
    ],
    ['wide.jpg', picture.clone().withIccProfile('p3').jpeg()],
    ['plain.png', picture.clone().png()],
    ['palette.png', picture.clone().png({ palette: true })],
    ['interlaced.png', picture.clone().png({ progressive: true })],
    ['deep.png', picture.clone().toColourspace('rgb16').png()],
    ['deep-wide.png', picture.clone().toColourspace('rgb16').withIccProfile('p3').png()],
    ['clear.png', picture.clone().ensureAlpha(0.5).png()],
    ['grey-clear.png', picture.clone().toColourspace('b-w').ensureAlpha(0.5).png()],
    ['lossy.webp', picture.clone().webp()],
    ['lossless.webp', picture.clone().webp({ lossless: true })],
    ['clear.webp', picture.clone().ensureAlpha(0.5).webp()],
  ];
  const made = forms.map(async ([name, form]) => ({ name, bytes: await form.toBuffer() }));
  return [...samples, ...(await Promise.all(made))];
}

/** Bytes at which parsers look twice. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

const SPOILERS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  // Bits, anywhere or in the head, where the sizes are.
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

/** A spoilt copy. */
export const spoil = (bytes: Buffer, random: Random): Buffer =>
  SPOILERS[random.integer(SPOILERS.length)]!(Buffer.from(bytes), random);

/** The head of one file with the tail of another. */
export function splice(a: Buffer, b: Buffer, random: Random): Buffer {
  return Buffer.concat([a.subarray(0, random.integer(a.length)), b.subarray(random.integer(b.length))]);
}
