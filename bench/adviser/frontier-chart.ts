/** The chart of the reference's variants: CPU requested against requests in time, under two loads. Pure. */
import { type Axis, logAxis } from '../../charts/axis';
import { MARGIN_PX } from '../../charts/card';
import { COLOURS, tint } from '../../charts/colours';
import { boxAround, textBox } from '../../charts/labels';
import { label, point } from '../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../charts/panel';
import { percent } from '../../charts/percent';
import { poster } from '../../charts/poster';
import { line, rect, text } from '../../charts/svg';
import { objective } from '../evidence/words';
import { type Frontier, FRONTIER_SLO, type LoadFrontier } from './frontier';
import { isHpa, LEAST_LATE, mark, placeOf, targetLine } from './frontier-marks';
import { names } from './frontier-names';
import { timesIdeal } from './frontier-tables';

const PANEL_PX = 230;
const PANEL_GAP_PX = 44;
const LEFT = 74;
const RIGHT = 586;
const TOP = 34;

/** Room above the best ones, for their names. */
const TOP_LATE = 0.000008;
const LATE_TICKS = [1, 0.5, 0.2, 0.05, 0.01, 0.001, LEAST_LATE];

/** The claim: which variant to run. */
export function frontierTitle({ loads }: Frontier): string {
  const steady = loads[0]!;
  const { cheapest } = steady;
  const rate = `For a steady 40 images/s at ${objective(FRONTIER_SLO)}`;
  if (cheapest === undefined) return `${rate} none of the variants is enough`;
  return (
    `${rate} run ${cheapest.name}: it requests ${cheapest.judgement.coresRequested.toFixed(1)} cores, ` +
    `the least of the six and ${timesIdeal(steady)!}`
  );
}

const frameOf = (index: number): Frame => {
  const top = TOP + index * (PANEL_PX + PANEL_GAP_PX);
  return { left: LEFT, right: RIGHT, top, bottom: top + PANEL_PX };
};

/** Late requests on a logarithmic axis that points down; its labels are the shares in time. */
const lateAxis = ({ top, bottom }: Frame): Axis =>
  logAxis([1, TOP_LATE], [bottom, top], {
    ticks: LATE_TICKS,
    format: (late) => `${late === LEAST_LATE ? '≥ ' : ''}${Number((100 * (1 - late)).toFixed(2))}`,
  });

const RING_PX = 12;

function panel(load: LoadFrontier, frame: Frame, x: Axis): string[] {
  const axes = { x, y: lateAxis(frame) };
  const { left, right, top, bottom } = frame;
  const { points, idealCores, cheapest } = load;
  const slo = axes.y.at(1 - FRONTIER_SLO.percentile);
  const hpas = [...new Set(points.filter(isHpa).map(({ name }) => name))];
  const lines = hpas.map((name) =>
    targetLine(
      points.filter((each) => each.name === name && isHpa(each)),
      axes,
    ),
  );
  const fails = `fails ${objective(FRONTIER_SLO)}`;
  const taken = [textBox(left + 6, slo + 15, fails, 11)];
  if (cheapest) taken.push(boxAround(...placeOf(cheapest, axes), RING_PX));
  const ideal = `ideal ${idealCores?.toFixed(1)}`;
  const atIdeal = idealCores === undefined ? undefined : x.at(idealCores);
  if (atIdeal !== undefined) taken.push(textBox(atIdeal + 4, bottom - 8, ideal, 11));
  return [
    text(left, top - 12, load.load.words, { 'font-weight': 600 }),
    rect(left, slo, right - left, bottom - slo, { fill: tint(COLOURS.vermilion, 0.1) }),
    ...yAxis(frame, axes.y, 'in time, %'),
    line(left, slo, right, slo, { stroke: COLOURS.vermilion, 'stroke-width': 1.5 }),
    label(left + 6, slo + 15, fails, { 'font-size': 11, fill: COLOURS.vermilion }),
    ...(atIdeal === undefined
      ? []
      : [
          line(atIdeal, top, atIdeal, bottom, { stroke: COLOURS.ink, 'stroke-dasharray': '5 4' }),
          label(atIdeal + 4, bottom - 8, ideal, { 'font-size': 11 }),
        ]),
    ...lines,
    ...(['fleet', 'target', 'rival', 'plan', 'variant'] as const).flatMap((kind) =>
      points.filter((each) => each.kind === kind).map((each) => mark(each, axes)),
    ),
    ...(cheapest === undefined
      ? []
      : [
          point('circle', ...placeOf(cheapest, axes), RING_PX, {
            ...{ fill: 'none', stroke: COLOURS.ink, 'stroke-width': 2.5 },
          }),
        ]),
    ...names(load, axes, frame, taken),
  ];
}

/** What each mark is, in lines below the plots. */
const KEY = [
  'Large: a variant as printed. Open, on a line: its HPA at other targets. Grey: its pods, a fixed number.',
  'Open diamond: the request of another tool, for the cheapest fixed variant that passes.',
];

/**
 * Draws the chart as SVG.
 *
 * @param frontier of at least one model
 * @param machine cores and CPU model of the machine that was measured
 */
export function frontierChart(frontier: Frontier, machine: string): string {
  const { loads, bound, seeds } = frontier;
  const all = loads.flatMap(({ points }) => points.map(({ judgement }) => judgement.coresRequested));
  const ticks = [0.5, 1, 2, 5];
  const x = logAxis([Math.min(...all) / 1.3, Math.max(...all) * 1.35], [LEFT, RIGHT], { ticks });
  const frames = loads.map((_, i) => frameOf(i));
  const last = frames.at(-1)!;
  const height = last.bottom + 92;
  return poster(
    height,
    {
      title: frontierTitle(frontier),
      description: loads
        .map(
          ({ load, points }) =>
            `${load.words}: ${points
              .filter(({ kind }) => kind === 'variant')
              .map(
                ({ name, judgement }) =>
                  `${name} requests ${judgement.coresRequested.toFixed(2)} cores, ${percent(judgement.inTimeShare)} in time`,
              )
              .join('; ')}.`,
        )
        .join(' '),
      strip: [
        'simulated',
        `${seeds} seeds each`,
        `from profiles measured on ${machine}`,
        'the reference’s cluster: two workers of 4 cores; pods beyond them do not run',
        bound.factor === undefined
          ? 'latencies as simulated'
          : `each latency times ${Math.max(1, bound.factor).toFixed(2)}: its upper bound at 90 %`,
      ],
    },
    ...loads.flatMap((load, i) => panel(load, frames[i]!, x)),
    ...xAxis(last, x, 'CPU requested on average, cores = core-hours per hour (log)'),
    ...KEY.map((words, i) =>
      text(MARGIN_PX, height - 23 + 15 * i, words, { 'font-size': 11, fill: COLOURS.quiet }),
    ),
  );
}
