/**
 * A rate for people, per second. Below 1 it has two significant digits, so that a low rate never reads as 0.
 *
 * @param decimals of rates from 1 on
 */
export const rateText = (perSecond: number, decimals = 1): string =>
  perSecond === 0 || perSecond >= 1 ? perSecond.toFixed(decimals) : String(Number(perSecond.toPrecision(2)));
