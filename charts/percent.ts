/** A share as people read it: `92.5 %`. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
/** A difference of shares in points: `+5.2`, `−1.6`. */
export const points = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`;
