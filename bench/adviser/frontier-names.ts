/** The names in the frontier's chart, placed so that they cover neither each other nor a mark. Pure. */
import { tint, COLOURS } from '../../charts/colours';
import { type Box, boxAround, freePlace, textBox } from '../../charts/labels';
import { label } from '../../charts/marks';
import type { Frame } from '../../charts/panel';
import { line } from '../../charts/svg';
import type { FrontierPoint, LoadFrontier } from './frontier';
import { type Axes, isHpa, placeOf, RADIUS_PX, styleOf } from './frontier-marks';

/** The dearest and the cheapest of an HPA's other targets say how the line runs. */
function endsOf(points: readonly FrontierPoint[]): FrontierPoint[] {
  const targets = points.filter(({ kind }) => kind === 'target');
  const percentOf = ({ judgement: { candidate } }: FrontierPoint) =>
    candidate.scaling.kind === 'hpa' ? candidate.scaling.targetCpuPercent : 0;
  const sorted = [...targets].sort((a, b) => percentOf(a) - percentOf(b));
  return [sorted[0]!, sorted.at(-1)!];
}

interface Words {
  readonly point: FrontierPoint;
  readonly content: string;
  readonly fontPx: number;
  readonly colour: string;
  readonly isBold: boolean;
}

/** What is named, the most important first: it finds the best place. */
function wordsOf({ points, cheapest }: LoadFrontier): Words[] {
  const named = (kinds: readonly FrontierPoint['kind'][]) =>
    points.filter(({ kind }) => kinds.includes(kind));
  const hpas = [...new Set(points.filter(isHpa).map(({ name }) => name))];
  const words = (each: FrontierPoint, content: string, colour: string): Words => ({
    ...{ point: each, content, colour, fontPx: 11, isBold: each.kind === 'plan' },
  });
  const variants = named(['variant']).map((each) => {
    const { scaling } = each.judgement.candidate;
    const target = scaling.kind === 'hpa' ? ` (${scaling.targetCpuPercent} %)` : '';
    const own = words(each, `${each.name}${target}`, styleOf(each).colour);
    return each === cheapest ? { ...own, content: `run ${own.content}`, fontPx: 14, isBold: true } : own;
  });
  return [
    ...variants.sort((a, b) => b.fontPx - a.fontPx),
    ...named(['plan']).map((each) => words(each, each.name, COLOURS.green)),
    ...named(['rival']).map((each) => words(each, each.name, COLOURS.ink)),
    ...hpas.flatMap((name) =>
      endsOf(points.filter((each) => each.name === name && isHpa(each))).map((each) => {
        const { scaling } = each.judgement.candidate;
        const percentText = scaling.kind === 'hpa' ? `${scaling.targetCpuPercent} %` : '';
        return words(each, percentText, styleOf(each).colour);
      }),
    ),
  ];
}

/** A name this near needs no line. */
const NEAR_PX = 20;
/** Between two names. */
const GAP_PX = 10;
/** Steps away from a mark, pixels: first above it, then below, then farther. */
const STEPS_PX = [-13, 20, -28, 35, -43, 50, 65, 80, 95];

/** Names, each where it covers nothing, with a line to its mark where it stands away from it. */
export function names(
  load: LoadFrontier,
  axes: Axes,
  { left, right, top, bottom }: Frame,
  taken: Box[],
): string[] {
  for (const each of load.points) taken.push(boxAround(...placeOf(each, axes), RADIUS_PX[each.kind]));
  const lines: string[] = [];
  const labels = wordsOf(load).flatMap(({ point: each, content, fontPx, colour, isBold }) => {
    const [x, y] = placeOf(each, axes);
    const places = STEPS_PX.flatMap((step) =>
      [false, true].map((isEnd) => {
        const at = [x + (isEnd ? 6 : -6), y + step] as const;
        return { at, step, isEnd, box: textBox(...at, content, fontPx, isEnd) };
      }),
    ).filter(
      ({ box }) => box.left >= left && box.right <= right + 8 && box.top >= top - 4 && box.bottom <= bottom,
    );
    const [first, ...others] = places;
    if (first === undefined) return [];
    const { at, step, isEnd, box } = freePlace([first, ...others], taken);
    taken.push({ ...box, left: box.left - GAP_PX, right: box.right + GAP_PX });
    const end = step > 0 ? at[1] - fontPx : at[1] + 4;
    if (Math.abs(step) > NEAR_PX) lines.push(line(x, y, x, end, { stroke: tint(colour, 0.5) }));
    return [
      label(...at, content, {
        ...{ 'font-size': fontPx, fill: colour, 'text-anchor': isEnd ? 'end' : 'start' },
        ...(isBold && { 'font-weight': 700 }),
      }),
    ];
  });
  // A label's white outline interrupts the lines below it.
  return [...lines, ...labels];
}
