/** Places for labels near their marks, such that they cover neither each other nor a mark. Pure. */
import { label } from './marks';
import { type Attributes, CHARACTER_WIDTH_PX } from './svg';

/** A rectangle, pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Font size that {@link CHARACTER_WIDTH_PX} is for. */
const FONT_PX = 12;

/** The rectangle around a mark. */
export const boxAround = (x: number, y: number, radiusPx: number): Box => ({
  ...{ left: x - radiusPx, right: x + radiusPx },
  ...{ top: y - radiusPx, bottom: y + radiusPx },
});

/** The rectangle of text whose baseline starts or ends at a point. */
export function textBox(x: number, y: number, content: string, fontPx: number, isEnd = false): Box {
  const width = (content.length * CHARACTER_WIDTH_PX * fontPx) / FONT_PX;
  const left = isEnd ? x - width : x;
  return { left, right: left + width, top: y - fontPx, bottom: y + fontPx / 4 };
}

const overlapPx = (a: Box, b: Box) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

/**
 * The first place that covers nothing; if there is none, the one that covers least.
 *
 * @param places where a label may stand, best first, at least one
 * @param taken rectangles that it should not cover
 */
export function freePlace<T extends { readonly box: Box }>(
  places: readonly [T, ...T[]],
  taken: readonly Box[],
): T {
  let best: { readonly place: T; readonly covered: number } | undefined;
  for (const place of places) {
    const covered = taken.reduce((sum, box) => sum + overlapPx(place.box, box), 0);
    if (covered === 0) return place;
    if (best === undefined || covered < best.covered) best = { place, covered };
  }
  return best!.place;
}

/** Half the width of a line that labels keep off, pixels. */
const LINE_RADIUS_PX = 3;

/** Rectangles along a line through points. It is interrupted where a point is not finite. */
export function boxesAlong(points: readonly (readonly [number, number])[]): Box[] {
  return points.flatMap((to, i) => {
    const from = points[i - 1] ?? to;
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (!Number.isFinite(length)) return [];
    const parts = Math.max(1, Math.ceil(length / (2 * LINE_RADIUS_PX)));
    return Array.from({ length: parts + 1 }, (_, part) => {
      const [x, y] = [0, 1].map((axis) => from[axis]! + (part / parts) * (to[axis]! - from[axis]!));
      return boxAround(x!, y!, LINE_RADIUS_PX);
    });
  });
}

/** Where a label starts, or ends, on its baseline. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly isEnd?: boolean;
}

/** Font size of a label in a plot, pixels. */
export const LABEL_FONT_PX = 11;
/** Bold letters are this many times as wide. */
const BOLD = 1.15;

/**
 * A label at the first of its places that covers nothing. The place is taken then.
 *
 * @param places best first, at least one
 * @param room those outside `frame` are left out, unless all are; `taken` grows
 */
export function placedLabel(
  content: string,
  places: readonly Place[],
  { frame, taken }: { readonly frame: Box; readonly taken: Box[] },
  values: Attributes = {},
): string {
  const widthFactor = values['font-weight'] === undefined ? 1 : BOLD;
  const boxed = places.map((place) => {
    const box = textBox(place.x, place.y, content, LABEL_FONT_PX, place.isEnd);
    const more = (widthFactor - 1) * (box.right - box.left);
    const wide = place.isEnd ? { left: box.left - more } : { right: box.right + more };
    return { ...place, box: { ...box, ...wide } };
  });
  const isInside = ({ box }: { readonly box: Box }) =>
    box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
  const inside = boxed.filter(isInside);
  const [first, ...others] = inside.length > 0 ? inside : boxed;
  const { x, y, isEnd, box } = freePlace([first!, ...others], taken);
  taken.push(box);
  const anchor: Attributes = isEnd ? { 'text-anchor': 'end' } : {};
  return label(x, y, content, { 'font-size': LABEL_FONT_PX, ...anchor, ...values });
}
