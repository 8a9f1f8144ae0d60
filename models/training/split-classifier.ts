/**
 * Splits a classifier at its first un-frozen layer. The trunk, before it, only runs forward, as an inference graph; the
 * tail, from it on, is trained. Both share the variables of the classifier.
 */
import * as tf from '@tensorflow/tfjs';

import { HEAD_NAME, POOLING_NAME } from '../architectures/classifier';
import { unfrozenLayers } from '../architectures/unfrozen-layers';

/** A classifier in two parts. */
export interface SplitClassifier {
  /** From images [b, 224, 224, 3] to the inputs of the tail: one output per cut. */
  readonly trunk: tf.LayersModel;
  /** From the cuts to pooled features [b, c]; undefined if only the head is trained, since the trunk then ends with these. */
  readonly tail: tf.LayersModel | undefined;
  /** Names of the trained layers: the un-frozen ones of the backbone, then the head. */
  readonly trained: readonly string[];
}

/** The output of a layer in the classifier, its first node: splitting applies un-frozen layers a second time. */
const outputOf = (layer: tf.layers.Layer): tf.SymbolicTensor => layer.inboundNodes[0]!.outputTensors[0]!;
const inboundOf = (layer: tf.layers.Layer): tf.layers.Layer[] => layer.inboundNodes[0]?.inboundLayers ?? [];

/**
 * Splits a classifier of {@link buildClassifier} at the last `layersUnfrozen` layers of its backbone's layer list, as
 * Keras users do with `for layer in base.layers[-N:]: layer.trainable = True`. The other layers become frozen.
 *
 * @throws RangeError if the backbone has fewer layers
 */
export function splitClassifier(classifier: tf.LayersModel, layersUnfrozen: number): SplitClassifier {
  const end = classifier.layers.findIndex(({ name }) => name === POOLING_NAME);
  const backbone = classifier.layers.slice(0, end);
  const names = new Set(unfrozenLayers({ name: classifier.name, layers: backbone }, layersUnfrozen));
  const unfrozen = new Set(backbone.filter(({ name }) => names.has(name)));
  for (const layer of backbone) layer.trainable = unfrozen.has(layer);
  const trained = [...names, HEAD_NAME];
  const pooling = classifier.getLayer(POOLING_NAME);
  if (layersUnfrozen === 0) {
    const trunk = tf.model({ inputs: classifier.inputs, outputs: outputOf(pooling) });
    return { trunk, tail: undefined, trained };
  }

  const cuts = [...new Set([...unfrozen].flatMap(inboundOf))].filter((layer) => !unfrozen.has(layer));
  const outputs = cuts.map(outputOf);
  const values = new Map<tf.layers.Layer, tf.SymbolicTensor>();
  const inputs = cuts.map((layer, i) => {
    const input = tf.input({ shape: outputs[i]!.shape.slice(1), name: `${layer.name}_cut` });
    values.set(layer, input);
    return input;
  });
  for (const layer of unfrozen) {
    const received = inboundOf(layer).map((from) => values.get(from)!);
    values.set(layer, layer.apply(received.length === 1 ? received[0]! : received) as tf.SymbolicTensor);
  }
  const pooled = pooling.apply(values.get(backbone.at(-1)!)!) as tf.SymbolicTensor; // [b, c]
  return {
    trunk: tf.model({ inputs: classifier.inputs, outputs }),
    tail: tf.model({ inputs, outputs: pooled }),
    trained,
  };
}
