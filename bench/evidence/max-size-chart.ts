/** The chart of both models as a max-size fleet: each pod beside the single pod, and the knee by replicas. Pure. */
import { linearAxis, logAxis, logAxisAround } from '../../charts/axis';
import { COLOURS, tint } from '../../charts/colours';
import { label, point, uprightInterval } from '../../charts/marks';
import { type Frame, lineKey, xAxis, yAxis } from '../../charts/panel';
import { poster } from '../../charts/poster';
import { element, line, polyline, text } from '../../charts/svg';
import { claimOf, maxSizeTitle } from './claims';
import { efficiencyText, type Fleet } from './fleet';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import type { RateCurve } from './rate-curve';
import { kneeText, modelName, objective, plural, short } from './words';

const LATENCY: Frame = { left: 74, right: 348, top: 40, bottom: 330 };
const BODY_HEIGHT_PX = 394;
/** Small panels on the right, one per model. */
const SIDE = { left: 430, right: 576, top: 40, height: 112, gap: 66 } as const;

function perPod({ fleet, single }: Fleet, x: ReturnType<typeof logAxis>, y: ReturnType<typeof logAxis>) {
  const { colour, shape } = MODEL_STYLE[fleet.model];
  const curve = ({ rates, pods }: RateCurve) =>
    rates.map(({ ratePerSecond, p95Ms }) => [x.at(ratePerSecond / pods), y.at(p95Ms)] as const);
  const grey = { 'stroke-width': 2.5, 'stroke-dasharray': '1 4', 'stroke-linecap': 'round' };
  const points = curve(fleet);
  const limit = y.at(fleet.slo.limitMs);
  const first = points.find(([, at]) => Number.isFinite(at)) ?? [LATENCY.left, limit];
  const last = points.at(-1)!;
  const isLeft = points[0]![0] - LATENCY.left > LATENCY.right - last[0];
  return [
    line(LATENCY.left, limit, LATENCY.right, limit, { stroke: colour, 'stroke-dasharray': '2 4' }),
    ...(single ? [polyline(curve(single), COLOURS.quiet, grey)] : []),
    polyline(points, colour, { 'stroke-width': 3 }),
    ...points.flatMap(([atX, atY], i) =>
      Number.isFinite(atY)
        ? point(shape, atX, atY, 4, {
            ...{ fill: fleet.rates[i]!.verdict === 'fail' ? COLOURS.paper : colour, stroke: colour },
            'stroke-width': 1.5,
          })
        : [],
    ),
    label(isLeft ? LATENCY.left + 4 : last[0] + 12, limit - 6, objective(fleet.slo), {
      fill: colour,
      'font-size': 11,
    }),
    label(
      Math.max(LATENCY.left + 6, first[0] - 20),
      first[1] + 20,
      `${modelName(fleet.model)}, ${plural(fleet.pods, 'pod')}`,
      {
        ...{ fill: colour, 'font-weight': 600, 'font-size': 11 },
      },
    ),
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
    [knee.lowPerSecond ?? 0, knee.highPerSecond ?? rates.at(-1)!.ratePerSecond] as const;
  const ideal = single && endsOf(single);
  const count = Math.max(1, fleet.pods);
  const highest = Math.max(...curves.map((curve) => endsOf(curve)[1]), (ideal?.[1] ?? 0) * count);
  const x = linearAxis([0, count + 0.4], [frame.left, frame.right], {
    ticks: Array.from({ length: count }, (_, i) => i + 1),
  });
  const y = linearAxis([0, highest * 1.08], [frame.bottom, frame.top]);
  const cone =
    ideal === undefined
      ? []
      : [
          element('polygon', {
            points: [
              [x.at(0), y.at(0)],
              [x.at(count), y.at(count * ideal[0])],
              [x.at(count), y.at(count * ideal[1])],
            ]
              .map((at) => at.map((value) => value.toFixed(1)).join(','))
              .join(' '),
            fill: tint(COLOURS.quiet, 0.18),
          }),
        ];
  return [
    ...cone,
    ...yAxis(frame, y, 'knee, images/s'),
    ...curves.map((curve) => {
      const [low, high] = endsOf(curve);
      const at = x.at(curve === fleet ? count : 1);
      return uprightInterval(at, y.at(low), y.at(high), curve === fleet ? colour : COLOURS.quiet, {
        start: curve.knee.lowPerSecond === undefined,
        end: curve.knee.highPerSecond === undefined,
      });
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
  const grey = {
    stroke: COLOURS.quiet,
    'stroke-width': 2.5,
    'stroke-dasharray': '1 4',
    'stroke-linecap': 'round',
  };
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
    lineKey(LATENCY.left, 18, 'the single pod, alone', grey),
    ...yAxis(LATENCY, { ...y, format: String }, 'p95 of answers, ms (log)'),
    ...fleets.flatMap((each) => perPod(each, x, y)),
    ...xAxis(LATENCY, x, 'offered per pod, images/s (log)'),
    ...fleets.flatMap((each, row) => scaling(each, row, row === fleets.length - 1)),
    text(LATENCY.left, BODY_HEIGHT_PX - 8, CAPTION, { 'font-size': 11, fill: COLOURS.quiet }),
  );
}

const CAPTION =
  'Bars: knees, without a cap where open. Wedge: the single pod’s knee times the number of pods.';
