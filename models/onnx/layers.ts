/**
 * One row per layer class: its ONNX operations, in NCHW.
 */
import type * as tf from '@tensorflow/tfjs';

import type { Attribute, Initializer, Node } from './proto';

/** What a layer adds to the graph. The output of its last node has the layer's name. */
export interface Converted {
  readonly nodes: readonly Node[];
  readonly initializers?: readonly Initializer[];
}

/** Padding of height and width, before and after, in ONNX' order. */
export type Pads = readonly [top: number, left: number, bottom: number, right: number];
export const NO_PADS: Pads = [0, 0, 0, 0];

/** Scale and shift per channel: BatchNorm at inference. */
export interface Affine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export interface LayerContext {
  readonly layer: tf.layers.Layer;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layer's inputs. */
  readonly inputs: readonly string[];
  /** Zero padding of a ZeroPadding2D that is folded into this convolution. */
  readonly pads: Pads;
  /** BatchNorm that is folded into this convolution. */
  readonly affine: Affine | undefined;
}

const pair = (value: unknown) => value as [number, number];

/** A layer's weights as arrays, in Keras' order. */
function arrays(layer: tf.layers.Layer): Float32Array[] {
  return layer.getWeights().map((weight) => weight.dataSync<'float32'>());
}

/** A BatchNorm's weights in Keras' order: gamma, beta, moving mean and moving variance. */
export type NormWeights = [Float32Array, Float32Array, Float32Array, Float32Array];

/** A BatchNorm as scale and shift, computed in double precision. */
export function affineOf([gamma, beta, mean, variance]: NormWeights, epsilon: number): Affine {
  const scale = gamma.map((g, i) => g / Math.sqrt(variance[i]! + epsilon));
  return { scale, shift: beta.map((b, i) => b - (mean[i]! * gamma[i]!) / Math.sqrt(variance[i]! + epsilon)) };
}

/** A BatchNorm layer as scale and shift. */
export const affineOfLayer = (layer: tf.layers.Layer): Affine =>
  affineOf(arrays(layer) as NormWeights, layer.getConfig()['epsilon'] as number);

/** TensorFlow's SAME padding: an odd pixel goes after. */
function samePads(layer: tf.layers.Layer, kernel: readonly number[], strides: readonly number[]): Pads {
  const [, height, width] = (layer.input as tf.SymbolicTensor).shape;
  const [before, after] = [
    [height, width],
    [height, width],
  ].map((sizes, side) =>
    sizes.map((size, axis) => {
      if (size === null || size === undefined) {
        throw new RangeError(
          `layer ${layer.name} pads to the same size and so needs a fixed input size, received null`,
        );
      }
      const total = Math.max(
        (Math.ceil(size / strides[axis]!) - 1) * strides[axis]! + kernel[axis]! - size,
        0,
      );
      return side === 0 ? Math.floor(total / 2) : Math.ceil(total / 2);
    }),
  ) as [[number, number], [number, number]];
  return [before[0], before[1], after[0], after[1]];
}

function padsOf(
  { layer, config, pads }: LayerContext,
  kernel: readonly number[],
  strides: readonly number[],
): Pads {
  if (config['padding'] !== 'same') return pads;
  return samePads(layer, kernel, strides).map((pad, i) => pad + pads[i]!) as unknown as Pads;
}

/** Kernel [height, width, in, out] to [out, in, height, width], each output channel times its scale. */
function transposeKernel(kernel: Float32Array, shape: readonly number[], scale?: Float32Array): Float32Array {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const out = new Float32Array(kernel.length);
  let from = 0;
  for (let position = 0; position < height * width; position++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        out[(o * inputs + i) * height * width + position] = kernel[from++]! * (scale?.[o] ?? 1);
      }
    }
  }
  return out;
}

function convolution(context: LayerContext, depthwise: boolean): Converted {
  const { layer, config, inputs, affine } = context;
  const [kernel, ownBias] = arrays(layer) as [Float32Array, Float32Array | undefined];
  const shape = layer.weights[0]!.shape as number[];
  const [height, width, channels, last] = shape as [number, number, number, number];
  if (depthwise && last !== 1) {
    throw new RangeError(`depthwise layer ${layer.name} must have depth multiplier 1, received ${last}`);
  }
  const outputs = depthwise ? channels : last;
  // In ONNX, a depthwise kernel [h, w, c, 1] is c groups with one input and one output channel each.
  const values = transposeKernel(kernel, depthwise ? [height, width, 1, channels] : shape, affine?.scale);
  const bias = Float32Array.from(
    { length: outputs },
    (_, o) => (ownBias?.[o] ?? 0) * (affine?.scale[o] ?? 1) + (affine?.shift[o] ?? 0),
  );
  const strides = pair(config['strides']);
  const attributes: Record<string, Attribute> = {
    kernel_shape: [height, width],
    strides,
    dilations: pair(config['dilationRate']),
    group: depthwise ? channels : 1,
    pads: padsOf(context, [height, width], strides),
  };
  const [w, b] = [`${layer.name}/kernel`, `${layer.name}/bias`];
  return {
    nodes: [{ op: 'Conv', inputs: [inputs[0]!, w, b], output: layer.name, attributes }],
    initializers: [
      { name: w, dims: [outputs, depthwise ? 1 : channels, height, width], values },
      { name: b, dims: [outputs], values: bias },
    ],
  };
}

function batchNormalization({ layer, inputs }: LayerContext): Converted {
  const names = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(
    (weight) => `${layer.name}/${weight}`,
  );
  const attributes = { epsilon: { float: layer.getConfig()['epsilon'] as number } };
  return {
    nodes: [{ op: 'BatchNormalization', inputs: [inputs[0]!, ...names], output: layer.name, attributes }],
    initializers: arrays(layer).map((values, i) => ({ name: names[i]!, dims: [values.length], values })),
  };
}

function zeroPadding({ layer, inputs, config }: LayerContext): Converted {
  const [top, left, bottom, right] = paddingOf(config);
  const pads = BigInt64Array.from([0, 0, top, left, 0, 0, bottom, right], BigInt);
  const name = `${layer.name}/pads`;
  return {
    nodes: [{ op: 'Pad', inputs: [inputs[0]!, name], output: layer.name }],
    initializers: [{ name, dims: [8], values: pads }],
  };
}

/** A ZeroPadding2D's padding. */
export function paddingOf(config: Readonly<Record<string, unknown>>): Pads {
  const [[top, bottom], [left, right]] = config['padding'] as [[number, number], [number, number]];
  return [top, left, bottom, right];
}

function maxPooling(context: LayerContext): Converted {
  const { layer, inputs, config } = context;
  const [kernel, strides] = [pair(config['poolSize']), pair(config['strides'])];
  const attributes = { kernel_shape: kernel, strides, pads: padsOf(context, kernel, strides) };
  return { nodes: [{ op: 'MaxPool', inputs, output: layer.name, attributes }] };
}

function relu({ layer, inputs }: LayerContext, maxValue: number | undefined): Converted {
  if (maxValue === undefined) return { nodes: [{ op: 'Relu', inputs, output: layer.name }] };
  const bounds = [`${layer.name}/min`, `${layer.name}/max`];
  return {
    nodes: [{ op: 'Clip', inputs: [...inputs, ...bounds], output: layer.name }],
    initializers: [0, maxValue].map((bound, i) => ({
      name: bounds[i]!,
      dims: [],
      values: Float32Array.of(bound),
    })),
  };
}

function activation(context: LayerContext, name: string): Converted {
  const { layer, inputs } = context;
  if (name === 'relu') return relu(context, undefined);
  if (name === 'softmax') {
    const axis = (layer.outputShape as tf.Shape).length === 4 ? 1 : -1; // the channels, in NCHW
    return { nodes: [{ op: 'Softmax', inputs, output: layer.name, attributes: { axis } }] };
  }
  throw new RangeError(`layer ${layer.name} must have activation relu, softmax or linear, received ${name}`);
}

/** value * scale + offset, with one scale and offset for all channels. */
function rescaling({ layer, inputs, config }: LayerContext): Converted {
  const [scale, offset, scaled] = ['scale', 'offset', 'scaled'].map((name) => `${layer.name}/${name}`) as [
    string,
    string,
    string,
  ];
  return {
    nodes: [
      { op: 'Mul', inputs: [inputs[0]!, scale], output: scaled },
      { op: 'Add', inputs: [scaled, offset], output: layer.name },
    ],
    initializers: [
      { name: scale, dims: [], values: Float32Array.of(config['scale'] as number) },
      { name: offset, dims: [], values: Float32Array.of(config['offset'] as number) },
    ],
  };
}

function pooling({ layer, inputs }: LayerContext): Converted {
  const pooled = `${layer.name}/pooled`;
  return {
    nodes: [
      { op: 'GlobalAveragePool', inputs, output: pooled }, // [b, c, 1, 1]
      { op: 'Flatten', inputs: [pooled], output: layer.name }, // [b, c]
    ],
  };
}

function dense(context: LayerContext): Converted {
  const { layer, inputs, config } = context;
  const name = config['activation'] as string;
  const linear = name === 'linear' ? layer.name : `${layer.name}/linear`;
  const weights = [`${layer.name}/kernel`, `${layer.name}/bias`];
  const gemm: Node = { op: 'Gemm', inputs: [inputs[0]!, ...weights], output: linear };
  const values = arrays(layer);
  const shape = layer.weights[0]!.shape as number[];
  return {
    nodes: name === 'linear' ? [gemm] : [gemm, ...activation({ ...context, inputs: [linear] }, name).nodes],
    initializers: values.map((v, i) => ({
      name: weights[i]!,
      dims: i === 0 ? shape : [v.length],
      values: v,
    })),
  };
}

/** The layer classes that can be exported. */
export const LAYERS: Readonly<Record<string, (context: LayerContext) => Converted>> = {
  Conv2D: (context) => convolution(context, false),
  DepthwiseConv2D: (context) => convolution(context, true),
  BatchNormalization: batchNormalization,
  ZeroPadding2D: zeroPadding,
  MaxPooling2D: maxPooling,
  Activation: (context) => activation(context, context.config['activation'] as string),
  ReLU: (context) => relu(context, context.config['maxValue'] as number | undefined),
  Add: ({ layer, inputs }) => ({ nodes: [{ op: 'Add', inputs, output: layer.name }] }),
  GlobalAveragePooling2D: pooling,
  Dense: dense,
  Rescaling: rescaling,
};
