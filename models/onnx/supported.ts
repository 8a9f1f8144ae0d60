/**
 * What the exporter can say in ONNX exactly. Anything else is refused by name: a setting that is dropped in silence
 * gives a graph that runs and is wrong.
 */
import type * as tf from '@tensorflow/tfjs';

type Allowed = Readonly<Record<string, readonly unknown[]>>;

const CHANNELS_LAST: Allowed = { dataFormat: ['channelsLast'] };
const CONVOLUTION: Allowed = {
  ...CHANNELS_LAST,
  // A fused activation would also stand between the convolution and the BatchNorm that is folded into it.
  activation: ['linear'],
  // tfjs ignores a depthwise layer's rate, and SAME padding would have to count it.
  dilationRate: [[1, 1]],
};

/** Settings of each layer class that decide its output, and the values of them that are exported. */
const SETTINGS: Readonly<Record<string, Allowed>> = {
  Conv2D: CONVOLUTION,
  DepthwiseConv2D: CONVOLUTION,
  // Our own layer has neither scale nor center in its configuration: it always has both.
  BatchNormalization: { axis: [-1], scale: [true, undefined], center: [true, undefined] },
  ZeroPadding2D: CHANNELS_LAST,
  MaxPooling2D: CHANNELS_LAST,
  GlobalAveragePooling2D: CHANNELS_LAST,
  Dense: { useBias: [true] },
};

/** Ranks of the input, where a class takes another in tfjs than in ONNX. */
const RANKS: Readonly<Record<string, number>> = { Dense: 2 };

/**
 * Checks that a layer is exported exactly.
 *
 * @throws RangeError naming the layer, its setting, the values that can be exported and the one it has
 */
export function checkSupported(layer: tf.layers.Layer, inputRank: number): void {
  const className = layer.getClassName();
  const config = layer.getConfig();
  const refuse = (field: string, allowed: string, received: unknown): never => {
    throw new RangeError(
      `${className} layer ${layer.name} must have ${field} ${allowed} to be exported, received ${JSON.stringify(received)}`,
    );
  };
  for (const [field, allowed] of Object.entries(SETTINGS[className] ?? {})) {
    const value = config[field];
    if (!allowed.some((one) => JSON.stringify(one) === JSON.stringify(value))) {
      refuse(field, JSON.stringify(allowed[0]), value);
    }
  }
  const rank = RANKS[className];
  if (rank !== undefined && inputRank !== rank) refuse('inputs of rank', String(rank), inputRank);
}
