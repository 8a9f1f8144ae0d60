/**
 * Fills a model with the weights of its base.
 */
import { join } from 'node:path';

import type * as tf from '@tensorflow/tfjs';

import type { ArchitectureId } from './catalog';
import { DEMO_BASES } from './demo/base';
import { decodeSafetensors } from './safetensors';
import { type Base, readChecksummed } from './saved-model';
import { initializeSeeded, setWeights } from './weights';

/** Sets every weight of a model from its base; a head that the base lacks keeps the seeded start. */
export function fillFromBase(
  model: tf.LayersModel,
  { architecture, base, folder }: { architecture: ArchitectureId; base: Base; folder: string },
): void {
  if (base.kind === 'seed') {
    initializeSeeded(model, base.seed);
    return;
  }
  const { weights } = decodeSafetensors(readChecksummed(folder, base), join(folder, base.file));
  const { seed, kernelScale } = DEMO_BASES[architecture];
  initializeSeeded(model, seed, { except: new Set(weights.keys()), kernelScale });
  setWeights(model, weights);
}
