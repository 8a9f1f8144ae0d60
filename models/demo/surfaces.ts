/**
 * The demo's classes: procedural surfaces, each a function of the plane. A flipped surface is of the same class.
 */
import type { Random } from '../../statistics/seeded-random';

// Read once: in Jest's contexts, reading a global costs more than calling the function.
const { abs, atan2, floor, hypot, imul, max, min, sin } = Math;

/**
 * Share of the second colour, in [0, 1], at a point of the plane.
 *
 * @param u, v the point, in periods of the surface
 * @param edge width of an anti-aliased edge, in periods
 */
export type Surface = (u: number, v: number, edge: number) => number;

const TAU = 2 * Math.PI;
const fract = (x: number) => x - floor(x);
/** Triangle wave of period 1 between 0 and 1. */
const triangle = (x: number) => abs(2 * fract(x) - 1);
/** 0 below `at`, 1 above, over a ramp of width `edge`. */
const step = (x: number, at: number, edge: number) => min(1, max(0, (x - at) / edge + 0.5));
/** Square wave of period 1 with equal halves; `edge` as for a surface. */
const square = (x: number, edge: number) => step(triangle(x), 0.5, 2 * edge);

/** A pseudo-random number in [0, 1), always the same for a cell of the integer lattice and a salt. */
function cellNoise(i: number, j: number, salt: number): number {
  let h = imul(i, 0x27d4eb2d) ^ imul(j, 0x165667b1) ^ imul(salt, 0x9e3779b1);
  h = imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

function valueNoise(u: number, v: number, salt: number): number {
  const [i, j] = [floor(u), floor(v)];
  const [fu, fv] = [u - i, v - j];
  const [su, sv] = [fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)];
  const top = cellNoise(i, j, salt) * (1 - su) + cellNoise(i + 1, j, salt) * su;
  const bottom = cellNoise(i, j + 1, salt) * (1 - su) + cellNoise(i + 1, j + 1, salt) * su;
  return top * (1 - sv) + bottom * sv;
}

/** Makes a surface of a class; the random numbers choose its variant. */
type SurfaceMaker = (random: Random) => Surface;

/** A point near the middle of the image, in periods, for surfaces that have a centre. */
const centre = (random: Random): [number, number] => [random.between(-2, 2), random.between(-2, 2)];

const FIRST_TASK = {
  stripes: () => (u, _v, edge) => square(u, edge),
  checker: () => (u, v, edge) => {
    const [a, b] = [square(u, edge), square(v, edge)];
    return a + b - 2 * a * b;
  },
  dots: (random) => {
    const radius = random.between(0.24, 0.36);
    return (u, v, edge) => 1 - step(hypot(fract(u) - 0.5, fract(v) - 0.5), radius, edge);
  },
  bricks: (random) => {
    const mortar = random.between(0.1, 0.16);
    return (u, v, edge) => {
      const row = floor(v * 1.6);
      const across = triangle(u / 1.4 + (row % 2) / 2) * 0.7; // periods from the nearest joint
      const along = triangle(v * 1.6) / 3.2;
      return step(min(0.7 - across, 0.3125 - along), mortar / 2, edge);
    };
  },
  cells: (random) => {
    const salt = random.integer(65536);
    const width = random.between(0.08, 0.14);
    return (u, v, edge) => {
      const [i, j] = [floor(u), floor(v)];
      let [first, second] = [9, 9];
      for (let x = i - 1; x <= i + 1; x++) {
        for (let y = j - 1; y <= j + 1; y++) {
          const distance = hypot(x + cellNoise(x, y, salt) - u, y + cellNoise(x, y, salt + 1) - v);
          if (distance < first) [first, second] = [distance, first];
          else if (distance < second) second = distance;
        }
      }
      return step(second - first, width, edge);
    };
  },
  rings: (random) => {
    const [cu, cv] = centre(random);
    return (u, v, edge) => square(hypot(u - cu, v - cv), edge);
  },
  lattice: (random) => {
    const width = random.between(0.14, 0.24);
    return (u, v, edge) => step(max(triangle(u), triangle(v)), 1 - width, 2 * edge);
  },
  clouds: (random) => {
    const salt = random.integer(65536);
    return (u, v) => {
      const sum =
        valueNoise(u, v, salt) +
        0.5 * valueNoise(2 * u, 2 * v, salt + 1) +
        0.25 * valueNoise(4 * u, 4 * v, salt + 2);
      return step(sum / 1.75, 0.5, 0.45);
    };
  },
} as const satisfies Record<string, SurfaceMaker>;

const SECOND_TASK = {
  triangles: () => (u, v, edge) => {
    const [a, b] = [u - v / 2, v];
    return step(fract(a) + fract(b), 1, 1.4 * edge);
  },
  zigzag: (random) => {
    const height = random.between(0.4, 0.7);
    return (u, v, edge) => square(u + height * triangle(v / 1.5), edge);
  },
  scales: (random) => {
    const width = random.between(0.12, 0.2);
    return (u, v, edge) => {
      const row = floor(2 * v);
      for (const r of [row + 1, row]) {
        const distance = hypot(fract(u + (r & 1) / 2) - 0.5, v - r / 2 + (r > row ? 0.5 : 0));
        if (r > row && distance >= 0.5) continue;
        return step(abs(distance - 0.5 + width / 2), width / 2, edge);
      }
      return 1;
    };
  },
  weave: (random) => {
    const gap = random.between(0.1, 0.18);
    return (u, v, edge) => {
      const over = (floor(u) + floor(v)) & 1;
      const [across, along] = over === 1 ? [u, v] : [v, u];
      const strand = step(0.5 - abs(fract(across) - 0.5), gap, edge);
      return strand * (0.55 + 0.45 * sin(Math.PI * fract(along)));
    };
  },
  spirals: (random) => {
    const [cu, cv] = centre(random);
    const arms = (random.uniform() < 0.5 ? -1 : 1) * (1 + random.integer(3));
    return (u, v, edge) => {
      const radius = hypot(u - cu, v - cv);
      return square(radius + (arms * atan2(v - cv, u - cu)) / TAU, edge);
    };
  },
  crosses: (random) => {
    const [arm, width] = [random.between(0.34, 0.42), random.between(0.09, 0.14)];
    return (u, v, edge) => {
      const [a, b] = [abs(fract(u) - 0.5), abs(fract(v) - 0.5)];
      const inside = max(min(a, b) - width, max(a, b) - arm);
      return 1 - step(inside, 0, edge);
    };
  },
} as const satisfies Record<string, SurfaceMaker>;

/**
 * The classes of the two disjoint tasks. The demo bases are pretrained on the first; the demo models classify the second,
 * whose classes are sorted, as those of a data set on disk are.
 */
export const TASKS = {
  pretraining: Object.keys(FIRST_TASK) as (keyof typeof FIRST_TASK)[],
  transfer: (Object.keys(SECOND_TASK) as (keyof typeof SECOND_TASK)[]).toSorted(),
} as const;
/** Name of a task. */
export type Task = keyof typeof TASKS;
/** Name of a class of either task. */
export type SurfaceName = keyof typeof FIRST_TASK | keyof typeof SECOND_TASK;

/** Every class by name. */
export const SURFACES: Readonly<Record<SurfaceName, SurfaceMaker>> = { ...FIRST_TASK, ...SECOND_TASK };

/** The task that a class belongs to. */
export const taskOf = (name: SurfaceName): Task => (name in FIRST_TASK ? 'pretraining' : 'transfer');
