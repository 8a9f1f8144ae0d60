/**
 * The file of a demo base: safetensors whose kernels are 8-bit integers, each less its seeded start's, compressed by
 * gzip. Pretraining moves most of them little, so that six bits of eight are left; nothing is lost.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib';

import { decodeSafetensors, encodeSafetensors, integerTensors } from './safetensors';
import { seededWeight, type Weights } from './weights';
import { DEMO_BASES, type DemoArchitectureId, storedDType } from './demo-base';

/** Adds the seeded start to a file's integers, or takes it away; both wrap around at 8 bits. */
function shiftByStart(file: Buffer, architecture: DemoArchitectureId, sign: 1 | -1, source: string): void {
  const { seed, kernelScale } = DEMO_BASES[architecture];
  for (const { name, shape, integers, scales } of integerTensors(file, source)) {
    const start = seededWeight(seed, name, shape);
    const scale = sign * kernelScale(name);
    for (let i = 0; i < integers.length; i++) {
      // A channel of zeros has no scale.
      integers[i]! += Math.round((scale * start[i]!) / (scales[i % scales.length]! || 1));
    }
  }
}

/** Encodes the weights that a base stores. */
export function encodeDemoBase(
  architecture: DemoArchitectureId,
  weights: Weights,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const file = encodeSafetensors(weights, storedDType, metadata);
  shiftByStart(file, architecture, -1, architecture);
  // Noise does not repeat: a search for what does costs time and finds nothing.
  return gzipSync(file, { strategy: constants.Z_HUFFMAN_ONLY });
}

/**
 * Decodes a base's file.
 *
 * @param source what the bytes are of, for messages
 * @throws Error naming what is wrong
 */
export function decodeDemoBase(architecture: DemoArchitectureId, bytes: Buffer, source: string): Weights {
  const file = gunzipSync(bytes);
  shiftByStart(file, architecture, 1, source);
  return decodeSafetensors(file, source).weights;
}
