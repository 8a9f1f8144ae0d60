/**
 * Shares as text.
 */

/** A share from 0 to 1 as a percentage: `92.5 %`. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** An interval of shares: `91.1 % to 96.4 %`. */
export const percentRange = ([low, high]: readonly [number, number]) => `${percent(low)} to ${percent(high)}`;

/** A share in whole percent without the sign, for the ticks of an axis whose title has it: `93`. */
export const percentTick = (share: number) => String(Math.round(100 * share));

/** A difference of two shares in percentage points: `+5.2`, `−1.6`. */
export const points = (difference: number) =>
  `${difference < 0 ? '−' : '+'}${Math.abs(100 * difference).toFixed(1)}`;

/** A relative difference in whole percent: `+5 %`, `−26 %`. */
export const signedPercent = (difference: number) =>
  `${difference < 0 ? '−' : '+'}${(100 * Math.abs(difference)).toFixed(0)} %`;
