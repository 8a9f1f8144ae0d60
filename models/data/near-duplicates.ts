/**
 * Finds images that look alike in two splits: re-encoded, scaled, slightly changed or mirrored copies, which have other
 * pixels. A perceptual hash finds candidates in linear time; a small copy of each image confirms them.
 *
 * @see https://www.hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html (the hash of low frequencies)
 */
import { INPUT_SHAPE } from '../catalog';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;

/** Side of what is hashed, pixels, and of the copy that is kept of each image; both divide the input's sides. */
const SIDE = 32;
const COPY_SIDE = 16;
/** Frequencies of the hash, each way. */
const FREQUENCIES = 8;
/** Parts of the hash that are looked up, bits each. Two hashes that differ in 7 bits have a part that differs in at most one. */
const PARTS = 4;
const PART_BITS = 16;
/** Candidates of an image that are compared: more look like it only in a set of one scene, and one pair is enough to tell. */
const MAX_CANDIDATES = 64;
/** Standard deviation, grey levels, below which an image has too little in it to be recognised. */
const MIN_CONTRAST = 6;
/** Correlation of two small copies from which they show the same. */
const MIN_CORRELATION = 0.98;
/** Largest root mean square difference of two small copies, grey levels. */
export const MAX_DIFFERENCE = 24;

/** What an image looks like. */
export interface Look {
  /** RGB, [16, 16, 3]. */
  readonly copy: Uint8Array;
  /** Signs of the lowest frequencies, 64 bits in parts of 16; undefined for an image with too little in it. */
  readonly hash: readonly number[] | undefined;
}

/** Cosines [frequency, position]. */
const COSINES = Array.from({ length: FREQUENCIES }, (_, u) =>
  Array.from({ length: SIDE }, (__, x) => Math.cos((Math.PI * u * (x + 0.5)) / SIDE)),
);

/** Means of blocks: RGB bytes [224, 224, 3] to [side, side, 3]. */
function smallCopy(pixels: Uint8Array, side: number): Uint8Array {
  const [blockHeight, blockWidth] = [HEIGHT / side, WIDTH / side];
  const sums = new Uint32Array(side * side * CHANNELS);
  let at = 0;
  for (let y = 0; y < HEIGHT; y++) {
    const row = Math.floor(y / blockHeight) * side;
    for (let x = 0; x < WIDTH; x++) {
      const to = CHANNELS * (row + Math.floor(x / blockWidth));
      for (let c = 0; c < CHANNELS; c++) sums[to + c]! += pixels[at++]!;
    }
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / (blockHeight * blockWidth)));
}

/** Grey levels with mean 0, and their standard deviation. */
function centred(copy: Uint8Array): { readonly grey: Float64Array; readonly contrast: number } {
  const grey = new Float64Array(SIDE * SIDE);
  // Weights of ITU-R BT.601.
  for (let i = 0; i < grey.length; i++)
    grey[i] = 0.299 * copy[3 * i]! + 0.587 * copy[3 * i + 1]! + 0.114 * copy[3 * i + 2]!;
  const mean = grey.reduce((sum, level) => sum + level, 0) / grey.length;
  const centredGrey = grey.map((level) => level - mean);
  const power = centredGrey.reduce((sum, level) => sum + level * level, 0);
  return { grey: centredGrey, contrast: Math.sqrt(power / grey.length) };
}

/** Signs of the frequencies (v, u) of rows and columns, in parts; bit 0 is that of the mean, and always 0. */
function hashOf(grey: Float64Array): number[] {
  const parts = new Array<number>(PARTS).fill(0);
  for (let u = 0; u < FREQUENCIES; u++) {
    const columns = COSINES[u]!;
    const byRow = Array.from({ length: SIDE }, (_, y) =>
      columns.reduce((sum, cosine, x) => sum + cosine * grey[y * SIDE + x]!, 0),
    );
    for (let v = 0; v < FREQUENCIES; v++) {
      const rows = COSINES[v]!;
      const amplitude = byRow.reduce((sum, value, y) => sum + rows[y]! * value, 0);
      const bit = v * FREQUENCIES + u;
      if (u + v > 0 && amplitude > 0) parts[Math.floor(bit / PART_BITS)]! |= 1 << (bit % PART_BITS);
    }
  }
  return parts;
}

/** Mirroring changes the sign of the odd frequencies of the columns. */
const MIRRORED_BITS = 0b1010101010101010;
const mirroredHash = (hash: readonly number[]) => hash.map((part) => part ^ MIRRORED_BITS);

/** @param pixels RGB bytes [224, 224, 3] */
export function lookOf(pixels: Uint8Array): Look {
  const { grey, contrast } = centred(smallCopy(pixels, SIDE));
  return { copy: smallCopy(pixels, COPY_SIDE), hash: contrast < MIN_CONTRAST ? undefined : hashOf(grey) };
}

function mirrored(copy: Uint8Array): Uint8Array {
  const turned = new Uint8Array(copy.length);
  for (let y = 0; y < COPY_SIDE; y++) {
    for (let x = 0; x < COPY_SIDE; x++) {
      const [from, to] = [y * COPY_SIDE + x, y * COPY_SIDE + COPY_SIDE - 1 - x].map(
        (pixel) => CHANNELS * pixel,
      ) as [number, number];
      for (let c = 0; c < CHANNELS; c++) turned[to + c] = copy[from + c]!;
    }
  }
  return turned;
}

/** How alike two small copies are: correlation of their values, and root mean square difference in grey levels. */
function likeness(a: Uint8Array, b: Uint8Array): { correlation: number; difference: number } {
  const mean = (copy: Uint8Array) => copy.reduce((sum, level) => sum + level, 0) / copy.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, powerA, powerB, squares] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    product += x * y;
    powerA += x * x;
    powerB += y * y;
    squares += (a[i]! - b[i]!) ** 2;
  }
  return {
    correlation: product / Math.sqrt(powerA * powerB),
    difference: Math.sqrt(squares / a.length),
  };
}

function showSame(a: Uint8Array, b: Uint8Array): boolean {
  const { correlation, difference } = likeness(a, b);
  return correlation >= MIN_CORRELATION && difference <= MAX_DIFFERENCE;
}

/** An image of a split, and what it looks like. */
export interface SeenImage {
  readonly path: string;
  readonly split: string;
  /** SHA-256 of the decoded pixels: images with the same ones are not reported here. */
  readonly pixelsSha256: string;
  readonly look: Look;
}

/** Two images of different splits that show the same. */
export interface NearPair {
  readonly first: SeenImage;
  readonly second: SeenImage;
  /** Whether one is the other's mirror image. */
  readonly mirrored: boolean;
}

/** Numbers under which a hash is stored: one per part. */
const key = (part: number, bits: number) => part * 2 ** PART_BITS + bits;

/** The parts of a hash, and those that differ from them in one bit. */
function* keysNear(hash: readonly number[]): Generator<number> {
  for (const [part, bits] of hash.entries()) {
    yield key(part, bits);
    for (let bit = 0; bit < PART_BITS; bit++) yield key(part, bits ^ (1 << bit));
  }
}

/** The first image of another split that shows the same as `look`. */
function findLike(
  image: SeenImage,
  look: Look,
  index: ReadonlyMap<number, readonly SeenImage[]>,
): SeenImage | undefined {
  const tried = new Set<SeenImage>();
  for (const place of keysNear(look.hash!)) {
    for (const other of index.get(place) ?? []) {
      if (other.split === image.split || other.pixelsSha256 === image.pixelsSha256 || tried.has(other))
        continue;
      if (showSame(other.look.copy, look.copy)) return other;
      tried.add(other);
      if (tried.size >= MAX_CANDIDATES) return undefined;
    }
  }
  return undefined;
}

/**
 * Finds images that show the same as an image of an earlier split; at most one pair per image.
 *
 * @param splitOrder the splits, those to learn from first
 */
export function findNearDuplicates(images: readonly SeenImage[], splitOrder: readonly string[]): NearPair[] {
  const index = new Map<number, SeenImage[]>();
  const pairs: NearPair[] = [];
  for (const split of splitOrder) {
    const own = images.filter((image) => image.split === split && image.look.hash !== undefined);
    for (const image of own) {
      const { look } = image;
      const turned = { copy: mirrored(look.copy), hash: mirroredHash(look.hash!) };
      const plain = findLike(image, look, index);
      const found = plain ?? findLike(image, turned, index);
      if (found !== undefined) pairs.push({ first: found, second: image, mirrored: plain === undefined });
    }
    for (const image of own) {
      for (const [part, bits] of image.look.hash!.entries()) {
        const place = index.get(key(part, bits)) ?? [];
        index.set(key(part, bits), place);
        place.push(image);
      }
    }
  }
  return pairs;
}

/** Number of pairs that the warning names; it counts the others. */
const NAMED_PAIRS = 10;

/**
 * A warning that names pairs: `images of one split look like images of another, 1 pair: train/a.jpg ~ val/b.jpg (mirrored)`.
 *
 * @returns undefined without pairs
 */
export function nearWarning(pairs: readonly NearPair[]): string | undefined {
  if (pairs.length === 0) return undefined;
  const named = pairs
    .slice(0, NAMED_PAIRS)
    .map((pair) => `${pair.first.path} ~ ${pair.second.path}${pair.mirrored ? ' (mirrored)' : ''}`);
  const more = pairs.length > NAMED_PAIRS ? [`and ${pairs.length - NAMED_PAIRS} more`] : [];
  const count = `${pairs.length} ${pairs.length === 1 ? 'pair' : 'pairs'}`;
  return `images of one split look like images of another, ${count}: ${[...named, ...more].join(', ')}; look at them: if they are copies, remove one of each pair, or measured accuracy may be too high`;
}
