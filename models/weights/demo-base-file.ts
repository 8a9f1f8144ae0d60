/**
 * The file of a demo base: safetensors with 8-bit kernels, stored as differences from their seeded start and compressed
 * with gzip. Pretraining moves most of them little, so that gzip needs six bits of eight. The compression is lossless.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib';

import { decodeSafetensors, encodeSafetensors, integerTensors } from './safetensors';
import { seededWeight, type Weights } from './weights';
import { DEMO_BASES, type DemoArchitectureId, storedDType } from './demo-base';

/** Adds the seeded start to a file's integers, or subtracts it; both wrap around at 8 bits. */
function shiftByStart(file: Buffer, architecture: DemoArchitectureId, sign: 1 | -1, source: string): void {
  const { seed, kernelScale } = DEMO_BASES[architecture];
  for (const { name, shape, integers, scales } of integerTensors(file, source)) {
    const start = seededWeight(seed, name, shape);
    const scale = sign * kernelScale(name);
    for (let i = 0; i < integers.length; i++) {
      // The scale of a channel of zeros is 0.
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
  // Noise has no repetitions, so searching for them would only cost time.
  return gzipSync(file, { strategy: constants.Z_HUFFMAN_ONLY });
}

/**
 * Decodes a base's file.
 *
 * @param source name of the file, for messages
 * @throws Error naming the fault
 */
export function decodeDemoBase(architecture: DemoArchitectureId, bytes: Buffer, source: string): Weights {
  const file = gunzipSync(bytes);
  shiftByStart(file, architecture, 1, source);
  return decodeSafetensors(file, source).weights;
}
