/** The chart of both models as a single pod: latency, goodput, refusals and CPU use by offered rate. Pure. */
import { type Axis, linearAxis, logAxis, logAxisAround } from '../../../charts/axis';
import { MARGIN_PX } from '../../../charts/card';
import { COLOURS } from '../../../charts/colours';
import { boxesAlong, LABEL_FONT_PX } from '../../../charts/labels';
import { interval, point } from '../../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../../charts/panel';
import { percentTick } from '../../../charts/percent';
import { poster } from '../../../charts/poster';
import { line, polyline, text } from '../../../charts/svg';
import { claimOf, singlePodTitle } from './claims';
import {
  curveBoxes,
  curveName,
  objectiveName,
  PERCENTILES,
  percentileNames,
  POINT_RADIUS_PX,
  type Room,
} from './curve-labels';
import { hpaTargetMark, targetBelowName } from './hpa-target-mark';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import type { RateCurve, RateFigures } from '../rate-curve';
import { kneeText, modelName, objective, short } from '../words';

const LATENCY: Frame = { left: 74, right: 378, top: 58, bottom: 330 };
const GOODPUT: Frame = { left: 446, right: 586, top: 58, bottom: 174 };
const REFUSALS: Frame = { left: 446, right: 586, top: 214, bottom: 330 };
const BODY_HEIGHT_PX = 410;
/** An open end of a knee is drawn this many times beyond the outermost rate. */
const BEYOND = 1.25;

/** Numbers of the CPU use nearer than this would touch, pixels. */
const MIN_CPU_GAP_PX = 27;
const p95Of = ({ p95Ms }: RateFigures) => p95Ms;

const HEADING = { 'font-size': LABEL_FONT_PX, fill: COLOURS.quiet };
const CAPTION = [
  'Thick bars: the knees; an arrow where the interval is open. Circles: p95 at the HPA’s target.',
  'Hollow points fail the objective (a refusal counts as late). Faint points: single repetitions.',
];

/** A curve's points at its rates, pixels. */
const pointsOf = ({ rates }: RateCurve, x: Axis, y: Axis, of: (figures: RateFigures) => number) =>
  rates.map((figures) => [x.at(figures.ratePerSecond), y.at(of(figures))] as const);

/** The figure of each repetition as faint points, to stand behind their curve. */
function repetitionPoints(
  curve: RateCurve,
  x: Axis,
  y: Axis,
  of: (figures: RateFigures) => number,
): string[] {
  const { colour, shape } = MODEL_STYLE[curve.model];
  if (curve.repetitions.length < 2) return [];
  return curve.repetitions.flatMap(({ rates }) =>
    rates
      .filter((figures) => Number.isFinite(y.at(of(figures))))
      .map((figures) =>
        point(shape, x.at(figures.ratePerSecond), y.at(of(figures)), 2.5, { fill: colour, opacity: 0.35 }),
      ),
  );
}

function latencyPanel(curves: readonly RateCurve[], x: Axis): string[] {
  const limits = curves.map(({ slo }) => slo.limitMs);
  const all = curves.flatMap(({ rates }) => rates.flatMap((each) => PERCENTILES.map(({ of }) => of(each))));
  // Room for the words of the targets.
  const floor = Math.min(...all.filter(Number.isFinite)) / 1.5;
  const y = logAxisAround([...all, ...limits, floor], [LATENCY.bottom, LATENCY.top], 1.5);
  const targets = curves.map((curve) => hpaTargetMark(curve, x, y, LATENCY));
  const room: Room = {
    frame: { ...LATENCY, right: LATENCY.right + 10 },
    taken: [
      ...targets.flatMap(({ taken }) => taken),
      ...limits.flatMap((limit) => boxesAlong(acrossPanel(y.at(limit)))),
      ...curves.flatMap((curve) => PERCENTILES.flatMap(({ of }) => curveBoxes(pointsOf(curve, x, y, of)))),
    ],
  };
  const p95 = (curve: RateCurve) => pointsOf(curve, x, y, p95Of);
  const kneeX = (curve: RateCurve) => kneeEnds(curve, x).reduce((sum, each) => sum + each / 2, 0);
  return [
    ...yAxis(LATENCY, { ...y, format: String }, 'latency of answers, ms (log)'),
    ...curves.flatMap((curve, row) => cpuRow(curve, x, row, curves.length)),
    ...curves.flatMap((curve) => repetitionPoints(curve, x, y, p95Of)),
    ...curves.flatMap((curve) => curveMarks(curve, x, y)),
    ...targets.flatMap(({ marks }) => marks),
    ...curves.flatMap((curve) => percentileNames(curve, x, y, room)),
    ...curves.map((curve) => objectiveName(curve, y, kneeX(curve), room)),
    ...curves.map((curve) => curveName(curve, p95(curve), room)),
  ];
}

const acrossPanel = (at: number) =>
  [
    [LATENCY.left, at],
    [LATENCY.right, at],
  ] as const;

/** Where the knee's interval starts and ends, pixels. */
function kneeEnds({ knee: { lowPerSecond: low, highPerSecond: high }, rates }: RateCurve, x: Axis) {
  const start = x.at(low ?? rates[0]!.ratePerSecond / BEYOND);
  const end = x.at(high ?? BEYOND * rates.at(-1)!.ratePerSecond);
  return [Math.max(LATENCY.left, start), Math.min(LATENCY.right, end)] as const;
}

/** The objective as a dashed line with the knee on it, and the lines of the percentiles with the points of p95. */
function curveMarks(curve: RateCurve, x: Axis, y: Axis): string[] {
  const { model, slo, knee, rates } = curve;
  const { colour, shape } = MODEL_STYLE[model];
  const limit = y.at(slo.limitMs);
  const isKnown = knee.lowPerSecond !== undefined || knee.highPerSecond !== undefined;
  return [
    line(LATENCY.left, limit, LATENCY.right, limit, { stroke: colour, 'stroke-dasharray': '2 4' }),
    ...PERCENTILES.map(({ of, stroke }) => polyline(pointsOf(curve, x, y, of), colour, stroke)),
    ...rates
      .filter((figures) => Number.isFinite(p95Of(figures)))
      .map((figures) =>
        point(shape, x.at(figures.ratePerSecond), y.at(p95Of(figures)), POINT_RADIUS_PX, {
          fill: figures.verdict === 'fail' ? COLOURS.paper : colour,
          stroke: colour,
          'stroke-width': 1.5,
        }),
      ),
    ...(isKnown
      ? [
          interval(...kneeEnds(curve, x), limit, colour, {
            start: knee.lowPerSecond === undefined,
            end: knee.highPerSecond === undefined,
          }),
        ]
      : []),
  ];
}

/** One row above the panel: a model's CPU use at its rates. */
function cpuRow(curve: RateCurve, x: Axis, row: number, rows: number): string[] {
  const at = LATENCY.top - 10 - (rows - 1 - row) * 15;
  const colour = { fill: MODEL_STYLE[curve.model].colour };
  const positions: number[] = [];
  const numbers = curve.rates.flatMap(({ ratePerSecond, cpuPercent }) => {
    const position = x.at(ratePerSecond);
    const isNear = position - (positions.at(-1) ?? -Infinity) < MIN_CPU_GAP_PX;
    if (!Number.isFinite(cpuPercent) || isNear) return [];
    positions.push(position);
    return text(position, at, cpuPercent.toFixed(0), {
      ...colour,
      'text-anchor': 'middle',
      'font-size': LABEL_FONT_PX,
    });
  });
  return [...numbers, ...targetBelowName(curve, positions, at)];
}

/** Shares of what was offered, one panel above the other: answered in time, and refused. */
function sidePanels(curves: readonly RateCurve[], range: readonly [number, number]): string[] {
  const x = logAxis(range, [GOODPUT.left, GOODPUT.right], { format: short });
  const decades = x.ticks.filter((tick) => Number.isInteger(Math.log10(tick)));
  const panels = [
    {
      frame: GOODPUT,
      title: 'goodput, %',
      of: (figures: RateFigures) => figures.goodputPerSecond / figures.duePerSecond,
    },
    { frame: REFUSALS, title: 'refused, %', of: (figures: RateFigures) => figures.refusedShare },
  ];
  return [
    text(GOODPUT.left, GOODPUT.top - 12, 'of what was offered', HEADING),
    ...panels.flatMap(({ frame, title, of }) => {
      const y = linearAxis([0, 1], [frame.bottom, frame.top], { ticks: [0, 0.5, 1], format: percentTick });
      return [
        ...yAxis(frame, y, title),
        ...curves.flatMap((curve) => [
          ...repetitionPoints(curve, x, y, of),
          polyline(pointsOf(curve, x, y, of), MODEL_STYLE[curve.model].colour, { 'stroke-width': 2.5 }),
          ...curve.rates.map((figures) =>
            point(MODEL_STYLE[curve.model].shape, x.at(figures.ratePerSecond), y.at(of(figures)), 3, {
              fill: MODEL_STYLE[curve.model].colour,
            }),
          ),
        ]),
      ];
    }),
    ...xAxis(REFUSALS, { ...x, ticks: decades.length > 1 ? decades : x.ticks }, 'offered, images/s (log)'),
  ];
}

/**
 * Draws the chart as SVG.
 *
 * @param curves one per model, at least one
 */
export function singlePodChart(curves: readonly RateCurve[]): string {
  const runs = curves.flatMap((curve) => curve.runs);
  const offered = curves.flatMap(({ rates }) => rates.map(({ ratePerSecond }) => ratePerSecond));
  const range = [Math.min(...offered) / 1.5, Math.max(...offered) * 1.2] as const;
  const x = logAxis(range, [LATENCY.left, LATENCY.right], { format: short });
  const names = curves.map(({ model, slo, knee, rates }) => {
    const cpu = rates.filter(({ cpuPercent }) => Number.isFinite(cpuPercent)).at(-1);
    return (
      `${modelName(model)}: knee ${kneeText(knee)} images per second at ${objective(slo)}` +
      (cpu
        ? `, CPU ${cpu.cpuPercent.toFixed(0)} % of the request at ${short(cpu.ratePerSecond)} per second.`
        : '.')
    );
  });
  return poster(
    BODY_HEIGHT_PX,
    {
      title: claimOf(singlePodTitle(curves), runs),
      description: `Latency, goodput and refusals of a single pod by offered rate. ${names.join(' ')}`,
      strip: provenance(runs),
    },
    text(LATENCY.left, LATENCY.top - 10 - 15 * curves.length, 'CPU, % of the pod’s request', HEADING),
    ...latencyPanel(curves, x),
    ...xAxis(LATENCY, x, 'offered, images/s (log)'),
    ...sidePanels(curves, range),
    ...CAPTION.map((words, i) => text(MARGIN_PX, BODY_HEIGHT_PX - 22 + 14 * i, words, HEADING)),
  );
}
