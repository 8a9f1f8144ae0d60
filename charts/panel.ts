/**
 * Panels: the rectangle of one plot with its axes. Panels that are stacked share an x axis, drawn below the last one.
 * What a panel shows (lines, bars, points) is drawn between its axes with the elements of `svg.ts`.
 */
import type { Axis } from './axis';
import { type Attributes, line, rect, rotatedText, text } from './svg';

/** The rectangle that a panel's data fill, pixels. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Room that the labels and the title of {@link yAxis} take left of the frame, pixels. */
export const Y_AXIS_WIDTH_PX = 68;
/** Room that the labels and the title of {@link xAxis} take below the frame, pixels. */
export const X_AXIS_HEIGHT_PX = 58;

/** The y axis: a grid line across the frame and a label at each tick, and the title, which names the unit. */
export function yAxis(
  { left, right, top, bottom }: Frame,
  { at, ticks, format }: Axis,
  title: string,
): string[] {
  return [
    ...ticks.flatMap((tick) => [
      line(left, at(tick), right, at(tick)),
      text(left - 8, at(tick) + 4, format(tick), { 'text-anchor': 'end' }),
    ]),
    rotatedText(left - 44, (top + bottom) / 2, -90, title, { 'text-anchor': 'middle' }),
  ];
}

/** The x axis: a label below the frame at each tick, and the title, which names the unit. */
export function xAxis({ left, right, bottom }: Frame, { at, ticks, format }: Axis, title: string): string[] {
  return [
    ...ticks.map((tick) => text(at(tick), bottom + 18, format(tick), { 'text-anchor': 'middle' })),
    text((left + right) / 2, bottom + 42, title, { 'text-anchor': 'middle' }),
  ];
}

/** A legend's entry for a line; `y` is the middle of its height. */
export const lineKey = (x: number, y: number, label: string, stroke: Attributes) =>
  line(x, y, x + 22, y, stroke) + text(x + 30, y + 4, label);

/** A legend's entry for a filled area; `y` is the middle of its height. */
export const areaKey = (x: number, y: number, label: string, fill: string) =>
  rect(x, y - 6, 12, 12, { fill }) + text(x + 20, y + 4, label);
