/** The marks of the frontier's chart. Pure. */
import type { Axis } from '../../charts/axis';
import { COLOURS, tint } from '../../charts/colours';
import { point } from '../../charts/marks';
import { polyline } from '../../charts/svg';
import { MODEL_STYLE } from '../evidence/charts/model-style';
import type { FrontierPoint } from './frontier';

/** Fewer late requests than this are drawn as this: the axis is logarithmic. */
export const LEAST_LATE = 0.0001;

export interface Axes {
  readonly x: Axis;
  readonly y: Axis;
}

export const placeOf = ({ judgement }: FrontierPoint, { x, y }: Axes): readonly [number, number] => [
  x.at(judgement.coresRequested),
  y.at(Math.max(LEAST_LATE, 1 - judgement.inTimeShare)),
];

export const styleOf = ({ judgement }: FrontierPoint) => MODEL_STYLE[judgement.candidate.profile.model];

export const isHpa = ({ judgement }: FrontierPoint) => judgement.candidate.scaling.kind === 'hpa';

export const RADIUS_PX: Readonly<Record<FrontierPoint['kind'], number>> = {
  ...{ variant: 7, target: 3.5, fleet: 2.5, rival: 5, plan: 6 },
};
/** A point's mark: the shape and colour of its model, or a diamond for what another tool requests. */
export function mark(each: FrontierPoint, axes: Axes): string {
  const [x, y] = placeOf(each, axes);
  const { colour, shape } = styleOf(each);
  const radius = RADIUS_PX[each.kind];
  const open = { fill: COLOURS.paper, 'stroke-width': 1.5 };
  switch (each.kind) {
    case 'variant':
      return point(shape, x, y, radius, { fill: colour });
    case 'target':
      return point(shape, x, y, radius, { ...open, stroke: colour });
    case 'fleet':
      return point(shape, x, y, radius, { fill: COLOURS.quiet });
    case 'rival':
      return point('diamond', x, y, radius, { ...open, stroke: COLOURS.ink });
    case 'plan':
      return point('diamond', x, y, radius, { fill: COLOURS.green });
  }
}

/** One HPA at every target, its own included, joined from the cheapest to the dearest. */
export function targetLine(points: readonly FrontierPoint[], axes: Axes): string {
  const sorted = [...points].sort((a, b) => a.judgement.coresRequested - b.judgement.coresRequested);
  const colour = tint(styleOf(sorted[0]!).colour, 0.6);
  return polyline(
    sorted.map((each) => placeOf(each, axes)),
    colour,
    { 'stroke-width': 1.5 },
  );
}
