/** The chart of an HPA deployment over time: five panels on one time axis. Pure. */
import { type Axis, linearAxis, linearTicks, logAxisAround, withTick } from '../../../charts/axis';
import { COLOURS, tint } from '../../../charts/colours';
import { label, point, steps } from '../../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../../charts/panel';
import { percent, percentTick } from '../../../charts/percent';
import { poster } from '../../../charts/poster';
import { element, line, polyline, rect, text } from '../../../charts/svg';
import { DEFAULT_FLAGS } from '../../autoscaler/settings';
import { claimOf, hpaTitle, scaledText } from './claims';
import type { HpaRun } from '../hpa-run';
import { reactionOf } from '../reaction';
import { MODEL_STYLE } from './model-style';
import { provenance } from './provenance';
import { rescaleMarks } from './rescale-marks';
import { objective, plural, range } from '../words';

const SIDES = { left: 74, right: 586 } as const;
const TOP_PX = 28;
const GAP_PX = 30;
const UNIT_PX = 62;
/** Heights of the panels in units: load, replicas, CPU, latency, refusals. */
const HEIGHTS = [1.6, 1.9, 1.7, 1.6, 0.9];
/** Fewer answers in a window, and the nearest rank of its p95 is the maximum. */
const MIN_ANSWERS = 20;

const FRAMES: readonly Frame[] = HEIGHTS.map((units, i) => {
  const top = TOP_PX + HEIGHTS.slice(0, i).reduce((sum, each) => sum + each * UNIT_PX + GAP_PX, 0);
  return { ...SIDES, top: Math.round(top), bottom: Math.round(top + units * UNIT_PX) };
});
const [LOAD, REPLICAS, CPU, LATENCY, REFUSALS] = FRAMES as [Frame, Frame, Frame, Frame, Frame];
const BODY_HEIGHT_PX = REFUSALS.bottom + 52;

const upwards = ({ top, bottom }: Frame) => [bottom, top] as const;
const heading = (frame: Frame, words: string) =>
  text(frame.left, frame.top - 9, words, { 'font-size': 11, fill: COLOURS.quiet });

/** Windows in which the objective was missed, as a tint behind all panels. */
function missed({ windows, run }: HpaRun, x: Axis): string[] {
  return windows
    .filter(({ lateShare }) => lateShare > 1 - run.slo.percentile)
    .map(({ atSeconds, lengthMs }) => {
      const from = x.at(atSeconds / 60);
      const width = x.at((atSeconds + lengthMs / 1000) / 60) - from;
      return rect(from, LOAD.top, width, REFUSALS.bottom - LOAD.top, { fill: tint(COLOURS.orange, 0.22) });
    });
}

function loadPanel({ windows, run }: HpaRun, x: Axis, endMinutes: number): string[] {
  const perSecond = (count: number, lengthMs: number) => (1000 * count) / lengthMs;
  const offered = windows.map(({ due, lengthMs }) => perSecond(due, lengthMs));
  const answered = windows.map(({ outcomes, lengthMs }) =>
    perSecond(outcomes.right + outcomes.wrong, lengthMs),
  );
  const y = linearAxis([0, 1.1 * Math.max(...offered, 0.1)], upwards(LOAD));
  const line = (values: readonly number[]) =>
    steps(
      values.map((value, i) => [x.at(windows[i]!.atSeconds / 60), y.at(value)] as const),
      x.at(endMinutes),
    );
  const colour = MODEL_STYLE[run.model].colour;
  const [top, bottom] = [line(offered), line(answered)];
  const area = [...top, ...bottom.reverse()].map((at) => at.map((value) => value.toFixed(1)).join(','));
  return [
    ...yAxis(LOAD, y, 'images/s'),
    element('polygon', { points: area.join(' '), fill: COLOURS.orange, opacity: 0.55 }),
    polyline(line(answered), colour, { 'stroke-width': 3.5 }),
    polyline(line(offered), COLOURS.ink, { 'stroke-width': 1.2, 'stroke-dasharray': '4 3' }),
    heading(LOAD, 'offered (dashed) and answered (solid); the gap is filled'),
  ];
}

function replicasPanel(hpa: HpaRun, x: Axis, endMinutes: number): string[] {
  const { replicas, needed, minReplicas, maxReplicas, rescales, run } = hpa;
  const y = linearAxis([0, maxReplicas * 1.22], upwards(REPLICAS), {
    ticks: [...new Set([0, minReplicas, Math.round((minReplicas + maxReplicas) / 2), maxReplicas])],
  });
  const counts = (of: (counts: HpaRun['replicas'][number]) => number) =>
    steps(
      replicas.map((each) => [x.at(Math.max(x.ticks[0]! - 9, each.atSeconds / 60)), y.at(of(each))] as const),
      x.at(endMinutes),
    );
  const wanted = steps(
    needed.map((each) => [x.at(each.atSeconds / 60), y.at(each.replicas)] as const),
    x.at(endMinutes),
  );
  return [
    ...yAxis(REPLICAS, y, 'replicas'),
    ...[minReplicas, maxReplicas].map((bound) =>
      line(SIDES.left, y.at(bound), SIDES.right, y.at(bound), {
        stroke: COLOURS.quiet,
        'stroke-dasharray': '6 4',
      }),
    ),
    polyline(wanted, COLOURS.green, { 'stroke-width': 1.5 }),
    polyline(
      counts(({ desired }) => desired),
      COLOURS.ink,
      { 'stroke-width': 1.3, 'stroke-dasharray': '4 2' },
    ),
    polyline(
      counts(({ ready }) => ready),
      MODEL_STYLE[run.model].colour,
      { 'stroke-width': 3 },
    ),
    ...rescaleMarks(rescales, x, REPLICAS),
    heading(
      REPLICAS,
      'ready (thick), desired (dashed), needed (green), bounds (grey); CPU ▲ above, ▼ below target',
    ),
  ];
}

function cpuPanel(
  { cpu, reported, targetCpuPercent: target, run }: HpaRun,
  x: Axis,
  endMinutes: number,
): string[] {
  const shown = cpu.filter(({ toMs }) => toMs > 0);
  const highest = Math.max(1.5 * target, ...shown.map((sample) => sample.percent));
  const y = linearAxis([0, 1.08 * highest], upwards(CPU));
  // The HPAs of the experiments set none of their own.
  const { tolerance } = DEFAULT_FLAGS;
  const [low, high] = [target * (1 - tolerance), target * (1 + tolerance)];
  const colour = MODEL_STYLE[run.model].colour;
  return [
    rect(SIDES.left, y.at(high), SIDES.right - SIDES.left, y.at(low) - y.at(high), {
      fill: tint(COLOURS.green, 0.25),
    }),
    ...yAxis(CPU, y, 'CPU, % of request'),
    line(SIDES.left, y.at(target), SIDES.right, y.at(target), { stroke: COLOURS.green, 'stroke-width': 1.5 }),
    ...shown.map(({ fromMs, toMs, percent: value }) =>
      line(Math.max(SIDES.left, x.at(fromMs / 60_000)), y.at(value), x.at(toMs / 60_000), y.at(value), {
        ...{ stroke: colour, 'stroke-width': 2.5, opacity: 0.5 },
      }),
    ),
    polyline(
      steps(
        reported
          .filter(({ atSeconds }) => x.at(atSeconds / 60) >= SIDES.left)
          .map(({ atSeconds, percent: value }) => [x.at(atSeconds / 60), y.at(value)] as const),
        x.at(endMinutes),
      ),
      COLOURS.ink,
      { 'stroke-width': 1.3 },
    ),
    label(SIDES.right - 4, y.at(high) - 4, `target ${target} % (${range(low, high)} %)`, {
      ...{ 'text-anchor': 'end', 'font-size': 11, fill: COLOURS.green },
    }),
    heading(CPU, 'bars: samples, as long as their windows; line: what the HPA read; band: its tolerance'),
  ];
}

function latencyPanel({ windows, run }: HpaRun, x: Axis): string[] {
  const { slo, model } = run;
  const { colour, shape } = MODEL_STYLE[model];
  const known = windows.filter(({ p95Ms }) => Number.isFinite(p95Ms));
  // Above the objective there is room for its words.
  const values = [1.5 * slo.limitMs, ...known.map(({ p95Ms }) => p95Ms)];
  const y = withTick(logAxisAround(values, upwards(LATENCY), 1.3), slo.limitMs);
  const middle = ({ atSeconds, lengthMs }: HpaRun['windows'][number]) =>
    x.at((atSeconds + lengthMs / 2000) / 60);
  const isQuoted = ({ outcomes }: HpaRun['windows'][number]) =>
    outcomes.right + outcomes.wrong >= MIN_ANSWERS;
  return [
    ...yAxis(LATENCY, { ...y, format: String }, 'p95, ms (log)'),
    line(SIDES.left, y.at(slo.limitMs), SIDES.right, y.at(slo.limitMs), {
      ...{ stroke: COLOURS.ink, 'stroke-dasharray': '2 4' },
    }),
    polyline(
      windows.map((window) => [middle(window), isQuoted(window) ? y.at(window.p95Ms) : NaN] as const),
      colour,
    ),
    ...known
      .filter((window) => !isQuoted(window))
      .map((window) =>
        point(shape, middle(window), y.at(window.p95Ms), 2.5, { fill: COLOURS.paper, stroke: colour }),
      ),
    label(SIDES.right - 4, y.at(slo.limitMs) - 5, objective(slo), { 'text-anchor': 'end', 'font-size': 11 }),
    heading(
      LATENCY,
      `in windows of 10 s; hollow: the maximum, where fewer than ${MIN_ANSWERS} were answered`,
    ),
  ];
}

function refusalsPanel({ windows, run }: HpaRun, x: Axis): string[] {
  const shares = windows.map(({ outcomes, due }) => (due > 0 ? outcomes.refused / due : 0));
  const highest = Math.max(0.05, ...shares);
  const y = linearAxis([0, 1.1 * highest], upwards(REFUSALS), {
    ticks: [0, [1, 0.5, 0.2, 0.1, 0.05].find((tick) => tick <= highest)!],
    format: percentTick,
  });
  return [
    ...yAxis(REFUSALS, y, 'refused, %'),
    ...(shares.every((share) => share === 0) ? [heading(REFUSALS, 'no request was refused')] : []),
    ...windows.flatMap(({ atSeconds, lengthMs, outcomes, due }) => {
      if (outcomes.refused === 0) return [];
      const from = x.at(atSeconds / 60);
      const top = y.at(outcomes.refused / due);
      return rect(from, top, x.at((atSeconds + lengthMs / 1000) / 60) - from, REFUSALS.bottom - top, {
        fill: MODEL_STYLE[run.model].colour,
      });
    }),
  ];
}

/**
 * Draws the chart of an experiment's first repetition as SVG; the claim is about all of them.
 *
 * @param repetitions at least one
 */
export function hpaChart(repetitions: readonly HpaRun[]): string {
  const hpa = repetitions[0]!;
  const { run, endSeconds, loadSeconds } = hpa;
  const runs = repetitions.map((each) => each.run);
  const fromMinutes = Math.min(0, hpa.windows[0]!.atSeconds / 60);
  const endMinutes = endSeconds / 60;
  const x = linearAxis([fromMinutes, endMinutes], [SIDES.left, SIDES.right], {
    ticks: linearTicks(0, endMinutes, 8),
  });
  const reaction = reactionOf(hpa);
  const end = x.at(loadSeconds / 60);
  return poster(
    BODY_HEIGHT_PX,
    {
      title: claimOf(hpaTitle(repetitions), runs),
      description:
        `Load, replicas, CPU use, p95 and refusals of ${run.experiment} over ${endMinutes.toFixed(0)} minutes. ` +
        `At most ${plural(reaction.mostReady, 'pod')} were ready; ${percent(hpa.refusedShare)} of the requests were refused.`,
      strip: [
        ...provenance(runs),
        scaledText(repetitions),
        ...(runs.length > 1 ? [`drawn: repetition ${run.repetition}`] : []),
      ],
    },
    ...missed(hpa, x),
    ...loadPanel(hpa, x, endMinutes),
    ...replicasPanel(hpa, x, endMinutes),
    ...cpuPanel(hpa, x, endMinutes),
    ...latencyPanel(hpa, x),
    ...refusalsPanel(hpa, x),
    line(end, LOAD.top, end, REFUSALS.bottom, { stroke: COLOURS.quiet, 'stroke-dasharray': '1 3' }),
    ...(end < SIDES.right - 70 ? [label(end + 5, LOAD.top + 12, 'end of load', { 'font-size': 11 })] : []),
    ...xAxis(REFUSALS, x, 'minutes from the start of the load').slice(0, -1),
    text(SIDES.right, REFUSALS.bottom + 40, 'minutes from the start of the load', { 'text-anchor': 'end' }),
    rect(SIDES.left, REFUSALS.bottom + 30, 12, 12, { fill: tint(COLOURS.orange, 0.22) }),
    text(SIDES.left + 18, REFUSALS.bottom + 40, 'the objective was missed', {
      'font-size': 11,
      fill: COLOURS.quiet,
    }),
  );
}
