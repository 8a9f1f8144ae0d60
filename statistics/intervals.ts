/**
 * Confidence intervals of shares.
 */

/** Standard normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964;

/**
 * Wilson's score interval of a share.
 *
 * @see https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilson95(right: number, count: number): [number, number] {
  const share = right / count;
  const scale = 1 + (Z95 * Z95) / count;
  const middle = (share + (Z95 * Z95) / (2 * count)) / scale;
  const reach = (Z95 / scale) * Math.sqrt((share * (1 - share)) / count + (Z95 * Z95) / (4 * count * count));
  // Rounding must not put the share itself outside: both ends are exact where all or none are right.
  return [Math.max(0, Math.min(share, middle - reach)), Math.min(1, Math.max(share, middle + reach))];
}
