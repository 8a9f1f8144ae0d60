/**
 * SVG elements as strings. The same input gives the same bytes; no library, no DOM. Coordinates are pixels from the
 * chart's top left corner.
 */
import { COLOURS } from './colours';

/** Mean width of a character of 12 px text, pixels. Nothing measures text here, so labels get room by this estimate. */
export const CHARACTER_WIDTH_PX = 6.8;

/** Attributes of an element, in the order in which they are written. */
export type Attributes = Readonly<Record<string, string | number>>;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Escapes text for XML; characters that XML forbids (control characters, lone surrogates) become U+FFFD. */
export function escapeXml(content: string): string {
  return content
    .replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

/** Cuts a name to `maxCharacters`; a cut name ends in an ellipsis. */
export function shorten(name: string, maxCharacters: number): string {
  const letters = Array.from(name);
  return letters.length <= maxCharacters ? name : `${letters.slice(0, maxCharacters - 1).join('')}…`;
}

/** Hundredths of a pixel are precise enough and keep files small. */
const attributes = (values: Attributes) =>
  Object.entries(values)
    .map(([name, value]) => {
      const content = typeof value === 'number' ? String(Math.round(value * 100) / 100) : escapeXml(value);
      return ` ${name}="${content}"`;
    })
    .join('');

/** An element with its children, which are SVG already. */
export const element = (name: string, values: Attributes, ...children: readonly string[]) =>
  children.length === 0
    ? `<${name}${attributes(values)}/>`
    : `<${name}${attributes(values)}>${children.join('')}</${name}>`;

/** Text that starts at a point, on its baseline; 12 px and dark unless `values` says otherwise. */
export const text = (x: number, y: number, content: string, values: Attributes = {}) =>
  element('text', { x, y, ...values }, escapeXml(content));

/** Text that is turned about a point; positive degrees turn it clockwise. */
export const rotatedText = (
  x: number,
  y: number,
  degrees: number,
  content: string,
  values: Attributes = {},
) => {
  const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${degrees})`;
  return element('text', { transform, ...values }, escapeXml(content));
};

/** A straight line, in the colour of grid lines unless `values` says otherwise. */
export const line = (x1: number, y1: number, x2: number, y2: number, values: Attributes = {}) =>
  element('line', { x1, y1, x2, y2, stroke: COLOURS.grid, ...values });

/** A rectangle by its top left corner. */
export const rect = (x: number, y: number, width: number, height: number, values: Attributes = {}) =>
  element('rect', { x, y, width, height, ...values });

/** A line through points. It is interrupted where `y` is not finite; a single point between gaps becomes a dot. */
export function polyline(
  points: readonly (readonly [number, number])[],
  colour: string,
  values: Attributes = {},
): string {
  const runs: (readonly [number, number])[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point[1])) runs.at(-1)!.push(point);
    else runs.push([]);
  }
  return runs
    .filter((run) => run.length > 0)
    .map((run) =>
      run.length === 1
        ? element('circle', { cx: run[0]![0], cy: run[0]![1], r: 2.5, fill: colour })
        : element('polyline', {
            points: run.map((point) => point.map((value) => value.toFixed(1)).join(',')).join(' '),
            fill: 'none',
            stroke: colour,
            'stroke-width': 2,
            'stroke-linejoin': 'round',
            ...values,
          }),
    )
    .join('');
}
