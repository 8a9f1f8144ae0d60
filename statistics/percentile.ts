/**
 * A percentile by nearest rank: the smallest of the values that at least this share of them does not exceed.
 *
 * @param values in any order; not changed
 * @param share from 0 (the minimum) to 1 (the maximum); 0.5 gives the median, of an even count the lower middle value
 * @returns NaN if there are no values
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
