/**
 * Keras' `ImageDataGenerator`: its random draw, its transform and its order of operations.
 *
 * @see keras/src/legacy/preprocessing/image.py of Keras 3.12, `get_random_transform` and `apply_transform`
 */
import { LEVELS } from './pixels';
import type { Augmentation } from '../recipes';
import type { Random } from '../../statistics/seeded-random';

// Looked up once: in Jest's contexts, looking up a global costs more than calling the function.
const { cos, fround, imul, max, min, PI, round, sin } = Math;

/**
 * Parameters of one transform. In Keras 3, x is the columns and y the rows, although `tx` is drawn from
 * `height_shift_range` and the height, and `ty` from the width's.
 */
export interface Transform {
  readonly rotationDegrees: number;
  /** Horizontal offset of the source of each column, pixels. */
  readonly tx: number;
  /** The same for rows. */
  readonly ty: number;
  readonly shearDegrees: number;
  /** Source columns per column of the result; above 1 the image gets smaller. */
  readonly zx: number;
  /** The same for rows. */
  readonly zy: number;
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
  /** Grey levels added to every value, then clipped to the image's own range. */
  readonly channelShift: number;
  /** Factor, 0 or more. */
  readonly brightness: number;
}

/** Draws a transform for an image of the given size, every parameter uniform and independent. */
export function drawTransform(
  augmentation: Augmentation,
  { height, width }: { height: number; width: number },
  random: Random,
): Transform {
  const within = (range: number) => random.between(-range, range);
  const zoom = () => random.between(1 - augmentation.zoomRange, 1 + augmentation.zoomRange);
  return {
    rotationDegrees: within(augmentation.rotationRangeDegrees),
    tx: within(augmentation.heightShiftRange) * height,
    ty: within(augmentation.widthShiftRange) * width,
    shearDegrees: within(augmentation.shearRangeDegrees),
    zx: zoom(),
    zy: zoom(),
    flipHorizontal: random.uniform() < 0.5 && augmentation.horizontalFlip,
    flipVertical: random.uniform() < 0.5 && augmentation.verticalFlip,
    channelShift: within(augmentation.channelShiftRange),
    brightness: random.between(...augmentation.brightnessRange),
  };
}

type Matrix = readonly [number, number, number, number, number, number];

/** Multiplies 2x3 matrices [a b c; d e f] as if they had a third row [0 0 1]. */
function multiply([a, b, c, d, e, f]: Matrix, [p, q, r, s, t, u]: Matrix): Matrix {
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

/**
 * Maps a column and row of the result to the source, about the image's centre. As in Keras, that is the centre of the
 * transposed image, which differs if the image is not square.
 */
function sourceOf(t: Transform, height: number, width: number): Matrix {
  const theta = (t.rotationDegrees * PI) / 180;
  const shear = (t.shearDegrees * PI) / 180;
  const [centreX, centreY] = [height / 2 - 0.5, width / 2 - 0.5];
  const steps: Matrix[] = [
    [1, 0, centreX, 0, 1, centreY],
    [cos(theta), -sin(theta), 0, sin(theta), cos(theta), 0],
    [1, 0, t.tx, 0, 1, t.ty],
    [1, -sin(shear), 0, 0, cos(shear), 0],
    [t.zx, 0, 0, 0, t.zy, 0],
    [1, 0, -centreX, 0, 1, -centreY],
  ];
  return steps.reduce(multiply);
}

/** Bits after the point of a grey level in fixed point: with shifts of up to 256 levels, values fit 31 bits. */
const FRACTION_BITS = 22;
const ONE = 1 << FRACTION_BITS;
/** Keras truncates float32, in which 199.99999 is 200: a value this close below a whole number counts as whole. */
const ALMOST = 1 << 8;
/** Largest shift, grey levels: it already takes every value to the end of the range. */
const MOST_SHIFT = 256;

function mix(
  pixels: Uint8Array | Uint8ClampedArray,
  p: number,
  q: number,
  r: number,
  s: number,
  w00: number,
  w01: number,
  w10: number,
  w11: number,
): number {
  return (imul(pixels[p]!, w00) + imul(pixels[q]!, w01) + imul(pixels[r]!, w10) + imul(pixels[s]!, w11)) | 0;
}

/**
 * Interpolates the image at each place's source, nearest beyond its edges, and adds `shift`; flips.
 *
 * Works in fixed point, because V8 computes 32-bit integers faster than it converts them to floats and back.
 *
 * @param out receives whole grey levels, [height, width, 3], from -256 to 511
 * @returns the lowest and highest whole grey level before the shift
 */
function resample(
  pixels: Uint8Array | Uint8ClampedArray,
  { height, width }: { height: number; width: number },
  t: Transform,
  out: Int32Array,
): [number, number] {
  const [a, b, c, d, e, f] = sourceOf(t, height, width);
  const rowBytes = imul(3, width);
  const [lastRow, lastColumn] = [height - 1, width - 1];
  const shift = round(max(-MOST_SHIFT, min(t.channelShift, MOST_SHIFT)) * ONE) + ALMOST;
  const step = t.flipHorizontal ? -3 : 3;
  let low = 255 * ONE;
  let high = 0;
  for (let row = 0; row < height; row++) {
    let nextX = b * row + c;
    let nextY = e * row + f;
    let to = imul(3, imul(t.flipVertical ? lastRow - row : row, width) + (t.flipHorizontal ? lastColumn : 0));
    for (let column = 0; column < width; column++) {
      let x = nextX;
      let y = nextY;
      nextX += a;
      nextY += d;
      let right = 3;
      let down = rowBytes;
      if (x <= 0) x = 0;
      else if (x >= lastColumn) {
        x = lastColumn;
        right = 0;
      }
      if (y <= 0) y = 0;
      else if (y >= lastRow) {
        y = lastRow;
        down = 0;
      }
      const x0 = x | 0;
      const y0 = y | 0;
      const fx = x - x0;
      const fy = (y - y0) * ONE;
      const w11 = (fx * fy + 0.5) | 0;
      const w10 = (((fy + 0.5) | 0) - w11) | 0;
      const w01 = (((fx * ONE + 0.5) | 0) - w11) | 0;
      const w00 = (ONE - w01 - w10 - w11) | 0;
      const p = (imul(y0, rowBytes) + imul(3, x0)) | 0;
      const q = (p + right) | 0;
      const r = (p + down) | 0;
      const s = (r + right) | 0;
      const red = mix(pixels, p, q, r, s, w00, w01, w10, w11);
      const green = mix(pixels, (p + 1) | 0, (q + 1) | 0, (r + 1) | 0, (s + 1) | 0, w00, w01, w10, w11);
      const blue = mix(pixels, (p + 2) | 0, (q + 2) | 0, (r + 2) | 0, (s + 2) | 0, w00, w01, w10, w11);
      low = min(low, red, green, blue);
      high = max(high, red, green, blue);
      out[to] = (red + shift) >> FRACTION_BITS;
      out[(to + 1) | 0] = (green + shift) >> FRACTION_BITS;
      out[(to + 2) | 0] = (blue + shift) >> FRACTION_BITS;
      to = (to + step) | 0;
    }
  }
  return [(low + ALMOST) >> FRACTION_BITS, (high + ALMOST) >> FRACTION_BITS];
}

/**
 * Applies a transform, then the rescale.
 *
 * @param pixels RGB bytes [height, width, 3]
 * @param out receives the input values, [height, width, 3], from `at` on
 */
export function applyTransform(
  pixels: Uint8Array | Uint8ClampedArray,
  { height, width }: { height: number; width: number },
  t: Transform,
  out: Float32Array,
  at = 0,
): void {
  const size = 3 * height * width;
  const inPlace = new Int32Array(out.buffer, out.byteOffset + 4 * at, size);
  const [low, high] = resample(pixels, { height, width }, t, inPlace);
  // Keras changes brightness through PIL, on bytes: fractions are truncated before and after.
  const brightness = fround(t.brightness);
  const values = Float32Array.from({ length: 2 * MOST_SHIFT + 256 }, (_, i) => {
    const level = max(low, min(i - MOST_SHIFT, high));
    return LEVELS[min(fround(level * brightness) | 0, 255)]!;
  });
  // Copied as bits: otherwise V8 converts each float to a double and back.
  const bits = new Int32Array(values.buffer);
  for (let i = 0; i < size; i += 3) {
    inPlace[i] = bits[(inPlace[i]! + MOST_SHIFT) | 0]!;
    inPlace[(i + 1) | 0] = bits[(inPlace[(i + 1) | 0]! + MOST_SHIFT) | 0]!;
    inPlace[(i + 2) | 0] = bits[(inPlace[(i + 2) | 0]! + MOST_SHIFT) | 0]!;
  }
}
