/**
 * Marks of a plot: points of different shapes, intervals, steps and labels that stay legible on lines.
 */
import { COLOURS } from './colours';
import { type Attributes, element, line, text } from './svg';

/** Shapes of points; a series has a shape besides its colour. */
export type Shape = 'circle' | 'square' | 'diamond';

/** A filled point, centred at x and y. */
export function point(shape: Shape, x: number, y: number, radius: number, values: Attributes): string {
  if (shape === 'circle') return element('circle', { cx: x, cy: y, r: radius, ...values });
  if (shape === 'diamond') {
    const corners = [
      [x, y - radius],
      [x + radius, y],
      [x, y + radius],
      [x - radius, y],
    ];
    return element('polygon', {
      points: corners.map((corner) => corner.map((value) => value.toFixed(1)).join(',')).join(' '),
      ...values,
    });
  }
  const half = 0.9 * radius;
  return element('rect', { x: x - half, y: y - half, width: 2 * half, height: 2 * half, ...values });
}

/** Text with a white outline, for a place that lines may cross. */
export const label = (x: number, y: number, content: string, values: Attributes = {}): string =>
  text(x, y, content, {
    ...{ stroke: COLOURS.paper, 'stroke-width': 3.5, 'stroke-linejoin': 'round', 'paint-order': 'stroke' },
    ...values,
  });

/** Half the length of the ticks at an interval's ends, pixels. */
const CAP_PX = 5;

/** An arrowhead with its tip at a point; `dx` and `dy` say where it points to: one is 0, the other 1 or -1. */
function arrowhead(x: number, y: number, dx: number, dy: number, fill: string): string {
  const back = [x - 2 * CAP_PX * dx, y - 2 * CAP_PX * dy] as const;
  const corners = [
    [x, y],
    [back[0] - CAP_PX * dy, back[1] - CAP_PX * dx],
    [back[0] + CAP_PX * dy, back[1] + CAP_PX * dx],
  ];
  return element('polygon', {
    points: corners.map((corner) => corner.map((value) => value.toFixed(1)).join(',')).join(' '),
    fill,
  });
}

/** A horizontal interval from left to right with a tick at each end; an open end has an arrow instead. */
export const interval = (
  x1: number,
  x2: number,
  y: number,
  stroke: string,
  open: { readonly start?: boolean; readonly end?: boolean } = {},
): string => {
  const style = { stroke, 'stroke-width': 3 };
  const cap = (x: number) => line(x, y - CAP_PX, x, y + CAP_PX, style);
  return [
    line(open.start ? x1 + CAP_PX : x1, y, open.end ? x2 - CAP_PX : x2, y, style),
    open.start ? arrowhead(x1, y, -1, 0, stroke) : cap(x1),
    open.end ? arrowhead(x2, y, 1, 0, stroke) : cap(x2),
  ].join('');
};

/** The same upright, from `y1` up to `y2`. */
export const uprightInterval = (
  x: number,
  y1: number,
  y2: number,
  stroke: string,
  open: { readonly start?: boolean; readonly end?: boolean } = {},
): string => {
  const style = { stroke, 'stroke-width': 2.5 };
  const cap = (y: number) => line(x - CAP_PX, y, x + CAP_PX, y, style);
  return [
    line(x, open.start ? y1 - CAP_PX : y1, x, open.end ? y2 + CAP_PX : y2, style),
    open.start ? arrowhead(x, y1, 0, 1, stroke) : cap(y1),
    open.end ? arrowhead(x, y2, 0, -1, stroke) : cap(y2),
  ].join('');
};

/** Points of a line that keeps each value until the next one, and the last until `endX`. */
export function steps(points: readonly (readonly [number, number])[], endX: number): [number, number][] {
  return points.flatMap(([x, y], i): [number, number][] => [
    [x, y],
    [points[i + 1]?.[0] ?? endX, y],
  ]);
}

/**
 * Moves labels apart: the nearest heights to those wanted, in the same order, at least `gapPx` from each other.
 *
 * @param wanted heights in any order; the result is in the same order
 */
export function apart(wanted: readonly number[], gapPx: number): number[] {
  const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]!);
  // Groups that touch are centred on the mean of what their members want.
  const groups: { members: number[]; start: number }[] = [];
  const startOf = (members: number[]) =>
    members.reduce((sum, member, i) => sum + wanted[member]! - i * gapPx, 0) / members.length;
  for (const member of order) {
    let group = { members: [member], start: wanted[member]! };
    let before = groups.at(-1);
    while (before !== undefined && before.start + before.members.length * gapPx > group.start) {
      groups.pop();
      const members = [...before.members, ...group.members];
      group = { members, start: startOf(members) };
      before = groups.at(-1);
    }
    groups.push(group);
  }
  const placed = [...wanted];
  for (const { members, start } of groups)
    members.forEach((member, i) => (placed[member] = start + i * gapPx));
  return placed;
}
