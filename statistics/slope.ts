/**
 * Slope of the straight line through values at 0, 1, 2 and so on (least squares), per step.
 *
 * @returns NaN for fewer than two values
 */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0);
  return over / values.reduce((sum, _value, i) => sum + (i - middle) ** 2, 0);
}
