/** Normal random numbers. Pure but for the stream that it draws from. */
import type { Random } from '../../statistics/seeded-random';

/** A number with mean 0 and standard deviation 1, by Box and Muller; takes two numbers of the stream. */
export function standardNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}
