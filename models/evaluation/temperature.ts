/**
 * Temperature scaling: one number, fitted on images that were not trained on, by which the head's outputs are divided
 * before the softmax. The most probable class stays; confidence comes closer to accuracy.
 *
 * @see https://arxiv.org/abs/1706.04599 (Guo et al. 2017), section 4.2
 */

/** Temperatures to choose from: beyond them a model is not badly calibrated but broken. */
export const MIN_TEMPERATURE = 0.05;
export const MAX_TEMPERATURE = 20;

/** Smallest probability whose logarithm is taken: a float32 that underflowed stands for no known number. */
const MIN_PROBABILITY = 1e-37;
/** Width of the last interval, in logarithms. */
const TOLERANCE = 1e-5;
/** Distance from a bound below which the bound ended the search, in logarithms. */
const AT_BOUND = 10 * TOLERANCE;

/** Mean of -ln p of the true class at a temperature, nats, in double precision. */
function logLossAt(labels: readonly number[], logits: readonly number[][], temperature: number): number {
  const losses = labels.map((label, i) => {
    const row = logits[i]!;
    const largest = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp((value - largest) / temperature), 0);
    return (largest - row[label]!) / temperature + Math.log(sum);
  });
  return losses.reduce((total, loss) => total + loss, 0) / losses.length;
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature with the smallest log loss, within {@link MIN_TEMPERATURE} and {@link MAX_TEMPERATURE}. The loss is convex
 * in 1 / temperature, so it has one valley, and a golden-section search finds it.
 *
 * @param labels class index of each image
 * @param probabilities float32 [images, classes] at temperature 1
 * @returns undefined if the loss falls as far as a bound, so that the images do not determine a temperature: without a
 *   mistake, the loss falls the surer the model is made
 * @throws RangeError without images
 */
export function fitTemperature(
  labels: readonly number[],
  probabilities: Float32Array,
  classCount: number,
): number | undefined {
  if (labels.length === 0)
    throw new RangeError('a temperature is fitted on at least one image, received none: add images to val');
  const logits = labels.map((_, i) =>
    Array.from(probabilities.subarray(i * classCount, (i + 1) * classCount), (p) =>
      Math.log(Math.max(p, MIN_PROBABILITY)),
    ),
  );
  const loss = (logTemperature: number) => logLossAt(labels, logits, Math.exp(logTemperature));
  const bounds = [Math.log(MIN_TEMPERATURE), Math.log(MAX_TEMPERATURE)] as const;
  let [low, high]: [number, number] = [...bounds];
  while (high - low > TOLERANCE) {
    const [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    if (loss(left) <= loss(right)) high = right;
    else low = left;
  }
  const fitted = (low + high) / 2;
  if (bounds.some((bound) => Math.abs(fitted - bound) < AT_BOUND)) return undefined;
  return Math.exp(fitted);
}
