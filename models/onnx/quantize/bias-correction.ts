/**
 * Bias correction: takes back how rounding a kernel shifts the mean of a convolution's outputs.
 *
 * @see https://arxiv.org/abs/1906.04721 (Nagel et al. 2019, section 4.2; there the mean inputs come from BatchNorms)
 */
import type { Initializer } from '../proto';
import type { Weights } from './scales';

/** Mean of each channel of each convolution's input over images and positions, by the input's name. */
export type InputMeans = Readonly<Record<string, Float32Array>>;

/**
 * Means of one tensor.
 *
 * @param values [1, channels, height, width]
 * @returns the mean over the positions of each channel
 */
export function channelMeans(values: Float32Array, channels: number): Float64Array {
  const positions = values.length / channels;
  return Float64Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let i = channel * positions; i < (channel + 1) * positions; i++) sum += values[i]!;
    return sum / positions;
  });
}

/**
 * Refuses means that are not one finite number per channel: a bias corrected with them would be no number, or that of
 * another tensor.
 *
 * @param name of the tensor
 * @throws RangeError naming the tensor, both numbers and the remedy
 */
export function checkInputMeans(name: string, means: Float32Array, channels: number): void {
  const wrong = means.findIndex((mean) => !Number.isFinite(mean));
  if (means.length === channels && wrong < 0) return;
  const received =
    means.length === channels ? `${means[wrong]} for channel ${wrong}` : `${means.length} numbers`;
  throw new RangeError(
    `inputMeans of tensor ${name} must be ${channels} finite numbers, received ${received}: calibrate the model again`,
  );
}

/**
 * A bias that loses, for each output channel, the sum over the kernel of rounding error times mean input. Padding counts
 * as the mean instead of 0, which matters at the border only.
 *
 * @param kernel [outputs, channels per group, height, width]
 * @param bias one value per output channel
 * @param rounded the kernel's integers and scales
 * @param inputMeans one value per input channel
 */
export function correctBias(
  { dims, values }: Pick<Initializer, 'dims' | 'values'>,
  bias: Float32Array,
  rounded: Pick<Weights, 'kernel' | 'scales'>,
  group: number,
  inputMeans: Float32Array,
): Float32Array {
  const [outputs, channels, height, width] = dims as [number, number, number, number];
  const positions = height * width;
  const perOutput = channels * positions;
  return bias.map((shift, output) => {
    const firstChannel = Math.floor((output * group) / outputs) * channels;
    let meanError = 0;
    for (let i = 0; i < perOutput; i++) {
      const at = output * perOutput + i;
      const error = rounded.kernel[at]! * rounded.scales[output]! - (values as Float32Array)[at]!;
      meanError += error * inputMeans[firstChannel + Math.floor(i / positions)]!;
    }
    return shift - meanError;
  });
}
