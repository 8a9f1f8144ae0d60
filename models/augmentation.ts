/**
 * Keras' `ImageDataGenerator`: its random draw, its transform and its order of operations.
 *
 * @see keras/src/legacy/preprocessing/image.py, `get_random_transform` and `apply_transform`
 */
import { RESCALE } from './catalog';
import type { Augmentation } from './recipes';
import type { Random } from './seeded-random';

// Looked up once: in Jest's contexts each look-up of a global costs more than the function.
const { trunc } = Math;

/** Parameters of one transform, drawn from an {@link Augmentation}. */
export interface Transform {
  readonly rotationDegrees: number;
  /** Shifts in pixels, rows and columns. */
  readonly shiftRows: number;
  readonly shiftColumns: number;
  readonly shearDegrees: number;
  readonly zoomRows: number;
  readonly zoomColumns: number;
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
  /** Grey levels added to every value, then clipped to the picture's own range. */
  readonly channelShift: number;
  readonly brightness: number;
}

/** Draws a transform for a picture of the given size. */
export function drawTransform(
  augmentation: Augmentation,
  { height, width }: { height: number; width: number },
  random: Random,
): Transform {
  const within = (range: number) => random.between(-range, range);
  const zoom = () => random.between(1 - augmentation.zoomRange, 1 + augmentation.zoomRange);
  return {
    rotationDegrees: within(augmentation.rotationRangeDegrees),
    shiftRows: within(augmentation.heightShiftRange) * height,
    shiftColumns: within(augmentation.widthShiftRange) * width,
    shearDegrees: within(augmentation.shearRangeDegrees),
    zoomRows: zoom(),
    zoomColumns: zoom(),
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

/** Maps a row and column of the result to those of the source, about the picture's centre. */
function sourceOf(t: Transform, height: number, width: number): Matrix {
  const theta = (t.rotationDegrees * Math.PI) / 180;
  const shear = (t.shearDegrees * Math.PI) / 180;
  const [centreRow, centreColumn] = [height / 2 - 0.5, width / 2 - 0.5];
  const steps: Matrix[] = [
    [1, 0, centreRow, 0, 1, centreColumn],
    [Math.cos(theta), -Math.sin(theta), 0, Math.sin(theta), Math.cos(theta), 0],
    [1, 0, t.shiftRows, 0, 1, t.shiftColumns],
    [1, -Math.sin(shear), 0, 0, Math.cos(shear), 0],
    [t.zoomRows, 0, 0, 0, t.zoomColumns, 0],
    [1, 0, -centreRow, 0, 1, -centreColumn],
  ];
  return steps.reduce(multiply);
}

const clamp = (value: number, low: number, high: number) => (value < low ? low : value > high ? high : value);

/**
 * Applies a transform and the recipe's rescale.
 *
 * @param pixels RGB bytes [height, width, 3]
 * @param out where the floats in [0, 1] go, [height, width, 3], from `at` on
 */
export function applyTransform(
  pixels: Uint8Array | Uint8ClampedArray,
  { height, width }: { height: number; width: number },
  t: Transform,
  out: Float32Array,
  at = 0,
): void {
  const [a, b, c, d, e, f] = sourceOf(t, height, width);
  let [low, high] = [Infinity, -Infinity];
  for (let row = 0; row < height; row++) {
    const outRow = t.flipVertical ? height - 1 - row : row;
    for (let column = 0; column < width; column++) {
      const y = clamp(a * row + b * column + c, 0, height - 1);
      const x = clamp(d * row + e * column + f, 0, width - 1);
      const [y0, x0] = [y | 0, x | 0];
      const [fy, fx] = [y - y0, x - x0];
      const top = 3 * (y0 * width + x0);
      const right = x0 + 1 < width ? 3 : 0;
      const bottom = top + (y0 + 1 < height ? 3 * width : 0);
      const to = at + 3 * (outRow * width + (t.flipHorizontal ? width - 1 - column : column));
      for (let channel = 0; channel < 3; channel++) {
        const upper = pixels[top + channel]! * (1 - fx) + pixels[top + right + channel]! * fx;
        const lower = pixels[bottom + channel]! * (1 - fx) + pixels[bottom + right + channel]! * fx;
        const value = upper * (1 - fy) + lower * fy;
        out[to + channel] = value;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  // Keras changes brightness on bytes, through PIL: both steps cut off fractions.
  const size = 3 * height * width;
  for (let i = at; i < at + size; i++) {
    const shifted = trunc(clamp(out[i]! + t.channelShift, low, high));
    out[i] = trunc(clamp(shifted * t.brightness, 0, 255)) * RESCALE;
  }
}
