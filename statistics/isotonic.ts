/**
 * Isotonic regression by pooling adjacent violators.
 */

/**
 * The non-decreasing values that are nearest to the given ones in weighted squares.
 *
 * @param values in the order in which they should not decrease
 * @param weights one per value, above 0
 * @see https://doi.org/10.18637/jss.v032.i05 (pool adjacent violators)
 */
export function isotonic(values: readonly number[], weights: readonly number[]): number[] {
  const pools: { value: number; weight: number; count: number }[] = [];
  values.forEach((value, i) => {
    let pool = { value, weight: weights[i]!, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.value >= pool.value; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      pool = {
        value: (last.value * last.weight + pool.value * pool.weight) / weight,
        weight,
        count: last.count + pool.count,
      };
      pools.pop();
    }
    pools.push(pool);
  });
  return pools.flatMap(({ value, count }) => Array<number>(count).fill(value));
}
