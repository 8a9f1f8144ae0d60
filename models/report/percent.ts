/** A share as people read it: `92.5 %`. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
