/**
 * Refuses weights that no network can compute with.
 */

/**
 * @param name of the tensor and its file, for the message
 * @param remedy what to do, in the imperative
 * @throws RangeError naming the tensor, its first value that is NaN or infinite, and the remedy
 */
export function checkFinite(values: Float32Array, name: string, remedy: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new RangeError(
    `${name} must hold finite numbers, received ${values[at]} as value ${at + 1} of ${values.length}: ${remedy}`,
  );
}
