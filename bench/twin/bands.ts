/** What many seeds of one scenario have in common: a band instead of one line. Pure. */
import { percentile } from '../../statistics/percentile';
import { type Simulated, simulate } from './simulate';
import type { Scenario } from './scenario';

/** Seeds that a band is made of unless a caller asks for others. */
export const BAND_SEEDS = 200;
/** Share of the seeds inside a band. */
export const BAND_SHARE = 0.9;

export interface Band {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The middle {@link BAND_SHARE} of numbers, by nearest rank; NaN where there is none. */
export function bandOf(values: readonly number[]): Band {
  const outside = (1 - BAND_SHARE) / 2;
  const known = values.filter((value) => !Number.isNaN(value));
  return {
    low: percentile(known, outside),
    median: percentile(known, 0.5),
    high: percentile(known, 1 - outside),
  };
}

/**
 * Simulates a scenario with the seeds 1 to `seeds` and keeps what `read` takes of each.
 *
 * @param scenarioOf the scenario of a seed, so that arrivals may be drawn anew; called once per seed
 */
export const overSeeds = <T>(
  seeds: number,
  scenarioOf: (seed: number) => Scenario,
  read: (simulated: Simulated, scenario: Scenario) => T,
): T[] =>
  Array.from({ length: seeds }, (_, i) => {
    const scenario = scenarioOf(i + 1);
    return read(simulate(scenario, i + 1), scenario);
  });
