/** The chart of both models as a max-size fleet: each pod beside the single pod, and the knee by replicas. Pure. */
import { type Axis, linearAxis, logAxis, logAxisAround } from '../../../charts/axis';
import { MARGIN_PX } from '../../../charts/card';
import { COLOURS, tint } from '../../../charts/colours';
import { boxesAlong, LABEL_FONT_PX } from '../../../charts/labels';
import { label, point, uprightInterval } from '../../../charts/marks';
import { type Frame, lineKey, xAxis, yAxis } from '../../../charts/panel';
import { poster } from '../../../charts/poster';
import { element, line, polyline, text } from '../../../charts/svg';
import { claimOf, maxSizeTitle } from './claims';
import { curveBoxes, curveName, objectiveName, POINT_RADIUS_PX, type Room } from './curve-labels';
import { efficiencyText, type Fleet } from '../fleet';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import type { RateCurve } from '../rate-curve';
import { kneeText, modelName, short } from '../words';

const LATENCY: Frame = { left: 74, right: 348, top: 40, bottom: 330 };
const BODY_HEIGHT_PX = 410;
/** An open end of a knee is drawn this many times beyond the outermost rate. */
const BEYOND = 1.25;
const CAPTION = [
  'Hollow points fail the objective. Bars: the knees; an arrow where the interval is open.',
  'Wedge: the single pod’s knee times the pods; only its lower edge where that knee is open.',
];
/** Small panels on the right, one per model. */
const SIDE = { left: 430, right: 576, top: 40, height: 112, gap: 66 } as const;

const DOTTED = { 'stroke-width': 2.5, 'stroke-dasharray': '1 4', 'stroke-linecap': 'round' };
const SMALL = { 'font-size': LABEL_FONT_PX };

/** p95 by offered rate per pod, pixels. */
const p95Points = ({ rates, pods }: RateCurve, x: Axis, y: Axis) =>
  rates.map(({ ratePerSecond, p95Ms }) => [x.at(ratePerSecond / pods), y.at(p95Ms)] as const);

function perPod(fleets: readonly Fleet[], x: Axis, y: Axis): string[] {
  const singles = fleets.flatMap(({ single }) => single ?? []);
  const limits = fleets.map(({ fleet: { model, slo } }) => {
    const at = y.at(slo.limitMs);
    return { at, colour: MODEL_STYLE[model].colour };
  });
  const room: Room = {
    frame: { ...LATENCY, right: LATENCY.right + 10 },
    taken: [
      ...limits.flatMap(({ at }) =>
        boxesAlong([
          [LATENCY.left, at],
          [LATENCY.right, at],
        ]),
      ),
      ...[...singles, ...fleets.map(({ fleet }) => fleet)].flatMap((curve) =>
        curveBoxes(p95Points(curve, x, y)),
      ),
    ],
  };
  return [
    ...limits.map(({ at, colour }) =>
      line(LATENCY.left, at, LATENCY.right, at, { stroke: colour, 'stroke-dasharray': '2 4' }),
    ),
    ...singles.map((single) => polyline(p95Points(single, x, y), COLOURS.quiet, DOTTED)),
    ...fleets.flatMap(({ fleet }) => {
      const { colour, shape } = MODEL_STYLE[fleet.model];
      const points = p95Points(fleet, x, y);
      return [
        polyline(points, colour, { 'stroke-width': 3 }),
        ...points.flatMap(([atX, atY], i) =>
          Number.isFinite(atY)
            ? point(shape, atX, atY, POINT_RADIUS_PX, {
                ...{ fill: fleet.rates[i]!.verdict === 'fail' ? COLOURS.paper : colour, stroke: colour },
                'stroke-width': 1.5,
              })
            : [],
        ),
      ];
    }),
    ...fleets.map(({ fleet }) => curveName(fleet, p95Points(fleet, x, y), room)),
    ...fleets.map(({ fleet }) => {
      const { rates, knee, pods } = fleet;
      const near = knee.lowPerSecond ?? knee.highPerSecond ?? rates.at(-1)!.ratePerSecond;
      return objectiveName(fleet, y, x.at(near / pods), room);
    }),
  ];
}

/** The knee by replicas, with the line that a fleet without losses would follow. */
function scaling(each: Fleet, row: number, isLast: boolean): string[] {
  const { fleet, single } = each;
  const { colour } = MODEL_STYLE[fleet.model];
  const top = SIDE.top + row * (SIDE.height + SIDE.gap);
  const frame: Frame = { left: SIDE.left, right: SIDE.right, top, bottom: top + SIDE.height };
  const curves = [...(single ? [single] : []), fleet];
  const endsOf = ({ knee, rates }: RateCurve) =>
    [knee.lowPerSecond ?? 0, knee.highPerSecond ?? BEYOND * rates.at(-1)!.ratePerSecond] as const;
  const ideal = single && endsOf(single);
  const count = Math.max(1, fleet.pods);
  const highest = Math.max(...curves.map((curve) => endsOf(curve)[1]), (ideal?.[1] ?? 0) * count);
  const x = linearAxis([0, count + 0.4], [frame.left, frame.right], {
    ticks: Array.from({ length: count }, (_, i) => i + 1),
  });
  const y = linearAxis([0, highest * 1.15], [frame.bottom, frame.top]);
  const corner = (pods: number, perPod: number) => [x.at(pods), y.at(pods * perPod)] as const;
  const isOpen = single?.knee.highPerSecond === undefined;
  const cone =
    ideal === undefined
      ? []
      : isOpen
        ? [
            line(x.at(0), y.at(0), ...corner(count, ideal[0]), {
              stroke: COLOURS.quiet,
              'stroke-dasharray': '4 3',
            }),
          ]
        : [
            element('polygon', {
              points: [corner(0, 0), corner(count, ideal[0]), corner(count, ideal[1])]
                .map((at) => at.map((value) => value.toFixed(1)).join(','))
                .join(' '),
              fill: tint(COLOURS.quiet, 0.18),
            }),
          ];
  return [
    ...cone,
    ...yAxis(frame, y, 'knee, images/s'),
    ...curves.flatMap((curve) => {
      const [low, high] = endsOf(curve);
      const isFleet = curve === fleet;
      const at = x.at(isFleet ? count : 1);
      const words = {
        ...{ 'font-size': LABEL_FONT_PX, fill: isFleet ? colour : COLOURS.quiet },
        'text-anchor': isFleet ? 'end' : 'start',
      };
      return [
        uprightInterval(at, y.at(low), y.at(high), isFleet ? colour : COLOURS.quiet, {
          start: curve.knee.lowPerSecond === undefined,
          end: curve.knee.highPerSecond === undefined,
        }),
        label(at + (isFleet ? -9 : 9), (y.at(low) + y.at(high)) / 2 + 4, kneeText(curve.knee), words),
      ];
    }),
    text(frame.left, frame.top - 20, modelName(fleet.model), {
      ...{ fill: colour, 'font-weight': 600, 'font-size': 11 },
    }),
    text(frame.left, frame.top - 7, `of ideal: ${efficiencyText(each)}`, { fill: colour, 'font-size': 11 }),
    ...(isLast
      ? xAxis(frame, x, 'ready pods')
      : x.ticks.map((tick) =>
          text(x.at(tick), frame.bottom + 16, String(tick), { 'text-anchor': 'middle' }),
        )),
  ];
}

/**
 * Draws the chart as SVG.
 *
 * @param fleets one per model, at least one
 */
export function maxSizeChart(fleets: readonly Fleet[]): string {
  const curves = fleets.flatMap(({ fleet, single }) => [fleet, ...(single ? [single] : [])]);
  const runs = curves.flatMap((curve) => curve.runs);
  const rates = curves.flatMap((curve) => curve.rates.map((each) => each.ratePerSecond / curve.pods));
  const x = logAxis([Math.min(...rates) / 1.3, Math.max(...rates) * 1.2], [LATENCY.left, LATENCY.right], {
    format: short,
  });
  const latencies = curves.flatMap((curve) => [curve.slo.limitMs, ...curve.rates.map(({ p95Ms }) => p95Ms)]);
  const y = logAxisAround(latencies, [LATENCY.bottom, LATENCY.top], 1.5);
  return poster(
    BODY_HEIGHT_PX,
    {
      title: claimOf(maxSizeTitle(fleets), runs),
      description:
        'p95 of max-size fleets by offered rate per pod, beside the single pod, and the knee by replicas. ' +
        curves
          .map(({ experiment, knee }) => `${experiment}: knee ${kneeText(knee)} images per second.`)
          .join(' '),
      strip: provenance(runs),
    },
    lineKey(LATENCY.left, 18, 'the single pod, alone', { stroke: COLOURS.quiet, ...DOTTED }),
    ...yAxis(LATENCY, { ...y, format: String }, 'p95 of answers, ms (log)'),
    ...perPod(fleets, x, y),
    ...xAxis(LATENCY, x, 'offered per pod, images/s (log)'),
    ...fleets.flatMap((each, row) => scaling(each, row, row === fleets.length - 1)),
    ...CAPTION.map((words, i) =>
      text(MARGIN_PX, BODY_HEIGHT_PX - 22 + 14 * i, words, { ...SMALL, fill: COLOURS.quiet }),
    ),
  );
}
