/** The chart of both models as a single pod: latency, goodput, refusals and CPU use by offered rate. Pure. */
import { type Axis, linearAxis, logAxis, logAxisAround } from '../../charts/axis';
import { COLOURS } from '../../charts/colours';
import { apart, interval, label, point } from '../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../charts/panel';
import { percentTick } from '../../charts/percent';
import { poster } from '../../charts/poster';
import { line, polyline, text } from '../../charts/svg';
import { VARIANTS } from '../../infra/variants';
import { claimOf, singlePodTitle } from './claims';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import { type RateCurve, rateAtValue, type RateFigures } from './rate-curve';
import { kneeText, modelName, objective, short } from './words';

const LATENCY: Frame = { left: 74, right: 378, top: 58, bottom: 330 };
const GOODPUT: Frame = { left: 446, right: 586, top: 58, bottom: 174 };
const REFUSALS: Frame = { left: 446, right: 586, top: 214, bottom: 330 };
const BODY_HEIGHT_PX = 394;

const PERCENTILES = [
  { name: 'p50', of: (figures: RateFigures) => figures.p50Ms, stroke: { 'stroke-width': 1.5 } },
  { name: 'p95', of: (figures: RateFigures) => figures.p95Ms, stroke: { 'stroke-width': 3.2 } },
  {
    name: 'p99',
    of: (figures: RateFigures) => figures.p99Ms,
    stroke: { 'stroke-width': 1.5, 'stroke-dasharray': '5 3' },
  },
] as const;
const p95Of = PERCENTILES[1].of;

/** The target of the model's HPA in `dist/`, percent of the CPU request. */
function hpaTarget(curve: RateCurve): number {
  const scaling = VARIANTS.find(({ model, kind }) => model === curve.model && kind === 'hpa')?.scaling;
  return scaling?.kind === 'hpa' ? scaling.targetCpuPercent : NaN;
}

/** A series through the rates, with the repetitions as faint points behind it. */
function series(
  curve: RateCurve,
  x: Axis,
  y: Axis,
  of: (figures: RateFigures) => number,
  stroke: Readonly<Record<string, string | number>>,
): string[] {
  const { colour, shape } = MODEL_STYLE[curve.model];
  const at = (figures: RateFigures) => [x.at(figures.ratePerSecond), y.at(of(figures))] as const;
  const behind =
    curve.repetitions.length < 2
      ? []
      : curve.repetitions.flatMap(({ rates }) =>
          rates
            .filter((figures) => Number.isFinite(y.at(of(figures))))
            .map((figures) => point(shape, ...at(figures), 2, { fill: colour, opacity: 0.35 })),
        );
  return [...behind, polyline(curve.rates.map(at), colour, stroke)];
}

function latencyPanel(curves: readonly RateCurve[], x: Axis): string[] {
  const limits = curves.map(({ slo }) => slo.limitMs);
  const all = curves.flatMap(({ rates }) => rates.flatMap((each) => PERCENTILES.map(({ of }) => of(each))));
  // Room for the words of a target that no rate reaches.
  const floor = curves.some(isTargetBelow) ? [Math.min(...all.filter(Number.isFinite)) / 2] : [];
  const y = logAxisAround([...all, ...limits, ...floor], [LATENCY.bottom, LATENCY.top], 1.8);
  return [
    ...yAxis(LATENCY, { ...y, format: String }, 'latency of answers, ms (log)'),
    ...curves.flatMap((curve, row) => cpuAxis(curve, x, y, row, curves.length)),
    ...curves.flatMap((curve) => [
      ...PERCENTILES.flatMap(({ of, stroke }) => series(curve, x, y, of, stroke)),
      ...curve.rates
        .filter((figures) => Number.isFinite(p95Of(figures)))
        .map((figures) =>
          point(MODEL_STYLE[curve.model].shape, x.at(figures.ratePerSecond), y.at(p95Of(figures)), 4, {
            fill: figures.verdict === 'fail' ? COLOURS.paper : MODEL_STYLE[curve.model].colour,
            stroke: MODEL_STYLE[curve.model].colour,
            'stroke-width': 1.5,
          }),
        ),
      ...kneeMark(curve, x, y),
      ...percentileNames(curve, x, y),
    ]),
  ];
}

/** The objective as a dashed line, and the knee on it; their words stand where the curve is not. */
function kneeMark({ model, slo, knee, rates }: RateCurve, x: Axis, y: Axis): string[] {
  const { colour } = MODEL_STYLE[model];
  const at = y.at(slo.limitMs);
  const [first, last] = [rates[0]!.ratePerSecond, rates.at(-1)!.ratePerSecond];
  const { lowPerSecond: low, highPerSecond: high } = knee;
  const isLeft = x.at(first) - LATENCY.left > LATENCY.right - x.at(last);
  const side = isLeft ? LATENCY.left + 4 : x.at(last) + 14;
  const style = { fill: colour, 'font-size': 11 };
  return [
    line(LATENCY.left, at, LATENCY.right, at, { stroke: colour, 'stroke-dasharray': '2 4' }),
    label(side, at + (isLeft ? 15 : -6), `${modelName(model)}: ${objective(slo)}`, {
      ...style,
      'font-weight': 600,
    }),
    ...(low === undefined && high === undefined
      ? []
      : [
          interval(low ? x.at(low) : LATENCY.left, high ? x.at(high) : LATENCY.right, at, colour, {
            start: low === undefined,
            end: high === undefined,
          }),
        ]),
  ];
}

/** Names of the percentiles left of their first points. */
function percentileNames({ model, rates }: RateCurve, x: Axis, y: Axis): string[] {
  const { colour } = MODEL_STYLE[model];
  const drawn = PERCENTILES.flatMap(({ name, of }) => {
    const first = rates.find((figures) => Number.isFinite(of(figures)));
    return first === undefined ? [] : [{ name, x: x.at(first.ratePerSecond), y: y.at(of(first)) }];
  });
  const heights = apart(
    drawn.map((each) => each.y),
    12,
  );
  return drawn.map((each, i) =>
    label(each.x - 7, heights[i]! + 4, each.name, { fill: colour, 'text-anchor': 'end', 'font-size': 11 }),
  );
}

/** Whether even the lowest rate uses more CPU than the HPA's target. */
function isTargetBelow(curve: RateCurve): boolean {
  const lowest = curve.rates.find(({ cpuPercent }) => Number.isFinite(cpuPercent));
  return lowest !== undefined && lowest.cpuPercent >= hpaTarget(curve);
}

/** One row above the panel with a model's CPU use at its rates, and the HPA's target as a line down to its p95. */
function cpuAxis(curve: RateCurve, x: Axis, y: Axis, row: number, rows: number): string[] {
  const { model, rates } = curve;
  const { colour } = MODEL_STYLE[model];
  const at = LATENCY.top - 10 - (rows - 1 - row) * 15;
  let last = -Infinity;
  const numbers = rates.flatMap(({ ratePerSecond, cpuPercent }) => {
    const position = x.at(ratePerSecond);
    if (!Number.isFinite(cpuPercent) || position - last < 27) return [];
    last = position;
    return text(position, at, cpuPercent.toFixed(0), {
      ...{ fill: colour, 'text-anchor': 'middle', 'font-size': 11 },
    });
  });
  const target = hpaTarget(curve);
  const rate = rateAtValue(rates, ({ cpuPercent }) => cpuPercent, target);
  const targetStyle = { fill: colour, 'font-size': 11 };
  if (rate === undefined) {
    const words = `← HPA target ${target} %: below the lowest rate`;
    // Models may share this corner, so each has a line of its own.
    return isTargetBelow(curve)
      ? [...numbers, label(LATENCY.left + 4, LATENCY.bottom - 7 - row * 14, words, targetStyle)]
      : numbers;
  }
  const known = rates.filter((figures) => Number.isFinite(p95Of(figures)));
  const after = known.findIndex(({ ratePerSecond }) => ratePerSecond >= rate);
  const meets =
    after < 1
      ? LATENCY.bottom
      : between(
          rate,
          [known[after - 1]!.ratePerSecond, y.at(p95Of(known[after - 1]!))],
          [known[after]!.ratePerSecond, y.at(p95Of(known[after]!))],
        );
  const style = { stroke: colour, 'stroke-width': 1.5, 'stroke-dasharray': '7 3' };
  return [
    ...numbers,
    line(x.at(rate), LATENCY.top, x.at(rate), LATENCY.bottom, style),
    point('circle', x.at(rate), meets, 5.5, { fill: 'none', stroke: colour, 'stroke-width': 2 }),
    label(x.at(rate) + 5, LATENCY.bottom - 7, `HPA target ${target} %`, targetStyle),
  ];
}

/** Height of a line between two points at a rate, on a logarithmic axis of rates. */
function between(rate: number, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]) {
  return y1 + ((y2 - y1) * Math.log(rate / x1)) / Math.log(x2 / x1);
}

/** Shares of what was offered, one panel above the other: answered in time, and refused. */
function sidePanels(curves: readonly RateCurve[], range: readonly [number, number]): string[] {
  const x = logAxis(range, [GOODPUT.left, GOODPUT.right], { format: short });
  const decades = x.ticks.filter((tick) => Number.isInteger(Math.log10(tick)));
  const panels = [
    {
      frame: GOODPUT,
      title: 'goodput, % of offered',
      of: (figures: RateFigures) => figures.goodputPerSecond / figures.duePerSecond,
    },
    { frame: REFUSALS, title: 'refused, %', of: (figures: RateFigures) => figures.refusedShare },
  ];
  return [
    ...panels.flatMap(({ frame, title, of }) => {
      const y = linearAxis([0, 1], [frame.bottom, frame.top], { ticks: [0, 0.5, 1], format: percentTick });
      return [
        ...yAxis(frame, y, title),
        ...curves.flatMap((curve) => [
          ...series(curve, x, y, of, { 'stroke-width': 2.5 }),
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
    text(LATENCY.left, LATENCY.top - 10 - 15 * curves.length, 'CPU, % of the pod’s request', {
      'font-size': 11,
      fill: COLOURS.quiet,
    }),
    ...latencyPanel(curves, x),
    ...xAxis(LATENCY, x, 'offered, images/s (log)'),
    ...sidePanels(curves, range),
    text(LATENCY.left, BODY_HEIGHT_PX - 8, CAPTION, { 'font-size': 11, fill: COLOURS.quiet }),
  );
}

const CAPTION =
  'Hollow points fail the objective (a refusal counts as late). Faint points: single repetitions.';
