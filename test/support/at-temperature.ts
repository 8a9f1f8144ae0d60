/**
 * Probabilities as they would be at a temperature: softmax(log p / temperature), which is softmax(z / temperature) for
 * outputs z of the head.
 *
 * @param probabilities float32 [images, classes], each row summing to 1
 */
export function atTemperature(
  probabilities: Float32Array,
  classCount: number,
  temperature: number,
): Float32Array {
  const powers = Float64Array.from(probabilities, (p) => p ** (1 / temperature));
  return probabilities.map((_, i) => {
    const start = i - (i % classCount);
    return powers[i]! / powers.subarray(start, start + classCount).reduce((sum, power) => sum + power);
  });
}
