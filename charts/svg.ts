/**
 * Small pieces of SVG that charts are put together from. Same input, same bytes; no library, no DOM.
 */

/** Colours told apart by people who see few colours, too: Okabe and Ito's. */
export const COLOURS = {
  blue: '#0072b2',
  vermilion: '#d55e00',
  ink: '#1a1a1a',
  quiet: '#5c5c5c',
  grid: '#e3e3e3',
  paper: '#ffffff',
} as const;

/** Mean width of a character of 12 px text, pixels: labels get room by it, since nothing measures text here. */
export const CHARACTER_PX = 6.8;

type Attributes = Readonly<Record<string, string | number>>;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML; what XML has no place for (control characters, halves of surrogate pairs) is replaced. */
export function escapeXml(content: string): string {
  return content
    .replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

/** A name that fits in `characters`, its end replaced by an ellipsis where it is longer. */
export function shortened(name: string, characters: number): string {
  const letters = Array.from(name);
  return letters.length <= characters ? name : `${letters.slice(0, characters - 1).join('')}…`;
}

/** Hundredths of a pixel are enough, and keep files small. */
const attributes = (values: Attributes) =>
  Object.entries(values)
    .map(([name, value]) => {
      const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : escapeXml(value);
      return ` ${name}="${text}"`;
    })
    .join('');

/** An element with what is inside of it. */
export const element = (name: string, values: Attributes, ...inside: readonly string[]) =>
  inside.length === 0
    ? `<${name}${attributes(values)}/>`
    : `<${name}${attributes(values)}>${inside.join('')}</${name}>`;

/** Text at a point; 12 px, dark, and starting there unless told otherwise. */
export const text = (x: number, y: number, content: string, values: Attributes = {}) =>
  element('text', { x, y, ...values }, escapeXml(content));

export const line = (x1: number, y1: number, x2: number, y2: number, values: Attributes = {}) =>
  element('line', { x1, y1, x2, y2, stroke: COLOURS.grid, ...values });

export const rect = (x: number, y: number, width: number, height: number, values: Attributes = {}) =>
  element('rect', { x, y, width, height, ...values });

/** A line through points; it breaks where a point has no height, and a point alone is a dot. */
export function path(
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

/** Maps [from, to] to [start, end], linearly. */
export const scale = (from: number, to: number, start: number, end: number) => (value: number) =>
  start + ((value - from) / (to - from)) * (end - start);

/** About `count` round numbers (1, 2 or 5 times a power of ten apart) from `from` to `to`. */
export function ticks(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // From whole multiples, so that no error adds up: 0.3, not 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A chart on a white card, readable on light pages and dark ones; the description is for who does not see it. */
export function card(
  width: number,
  height: number,
  { title, description }: { readonly title: string; readonly description: string },
  ...body: readonly string[]
): string {
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`,
      role: 'img',
      'font-family': 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif',
      'font-size': 12,
      fill: COLOURS.ink,
    },
    element('title', {}, escapeXml(title)),
    element('desc', {}, escapeXml(description)),
    rect(0.5, 0.5, width - 1, height - 1, { rx: 8, fill: COLOURS.paper, stroke: COLOURS.grid }),
    text(20, 28, title, { 'font-size': 15, 'font-weight': 600 }),
    ...body.map((part) => `\n${part}`),
    '\n',
  );
  return `${svg}\n`;
}
