/** How a max-size fleet compares with the single pod of its model. Pure. */
import type { RateCurve } from './rate-curve';
import { boundsText, CANNOT_TELL } from './words';

/** A fleet beside the single pod of its model, where that was measured. */
export interface Fleet {
  readonly fleet: RateCurve;
  readonly single?: RateCurve;
}

/** Share of the ideal that a fleet reaches; a bound is missing where the knees leave it open. */
export interface Efficiency {
  readonly low?: number;
  readonly high?: number;
}

/** A fleet's knee over the single pod's times its pods, ends against ends. */
export function efficiency({ fleet, single }: Fleet): Efficiency {
  const ratio = (many: number | undefined, one: number | undefined) =>
    many === undefined || one === undefined || fleet.pods === 0 ? undefined : many / (fleet.pods * one);
  const low = ratio(fleet.knee.lowPerSecond, single?.knee.highPerSecond);
  const high = ratio(fleet.knee.highPerSecond, single?.knee.lowPerSecond);
  return { ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
}

/** `87–104 %`, `at least 87 %`, `cannot tell`: an upper bound above the ideal says nothing. */
export function efficiencyText(fleet: Fleet): string {
  const { low, high } = efficiency(fleet);
  if (low === undefined && high !== undefined && high > 1) return CANNOT_TELL;
  const words = boundsText(low && 100 * low, high && 100 * high);
  return words === CANNOT_TELL ? words : `${words} %`;
}
