/**
 * Converts grey levels to a network's input values.
 */
import { RESCALE } from '../catalog';

/** The input value of each of the 256 grey levels. */
export const LEVELS: Float32Array = Float32Array.from({ length: 256 }, (_, level) => level * RESCALE);

/** Writes the input values of `pixels` into `out`, from `at` on. */
export function fillInput(pixels: Uint8Array | Uint8ClampedArray, out: Float32Array, at = 0): void {
  for (let i = 0; i < pixels.length; i++) out[at + i] = LEVELS[pixels[i]!]!;
}
