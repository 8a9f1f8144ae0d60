/** How a max-size fleet compares with the single pod of its model. Pure. */
import type { Knee } from './knee';
import type { RateCurve } from './rate-curve';

/** A fleet beside the single pod of its model, where that was measured. */
export interface Fleet {
  readonly fleet: RateCurve;
  readonly single?: RateCurve;
}

/** Share of the ideal that a fleet reaches, as bounds from both knees; undefined where a knee has an open end. */
export function efficiency({ fleet, single }: Fleet): readonly [number, number] | undefined {
  const ends = ({ lowPerSecond: low, highPerSecond: high }: Knee) =>
    low === undefined || high === undefined ? undefined : ([low, high] as const);
  const [many, one] = [ends(fleet.knee), single && ends(single.knee)];
  if (many === undefined || one === undefined || fleet.pods === 0) return undefined;
  return [many[0] / (fleet.pods * one[1]), many[1] / (fleet.pods * one[0])];
}
