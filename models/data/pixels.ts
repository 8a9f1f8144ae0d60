/**
 * Grey levels to a network's input values.
 */
import { RESCALE } from '../catalog';

/** What an architecture's weights expect of its inputs: the recipe's [0, 1], or [-1, 1] made from that. */
export type Preprocessing = 'zero-to-one' | 'minus-one-to-one';

const RESCALED = Float32Array.from({ length: 256 }, (_, level) => level * RESCALE);

/** The input value of each of the 256 grey levels. */
export const LEVELS: Readonly<Record<Preprocessing, Float32Array>> = {
  'zero-to-one': RESCALED,
  'minus-one-to-one': RESCALED.map((value) => value * 2 - 1),
};

/** Writes the input values of `pixels` into `out`, from `at` on. */
export function fillInput(
  pixels: Uint8Array | Uint8ClampedArray,
  out: Float32Array,
  at = 0,
  preprocessing: Preprocessing = 'zero-to-one',
): void {
  const levels = LEVELS[preprocessing];
  for (let i = 0; i < pixels.length; i++) out[at + i] = levels[pixels[i]!]!;
}
