/**
 * The arithmetic of 8-bit quantization: real = scale * (integer - zeroPoint).
 *
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */

/** Smallest and largest value of a tensor. */
export type Range = readonly [min: number, max: number];

/** How an activation is stored: as unsigned bytes, with one scale for the whole tensor. */
export interface Activation {
  readonly scale: number;
  /** The byte that stands for 0. */
  readonly zeroPoint: number;
}

/** A convolution's integers: signed, with one scale per output channel and zero at zero. */
export interface Weights {
  /** From -127 to 127. */
  readonly kernel: Int8Array;
  /** One per output channel. */
  readonly scales: Float32Array;
  /** In units of the input's scale times the channel's scale. */
  readonly bias: Int32Array;
}

const MAX_BYTE = 255;
const MAX_WEIGHT = 127;
/** A bias of this size leaves as much room again for the sum that it is added to. */
const MAX_BIAS = 2 ** 30;
/** Scale of a tensor that is always 0, or as good as that. */
const UNUSED_SCALE = 1;

/**
 * Bytes for the values of a range. The range is extended to contain 0, which is exact: padding and ReLU depend on it.
 *
 * @throws RangeError if a bound is not finite or they are in the wrong order
 */
export function activation([min, max]: Range): Activation {
  if (!(Number.isFinite(min) && Number.isFinite(max) && min <= max)) {
    throw new RangeError(
      `a range must be two finite numbers, the smaller first, received ${min} and ${max}: calibrate again`,
    );
  }
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  const scale = Math.fround((high - low) / MAX_BYTE);
  if (scale === 0) return { scale: UNUSED_SCALE, zeroPoint: 0 };
  return { scale, zeroPoint: Math.round(Math.abs(low) / scale) };
}

/**
 * Rounds a convolution's kernel and bias.
 *
 * @param kernel [outputs, ...]
 * @param bias one value per output channel
 * @param inputScale scale of the convolution's input
 * @throws RangeError naming an output channel whose weights or bias are not finite
 */
export function quantizeWeights(kernel: Float32Array, bias: Float32Array, inputScale: number): Weights {
  const perChannel = kernel.length / bias.length;
  const integers = new Int8Array(kernel.length);
  const scales = bias.map((shift, channel) => {
    const [start, end] = [channel * perChannel, (channel + 1) * perChannel];
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(kernel[i]!));
    // A bias must fit into 32 bits: beside a large one, the rounding of tiny weights does not show.
    const needed = Math.fround(Math.max(largest / MAX_WEIGHT, Math.abs(shift) / inputScale / MAX_BIAS));
    if (!Number.isFinite(needed)) {
      throw new RangeError(
        `a convolution’s kernel and bias must be finite numbers, received others for output channel ${channel}: train the model again`,
      );
    }
    const scale = needed === 0 ? UNUSED_SCALE : needed;
    for (let i = start; i < end; i++) integers[i] = Math.round(kernel[i]! / scale);
    return scale;
  });
  const shifts = Int32Array.from(bias, (shift, channel) =>
    Math.round(shift / (inputScale * scales[channel]!)),
  );
  return { kernel: integers, scales, bias: shifts };
}
