/**
 * Confidence intervals of proportions.
 */

/** Standard normal quantile of a two-sided 95 % interval. */
export const Z95 = 1.959964;

/**
 * Wilson's 95 % score interval of the proportion `successes / trials`.
 *
 * @param successes from 0 to `trials`
 * @param trials at least 1
 * @returns lower and upper end, both from 0 to 1
 * @throws RangeError for counts that give no proportion
 * @see https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilson95(successes: number, trials: number): [number, number] {
  if (!(trials >= 1)) throw new RangeError(`trials must be at least 1, received ${trials}`);
  if (!(successes >= 0 && successes <= trials))
    throw new RangeError(`successes must be from 0 to trials (${trials}), received ${successes}`);
  const share = successes / trials;
  const scale = 1 + (Z95 * Z95) / trials;
  const middle = (share + (Z95 * Z95) / (2 * trials)) / scale;
  const reach =
    (Z95 / scale) * Math.sqrt((share * (1 - share)) / trials + (Z95 * Z95) / (4 * trials * trials));
  // Rounding could put the share itself outside: at 0 and at 1, one end equals the share.
  return [Math.max(0, Math.min(share, middle - reach)), Math.min(1, Math.max(share, middle + reach))];
}
