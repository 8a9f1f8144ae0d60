/**
 * The demo's image set: any number of images of procedural surfaces, each determined by its seed, split, class and index.
 */
import { type Random, seededRandom } from '../../statistics/seeded-random';
import { SURFACES, type SurfaceName, type Task, taskOf, TASKS } from './surfaces';

// Read once: in Jest's contexts, reading a global costs more than calling the function.
const { abs, floor, sin } = Math;

/** Splits draw different random numbers, so no image is in two of them. */
export type Split = 'train' | 'validation' | 'test';

/** What varies between the images of a class. */
const VARIATION = {
  /** Period of the surface, pixels. */
  periodPixels: [16, 44],
  /** Amplitude of the sine that warps the plane, periods. */
  warpPeriods: [0, 0.15],
  /** Brightness factor at either end of the light's gradient. */
  light: [0.7, 1.3],
  /**
   * Largest deviation of the pixel noise, grey levels. The second task has more than the bases ever saw: what a model
   * learned there must hold in it.
   */
  noiseLevels: { pretraining: [2, 24], transfer: [2, 160] },
  /** Smallest difference in luma of the two colours, of 255. */
  minContrast: 70,
  /** Largest number of boxes in front of the surface. */
  maxBoxes: 2,
  /** Side of a box as a share of the image's side. */
  boxSide: [0.08, 0.28],
} as const;

type Colour = readonly [number, number, number];

const range = (random: Random, [low, high]: readonly [number, number]) => random.between(low, high);
const colour = (random: Random): Colour => [random.integer(256), random.integer(256), random.integer(256)];
/** Rec. 601 luma, 0 to 255. */
const luma = ([r, g, b]: Colour) => 0.299 * r + 0.587 * g + 0.114 * b;

function contrastingColours(random: Random): [Colour, Colour] {
  const first = colour(random);
  for (;;) {
    const second = colour(random);
    if (abs(luma(first) - luma(second)) >= VARIATION.minContrast) return [first, second];
  }
}

function occlude(pixels: Uint8ClampedArray, sidePixels: number, random: Random): void {
  const boxes = random.integer(VARIATION.maxBoxes + 1);
  for (let box = 0; box < boxes; box++) {
    const [width, height] = [
      range(random, VARIATION.boxSide) * sidePixels,
      range(random, VARIATION.boxSide) * sidePixels,
    ];
    const [left, top] = [random.between(0, sidePixels - width), random.between(0, sidePixels - height)];
    const fill = colour(random);
    for (let y = floor(top); y < top + height; y++) {
      for (let x = floor(left); x < left + width; x++) pixels.set(fill, 3 * (y * sidePixels + x));
    }
  }
}

/**
 * Draws one image, RGB bytes [side, side, 3]. The arguments alone determine scale, rotation, position, warp, colours,
 * light, noise and occlusion.
 *
 * @param sidePixels side of the image; periods are in pixels too, so a larger image shows more periods
 */
export function drawSurface(
  name: SurfaceName,
  { seed, split, index, sidePixels }: { seed: number; split: Split; index: number; sidePixels: number },
): Uint8ClampedArray {
  const random = seededRandom(seed, `${split}/${name}/${index}`);
  const surface = SURFACES[name](random);
  const period = range(random, VARIATION.periodPixels);
  const angle = random.between(0, 2 * Math.PI);
  const [cosine, sine] = [Math.cos(angle) / period, Math.sin(angle) / period];
  const [offsetU, offsetV] = [random.uniform(), random.uniform()];
  const warp = range(random, VARIATION.warpPeriods);
  const [waveU, waveV] = [random.between(0.2, 0.5), random.between(0.2, 0.5)];
  const [phaseU, phaseV] = [random.between(0, 6.28), random.between(0, 6.28)];
  const [dark, bright] = contrastingColours(random);
  const lightAngle = random.between(0, 2 * Math.PI);
  const [lightX, lightY] = [Math.cos(lightAngle), Math.sin(lightAngle)];
  const [near, far] = [range(random, VARIATION.light), range(random, VARIATION.light)];
  const noise = range(random, VARIATION.noiseLevels[taskOf(name)]);
  const edge = 1.3 / period;

  const pixels = new Uint8ClampedArray(sidePixels * sidePixels * 3);
  const half = sidePixels / 2;
  for (let y = 0; y < sidePixels; y++) {
    for (let x = 0; x < sidePixels; x++) {
      const [dx, dy] = [x - half, y - half];
      const u = cosine * dx - sine * dy + offsetU;
      const v = sine * dx + cosine * dy + offsetV;
      const bentU = u + warp * sin(waveU * v * 6.28 + phaseU);
      const bentV = v + warp * sin(waveV * u * 6.28 + phaseV);
      const share = surface(bentU, bentV, edge);
      const light = near + (far - near) * (0.5 + (dx * lightX + dy * lightY) / (1.42 * sidePixels));
      const grain = noise * (random.uniform() + random.uniform() - 1);
      const at = 3 * (y * sidePixels + x);
      for (let c = 0; c < 3; c++) {
        pixels[at + c] = (dark[c]! + (bright[c]! - dark[c]!) * share) * light + grain;
      }
    }
  }
  occlude(pixels, sidePixels, random);
  return pixels;
}

/** A drawn image. */
export interface LabelledImage {
  /** RGB bytes [side, side, 3]. */
  readonly pixels: Uint8ClampedArray;
  /** Index of the class in its task. */
  readonly label: number;
}

/** Draws `perClass` images of each class of a task, ordered by class. */
export function drawTask(
  task: Task,
  { perClass, ...options }: { seed: number; split: Split; perClass: number; sidePixels: number },
): LabelledImage[] {
  return TASKS[task].flatMap((name, label) =>
    Array.from({ length: perClass }, (_, index) => ({
      pixels: drawSurface(name, { ...options, index }),
      label,
    })),
  );
}
