/**
 * Axes: where a value lies, which values have a tick, and how a tick is labelled.
 */

/** One axis of a panel. */
export interface Axis {
  /** Pixel of a value; NaN for a value that is not a number. */
  readonly at: (value: number) => number;
  /** Values that have a tick, ascending. */
  readonly ticks: readonly number[];
  /** Label of a tick. */
  readonly format: (tick: number) => string;
}

/** About `count` round numbers from `from` to `to`; they are 1, 2 or 5 times a power of ten apart. */
export function linearTicks(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Whole multiples of the step, so that errors do not add up: 0.3, not 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * An axis on which equal differences have equal lengths.
 *
 * @param values the values at the axis' start and end
 * @param pixels where start and end lie; an axis that points upwards starts at the larger pixel
 * @param ticks values with a tick. @default about five round ones
 * @param format label of a tick. @default the number as JavaScript prints it
 */
export function linearAxis(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  { ticks = linearTicks(from, to, 5), format = String }: Partial<Pick<Axis, 'ticks' | 'format'>> = {},
): Axis {
  return { at: (value) => start + ((value - from) / (to - from)) * (end - start), ticks, format };
}

/** Numbers from `from` to `to` that are 1, 2 or 5 times a power of ten. */
export function logTicks(from: number, to: number): number[] {
  const powers = Array.from({ length: 24 }, (_, i) => i - 12);
  return powers
    .flatMap((power) => [1, 2, 5].map((factor) => Number(`${factor}e${power}`)))
    .filter((tick) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9));
}

/** Ticks that are closer than this have labels that touch, pixels. */
const MIN_TICK_GAP = 20;

/**
 * An axis on which equal ratios have equal lengths; values of 0 and below have no place on it.
 *
 * @param values the values at the axis' start and end, above 0
 * @param pixels where start and end lie
 * @param ticks values with a tick. @default 1, 2 and 5 times the powers of ten; the powers alone where there is no room
 */
export function logAxis(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  { ticks, format = String }: Partial<Pick<Axis, 'ticks' | 'format'>> = {},
): Axis {
  const span = Math.log(to / from);
  const hasRoom = (Math.log(2) / span) * Math.abs(end - start) >= MIN_TICK_GAP;
  const isShown = (tick: number) => hasRoom || Number.isInteger(Number(Math.log10(tick).toFixed(9)));
  return {
    at: (value) => (value > 0 ? start + (Math.log(value / from) / span) * (end - start) : NaN),
    ticks: ticks ?? logTicks(from, to).filter(isShown),
    format,
  };
}

/** The same around values, with room beyond them; those that it has no place for are left out. At least one has a place. */
export function logAxisAround(
  values: readonly number[],
  pixels: readonly [number, number],
  roomFactor: number,
  format: Axis['format'] = String,
): Axis {
  const known = values.filter((value) => value > 0 && Number.isFinite(value));
  return logAxis([Math.min(...known) / roomFactor, Math.max(...known) * roomFactor], pixels, { format });
}

/** The same axis with a tick at a value, and without the ticks whose labels would touch that of the value. */
export const withTick = (axis: Axis, value: number): Axis => ({
  ...axis,
  ticks: [
    ...axis.ticks.filter((tick) => Math.abs(axis.at(tick) - axis.at(value)) >= MIN_TICK_GAP),
    value,
  ].sort((a, b) => a - b),
});
