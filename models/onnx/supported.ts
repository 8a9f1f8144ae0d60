/**
 * The layers and settings that have an exact ONNX form. Everything else is refused by name: silently dropping a setting
 * gives a graph that runs with wrong outputs.
 */
import type * as tf from '@tensorflow/tfjs';

type Allowed = Readonly<Record<string, readonly unknown[]>>;

const CHANNELS_LAST: Allowed = { dataFormat: ['channelsLast'] };
const CONVOLUTION: Allowed = {
  ...CHANNELS_LAST,
  // A fused activation would also separate the convolution from the BatchNorm folded into it.
  activation: ['linear'],
  // tfjs ignores the dilation rate of a depthwise layer, and SAME padding would have to include it.
  dilationRate: [[1, 1]],
};

/** Settings per layer class that decide its output, and the values that can be exported. */
const SETTINGS: Readonly<Record<string, Allowed>> = {
  Conv2D: CONVOLUTION,
  DepthwiseConv2D: CONVOLUTION,
  // Our own layer always has scale and center, so its configuration has neither.
  BatchNormalization: { axis: [-1], scale: [true, undefined], center: [true, undefined] },
  ZeroPadding2D: CHANNELS_LAST,
  MaxPooling2D: CHANNELS_LAST,
  GlobalAveragePooling2D: CHANNELS_LAST,
  Dense: { useBias: [true] },
};

/** Rank of the input, for classes that accept other ranks in tfjs than in ONNX. */
const RANKS: Readonly<Record<string, number>> = { Dense: 2 };

/**
 * Checks that a layer has an exact ONNX form.
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
