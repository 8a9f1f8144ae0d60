/** Files of the form of Keras' published classifiers, with made-up weights. */
import { writeFileSync } from 'node:fs';

import { buildClassifier, HEAD_NAME } from '../../models/architectures/classifier';
import type { ArchitectureId } from '../../models/catalog';
import { IMAGENET_CLASSES } from '../../models/weights/imagenet-classifiers';
import { writeKerasWeights } from '../../models/weights/keras-h5';
import { expectedLayers } from '../../models/weights/keras-weight-layouts';
import type { Weights } from '../../models/weights/weights';

/** A class index as Keras publishes it: two classes share a name. */
export function writeClassIndex(file: string): void {
  const entries = Array.from({ length: IMAGENET_CLASSES }, (_, i) => [
    String(i),
    [`n${String(i).padStart(8, '0')}`, i === 134 || i === 517 ? 'crane' : `class_${i}`],
  ]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)));
}

/** The names in the published file of MobileNetV2 are not those of the architecture; the head has another in both. */
const publishedName = (architecture: ArchitectureId, layer: string): string => {
  const isMobilenet = architecture.startsWith('mobilenetv2');
  if (layer === HEAD_NAME) return isMobilenet ? 'Logits' : 'probs';
  return isMobilenet ? layer.replace(/^(expanded_conv|block_)/, 'mobl$1') : layer;
};

/** Made-up numbers of a weight, around those that keep signals at their size; quick enough for 44 million. */
function madeUp(weight: string, shape: readonly number[], salt: number): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const centre = weight === 'gamma' || weight === 'moving_variance' ? 1 : 0;
  const fanIn =
    weight === 'depthwise_kernel' ? 9 : shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const limit = weight.endsWith('kernel') ? Math.sqrt(3 / fanIn) : 0.1;
  let state = salt;
  for (let i = 0; i < values.length; i++) {
    // The linear congruential generator of Numerical Recipes.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    values[i] = centre + (limit * state) / 2 ** 31;
  }
  return values;
}

/** Writes a classifier with top; returns its weights under this project's names. */
export async function writePublishedClassifier(file: string, architecture: ArchitectureId): Promise<Weights> {
  const classifier = buildClassifier(architecture, IMAGENET_CLASSES);
  const layers = expectedLayers(classifier);
  classifier.dispose();
  const [weights, renamed]: [Weights, Weights] = [new Map(), new Map()];
  for (const { name, weights: expected } of layers) {
    for (const { name: weight, shape } of expected) {
      const made = { shape, values: madeUp(weight, shape, weights.size + 1) };
      weights.set(`${name}/${weight}`, made);
      renamed.set(`${publishedName(architecture, name)}/${weight}`, made);
    }
  }
  const renamedLayers = layers.map((layer) => ({ ...layer, name: publishedName(architecture, layer.name) }));
  await writeKerasWeights(file, renamedLayers, renamed);
  return weights;
}
