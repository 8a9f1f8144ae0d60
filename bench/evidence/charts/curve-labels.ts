/** Labels of curves of latency by offered rate, each where it covers neither a curve nor another label. Pure. */
import { type Axis } from '../../../charts/axis';
import { type Box, boxAround, boxesAlong, type Place, placedLabel } from '../../../charts/labels';
import { MODEL_STYLE } from './model-style';
import type { RateCurve, RateFigures } from '../rate-curve';
import { modelName, objective, plural } from '../words';

/** Points of a line, pixels. */
export type Line = readonly (readonly [number, number])[];

/** Where labels may stand, and what they must not cover; `taken` grows with each label. */
export interface Room {
  readonly frame: Box;
  readonly taken: Box[];
}

/** Radius of a point of a curve, pixels. */
export const POINT_RADIUS_PX = 4;

const known = (points: Line) => points.filter(([, y]) => Number.isFinite(y));

/** What labels of a curve keep off: its line and its points. */
export const curveBoxes = (points: Line): Box[] => [
  ...boxesAlong(points),
  ...known(points).map(([x, y]) => boxAround(x, y, POINT_RADIUS_PX + 1)),
];

/** Beside a horizontal line, the nearest to `x` first. */
const placesAlong = (y: number, x: number): Place[] =>
  Array.from({ length: 40 }, (_, step) => 8 + 8 * step).flatMap((awayPx) =>
    [y - 7, y + 16].flatMap((at) => [
      { x: x - awayPx, y: at, isEnd: true },
      { x: x + awayPx, y: at },
    ]),
  );

/** Where a name stands beside a point: start of its text or, where `isEnd`, its end. */
const NEAR: readonly Place[] = [
  { x: 9, y: 16 },
  { x: -9, y: -7, isEnd: true },
  { x: -4, y: -12 },
  { x: -4, y: 24 },
];
const FARTHER: readonly Place[] = [40, 54, 68, 82].map((y) => ({ x: 9, y }));

/** Beside the points of a curve, those of the lowest rate first; farther below it where no place beside it is free. */
const placesBeside = (points: Line): Place[] =>
  [NEAR, FARTHER].flatMap((offsets) =>
    known(points).flatMap(([x, y]) => offsets.map((each) => ({ ...each, x: x + each.x, y: y + each.y }))),
  );

/** The objective, beside its line and near the knee. */
export const objectiveName = ({ model, slo }: RateCurve, y: Axis, nearX: number, room: Room): string =>
  placedLabel(objective(slo), placesAlong(y.at(slo.limitMs), nearX), room, {
    fill: MODEL_STYLE[model].colour,
  });

/** The model beside its curve, and its pods if there are several. */
export const curveName = ({ model, pods }: RateCurve, points: Line, room: Room): string =>
  placedLabel(
    `${modelName(model)}${pods > 1 ? `, ${plural(pods, 'pod')}` : ''}`,
    placesBeside(points),
    room,
    { fill: MODEL_STYLE[model].colour, 'font-weight': 600 },
  );

export interface Percentile {
  readonly name: string;
  readonly of: (figures: RateFigures) => number;
  readonly stroke: Readonly<Record<string, string | number>>;
}

export const PERCENTILES: readonly Percentile[] = [
  { name: 'p50', of: ({ p50Ms }) => p50Ms, stroke: { 'stroke-width': 1.5 } },
  { name: 'p95', of: ({ p95Ms }) => p95Ms, stroke: { 'stroke-width': 3.2 } },
  { name: 'p99', of: ({ p99Ms }) => p99Ms, stroke: { 'stroke-width': 1.5, 'stroke-dasharray': '5 3' } },
];

/** The percentiles of a curve, at an end of their lines. */
export function percentileNames({ model, rates }: RateCurve, x: Axis, y: Axis, room: Room): string[] {
  return PERCENTILES.flatMap(({ name, of }) => {
    const points = known(rates.map((figures) => [x.at(figures.ratePerSecond), y.at(of(figures))] as const));
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return [];
    const places: Place[] = [
      { x: first[0] - 7, y: first[1] + 4, isEnd: true },
      { x: first[0] - 3, y: first[1] - 8, isEnd: true },
      { x: first[0] - 7, y: first[1] + 13, isEnd: true },
      { x: first[0], y: first[1] - 7 },
      { x: last[0] + 7, y: last[1] + 4 },
    ];
    return placedLabel(name, places, room, { fill: MODEL_STYLE[model].colour });
  });
}
