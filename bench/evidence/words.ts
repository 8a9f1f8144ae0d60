/** Figures as the words of titles, labels and tables. Pure. */
import { ARCHITECTURES, type ModelId, MODELS } from '../../models/catalog';
import { percentileName, type Slo } from '../load/slo';
import type { Knee } from './knee';

/** `MobileNetV2`. */
export const modelName = (model: ModelId): string => ARCHITECTURES[MODELS[model].architecture].title;

/** A number with two significant digits, or whole from 10 on: `0.31`, `2.4`, `12`. */
export const short = (value: number): string =>
  Math.abs(value) >= 9.95 ? value.toFixed(0) : String(Number(value.toPrecision(2)));

/** `250 ms`, `1.5 s`. */
export const duration = (ms: number): string =>
  ms < 1000 ? `${short(ms)} ms` : `${Number((ms / 1000).toPrecision(3))} s`;

/** `p95 ≤ 250 ms`. */
export const objective = ({ percentile, limitMs }: Slo): string =>
  `${percentileName(percentile)} ≤ ${duration(limitMs)}`;

/** A range of numbers; one number if its ends look the same: `12–14`, `12`. */
export const range = (low: number, high: number): string =>
  short(low) === short(high) ? short(low) : `${short(low)}–${short(high)}`;

/** Bounds of a number: `12–14`, `at least 14`, `less than 12`, `cannot tell`. */
export function boundsText(low: number | undefined, high: number | undefined): string {
  if (low !== undefined && high !== undefined) return range(low, high);
  if (low !== undefined) return `at least ${short(low)}`;
  return high !== undefined ? `less than ${short(high)}` : CANNOT_TELL;
}

/** What stands where the data decides nothing. */
export const CANNOT_TELL = 'cannot tell';

/** A knee in images per second. */
export const kneeText = ({ lowPerSecond, highPerSecond }: Knee): string =>
  boundsText(lowPerSecond, highPerSecond);

/** A list in words: `a`, `a and b`, `a, b and c`. */
export const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`;

/** `1 pod`, `2 pods`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A whole number with commas between thousands. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** Jain's index: `0.998`. */
export const jainText = (value: number): string => value.toFixed(3);

/** What stands where no data is. */
export const NO_DATA = 'There is no data yet: run `npm run experiments`, then `npm run experiments:charts`.';

/** What stands where a figure is missing. */
export const NONE = 'not measured';
