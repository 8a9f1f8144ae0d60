/**
 * Real Keras' records of the architectures, written by test/keras/architectures.py, and the counterpart of that
 * script: it draws the same seeded weights and images, so that neither is committed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { type ArchitectureId, INPUT_SHAPE } from '../../models/catalog';
import { buildClassifier, POOLING_NAME } from '../../models/architectures/classifier';
import { setWeights, variables, type Weights } from '../../models/weights/weights';

/** Largest allowed difference from Keras, as a share of the range of Keras' values. */
export const TOLERANCE = 1e-4;

/** Name, class, output shape and number of parameters of a layer. */
export type LayerRow = [name: string, className: string, outputShape: (number | null)[], parameters: number];

/** Trainable weights after un-freezing the last layers. */
interface Unfrozen {
  readonly layers: string[];
  readonly trainableWeights: string[];
  readonly trainableParameters: number;
}

/** One architecture's record. */
interface KerasRecord {
  readonly name: string;
  readonly parametersWithoutTop: number;
  readonly parametersWithTop: number;
  readonly batchNorm: { readonly epsilon: number; readonly momentum: number };
  readonly layers: LayerRow[];
  /** By the count of un-frozen layers. */
  readonly unfrozen: Readonly<Record<string, Unfrozen>>;
  /** The backbone on an input whose sizes are odd at some strides. */
  readonly oddInput: {
    readonly inputShape: [number, number, number];
    readonly outputShape: (number | null)[];
    readonly padding: Readonly<Record<string, [[number, number], [number, number]]>>;
  };
  /** Two images through the classifier with seeded weights; numbers are float32 in base64. */
  readonly seeded: {
    readonly classes: number;
    readonly weightsSha256: string;
    /** [2, h/32, w/32, c], of which every n-th value is recorded. */
    readonly spatialStride: number;
    readonly spatialFeatures: string;
    readonly pooledFeatures: string; // [2, c]
    readonly probabilities: string; // [2, classes]
  };
}

function readRecord(name: string): unknown {
  const folder = join(__dirname, '..', 'fixtures', 'keras', 'architectures');
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

/** Reads an architecture's record. */
export const kerasRecord = (architecture: ArchitectureId) => readRecord(architecture) as KerasRecord;

/** Reads the numbers of parameters of MobileNetV2 without top, by width multiplier. */
export const kerasWidths = () => readRecord('mobilenetv2-widths') as Record<string, number>;

// Jest looks up every global outside its sandbox, which is too slow for millions of calls.
const { imul } = Math;

/** FNV-1a of ASCII text. */
function hash32(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}

/** Numbers in [0, 1) by index: MurmurHash3's finalizer over a Weyl sequence that starts at the name's hash. */
function uniform(name: string): (index: number) => number {
  const start = hash32(name);
  return (index) => {
    let x = (start + imul(index + 1, 0x9e3779b9)) | 0;
    x = imul(x ^ (x >>> 16), 0x85ebca6b);
    x = imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Bounds of seeded weights, except kernels of convolutions. */
const SEEDED_RANGES: Readonly<Record<string, [low: number, high: number]>> = {
  kernel: [-0.04, 0.04],
  depthwise_kernel: [-0.5, 0.5],
  bias: [-0.1, 0.1],
  gamma: [0.5, 1.5],
  beta: [-0.3, 0.3],
  moving_mean: [-0.2, 0.2],
  moving_variance: [0.5, 1.5],
};

function seededRange(name: string, shape: readonly number[]): [low: number, high: number] {
  const [layer, weight] = name.split('/') as [string, string];
  if (weight === 'kernel' && shape.length === 4) {
    const fanIn = shape.slice(0, 3).reduce((product, size) => product * size);
    const limit = Math.sqrt(6 / fanIn) * (layer.endsWith('_3_conv') ? 0.15 : 1);
    return [-limit, limit];
  }
  return SEEDED_RANGES[weight]!;
}

/** Sets every weight to its seeded values; returns the SHA-256 of their bytes in the layers' order. */
function seedWeights(model: tf.LayersModel): string {
  const digest = createHash('sha256');
  const weights: Weights = new Map();
  for (const [name, variable] of variables(model)) {
    const shape = variable.shape as number[];
    const [low, high] = seededRange(name, shape);
    const number = uniform(name);
    const values = new Float32Array(shape.reduce((product, size) => product * size));
    for (let i = 0; i < values.length; i++) values[i] = low + (high - low) * number(i);
    digest.update(new Uint8Array(values.buffer));
    weights.set(name, { shape, values });
  }
  setWeights(model, weights);
  return digest.digest('hex');
}

/** Names of the three outputs that are compared. */
export const OUTPUTS = ['spatialFeatures', 'pooledFeatures', 'probabilities'] as const;

/** The seeded classifier with all of `OUTPUTS` as its outputs, and the checksum of its weights. */
export function seededClassifier(architecture: ArchitectureId): { model: tf.LayersModel; sha256: string } {
  const classifier = buildClassifier(architecture, kerasRecord(architecture).seeded.classes);
  const sha256 = seedWeights(classifier);
  return { model: withFeatures(classifier), sha256 };
}

/** A classifier with all of `OUTPUTS` as its outputs. */
export function withFeatures(classifier: tf.LayersModel): tf.LayersModel {
  const pooling = classifier.getLayer(POOLING_NAME);
  const features = [pooling.input, pooling.output] as tf.SymbolicTensor[];
  return tf.model({ inputs: classifier.inputs, outputs: [...features, ...classifier.outputs] });
}

/** The two images, float32 [2, 224, 224, 3] in [0, 1): gradients of different slopes, and random tiles. */
export function images(): Float32Array {
  const [height, width, channels] = INPUT_SHAPE;
  const size = height * width * channels;
  const values = new Float32Array(2 * size);
  const tile = uniform('tiles');
  for (let i = 0; i < size; i++) {
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    values[i] = ((y * (c + 1) + x) % 256) / 256;
    values[size + i] = tile(((y >> 4) * 14 + (x >> 4)) * 3 + c);
  }
  return values;
}

/** Numbers that Keras recorded: little-endian float32 in base64. */
export const floatsOf = (recorded: string): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(recorded, 'base64')).buffer);

/** The largest difference of each of `OUTPUTS` from Keras', as a share of the range of Keras' values. */
export function differences(
  architecture: ArchitectureId,
  outputs: readonly Float32Array[],
): Record<(typeof OUTPUTS)[number], number> {
  const { seeded } = kerasRecord(architecture);
  const [spatial, pooled, probabilities] = outputs as [Float32Array, Float32Array, Float32Array];
  const compare = (recorded: string, actual: Float32Array): number => {
    const wanted = floatsOf(recorded);
    if (wanted.length !== actual.length) {
      throw new RangeError(`Keras has ${wanted.length} numbers here, received ${actual.length}`);
    }
    const largest = wanted.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[i]!)), 0);
    return largest / (Math.max(...wanted) - Math.min(...wanted));
  };
  return {
    spatialFeatures: compare(
      seeded.spatialFeatures,
      spatial.filter((_, i) => i % seeded.spatialStride === 0),
    ),
    pooledFeatures: compare(seeded.pooledFeatures, pooled),
    probabilities: compare(seeded.probabilities, probabilities),
  };
}
