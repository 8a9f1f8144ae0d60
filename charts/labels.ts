/** Places for labels near their marks, such that they cover neither each other nor a mark. Pure. */
import { CHARACTER_WIDTH_PX } from './svg';

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
