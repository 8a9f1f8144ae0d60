/** The chart of a capacity search: which rate was tried when, what came out, and what is known at the end. Pure. */
import { type Axis, linearAxis, linearTicks, logAxis } from '../../charts/axis';
import { COLOURS, tint } from '../../charts/colours';
import { label, point } from '../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../charts/panel';
import { percentTick } from '../../charts/percent';
import { poster } from '../../charts/poster';
import { element, line, rect, text } from '../../charts/svg';
import type { CapacityDocument, ProbeRecord, Verdict } from './capacity-document';
import { formatSlo, parseSlo } from './slo';

const RATES: Frame = { left: 74, right: 586, top: 40, bottom: 280 };
const SHARES: Frame = { left: 74, right: 586, top: 324, bottom: 402 };
const BODY_HEIGHT_PX = 468;
/** Shares above this many times the allowed one are cut: how far a rate failed says nothing of the knee. */
const MAX_SHARE_TIMES = 4;

const VERDICTS: Readonly<Record<Verdict, { readonly colour: string; readonly words: string }>> = {
  pass: { colour: COLOURS.blue, words: 'passed' },
  fail: { colour: COLOURS.vermilion, words: 'failed' },
  'cannot tell apart': { colour: COLOURS.quiet, words: 'cannot tell' },
};

const rateText = (perSecond: number) => String(Number(perSecond.toPrecision(3)));

/** The claim: the interval, the objective, and what it cost to find. */
export function capacityTitle(found: CapacityDocument): string {
  const { lowPerSecond: low, highPerSecond: high, settings, requests, probes, seconds } = found;
  const knee =
    high === undefined
      ? low === 0
        ? 'unknown'
        : `at least ${rateText(low)} per second`
      : low === 0
        ? `less than ${rateText(high)} per second`
        : `${rateText(low)} to ${rateText(high)} per second`;
  return (
    `Capacity: ${knee} at ${formatSlo(parseSlo(settings.slo))}, found in ${probes.length} probes ` +
    `with ${requests} requests in ${(seconds / 60).toFixed(1)} min`
  );
}

/** A probe with the time at which it began, minutes from the start of the first one. */
interface Placed extends ProbeRecord {
  readonly from: number;
  readonly to: number;
}

function placed({ probes, confirmation }: CapacityDocument): Placed[] {
  let at = 0;
  return [...probes, ...(confirmation ? [confirmation] : [])].map((probe) => {
    const from = at;
    at += probe.seconds / 60;
    return { ...probe, from, to: at };
  });
}

/** The mark of a verdict: filled where it passed, hollow where it failed, a question mark where it cannot tell. */
function mark(verdict: Verdict, x: number, y: number): string {
  const { colour } = VERDICTS[verdict];
  if (verdict === 'pass') return point('circle', x, y, 5, { fill: colour });
  if (verdict === 'fail')
    return point('square', x, y, 5, { fill: COLOURS.paper, stroke: colour, 'stroke-width': 2 });
  return label(x, y + 5, '?', { 'text-anchor': 'middle', 'font-weight': 600, 'font-size': 15, fill: colour });
}

function ratesPanel(found: CapacityDocument, probes: readonly Placed[], x: Axis): string[] {
  const { lowPerSecond: low, highPerSecond: high, estimatePerSecond: estimate } = found;
  const rates = probes.map(({ ratePerSecond }) => ratePerSecond);
  const y = logAxis([Math.min(...rates) / 1.3, Math.max(...rates) * 1.3], [RATES.bottom, RATES.top]);
  const [bottom, top] = [low > 0 ? y.at(low) : RATES.bottom, high === undefined ? RATES.top : y.at(high)];
  return [
    rect(RATES.left, top, RATES.right - RATES.left, Math.max(1, bottom - top), {
      fill: tint(COLOURS.green, 0.3),
    }),
    ...yAxis(RATES, y, 'rate, per second (log)'),
    ...(estimate === undefined
      ? []
      : [
          line(RATES.left, y.at(estimate), RATES.right, y.at(estimate), {
            stroke: COLOURS.green,
            'stroke-width': 1.5,
            'stroke-dasharray': '5 3',
          }),
          label(RATES.right - 4, Math.min(top, y.at(estimate)) - 6, `estimate ${rateText(estimate)}`, {
            'text-anchor': 'end',
            fill: COLOURS.green,
            'font-size': 11,
          }),
        ]),
    element('polyline', {
      points: probes
        .flatMap(({ from, to, ratePerSecond }) => [from, to].map((at) => [x.at(at), y.at(ratePerSecond)]))
        .map((at) => at.map((value) => value.toFixed(1)).join(','))
        .join(' '),
      fill: 'none',
      stroke: COLOURS.grid,
      'stroke-width': 1.5,
    }),
    ...probes.flatMap(({ from, to, ratePerSecond, verdict }) => [
      line(x.at(from), y.at(ratePerSecond), x.at(to), y.at(ratePerSecond), {
        stroke: VERDICTS[verdict].colour,
        'stroke-width': 3,
      }),
      mark(verdict, x.at(to), y.at(ratePerSecond)),
    ]),
  ];
}

function sharesPanel(found: CapacityDocument, probes: readonly Placed[], x: Axis): string[] {
  const allowed = 1 - parseSlo(found.settings.slo).percentile;
  const highest = MAX_SHARE_TIMES * allowed;
  const shareOf = ({ violations, requests }: ProbeRecord) =>
    requests === 0 ? 0 : Math.min(highest, violations / requests);
  const y = linearAxis([0, highest], [SHARES.bottom, SHARES.top], {
    ticks: linearTicks(0, highest, 3),
    format: highest < 0.1 ? (tick) => String(Number((100 * tick).toFixed(2))) : percentTick,
  });
  return [
    ...yAxis(SHARES, y, 'violated, % (cut)'),
    ...probes.map((probe) =>
      rect(
        x.at(probe.from),
        y.at(shareOf(probe)),
        x.at(probe.to) - x.at(probe.from),
        SHARES.bottom - y.at(shareOf(probe)),
        {
          fill: VERDICTS[probe.verdict].colour,
        },
      ),
    ),
    line(SHARES.left, y.at(allowed), SHARES.right, y.at(allowed), {
      stroke: COLOURS.ink,
      'stroke-dasharray': '2 4',
    }),
    label(SHARES.right - 4, y.at(allowed) - 5, 'allowed', { 'text-anchor': 'end', 'font-size': 11 }),
  ];
}

/** Draws a search as SVG. */
export function capacityChart(found: CapacityDocument): string {
  const { settings, generator, startedAt, confidence, ended, confirmation } = found;
  const probes = placed(found);
  if (probes.length === 0) {
    throw new RangeError('a chart of a search needs at least one probe: let it run longer, received none');
  }
  const x = linearAxis([0, Math.max(0.1, probes.at(-1)!.to)], [RATES.left, RATES.right], {
    ticks: linearTicks(0, probes.at(-1)!.to, 8),
  });
  const keys = Object.entries(VERDICTS) as [Verdict, (typeof VERDICTS)[Verdict]][];
  return poster(
    BODY_HEIGHT_PX,
    {
      title: capacityTitle(found),
      description:
        `Rates that were tried over time. Ended: ${ended}. ` +
        probes.map(({ ratePerSecond, verdict }) => `${rateText(ratePerSecond)}: ${verdict}.`).join(' '),
      strip: [
        'measured',
        startedAt.slice(0, 10),
        `n = ${found.requests} requests`,
        `seed ${settings.seed}`,
        `generator: ${generator.cores} cores of ${generator.cpuModel}`,
        settings.url,
        `connections ${settings.connections}`,
        `${100 * confidence} % confidence per probe`,
      ],
    },
    ...keys.flatMap(([verdict, { words }], i) => [
      mark(verdict, RATES.left + 6 + i * 92, 16),
      text(RATES.left + 18 + i * 92, 20, words, { 'font-size': 11, fill: COLOURS.quiet }),
    ]),
    rect(RATES.left + 330, 10, 12, 12, { fill: tint(COLOURS.green, 0.3) }),
    text(RATES.left + 348, 20, 'what is known at the end', { 'font-size': 11, fill: COLOURS.quiet }),
    ...ratesPanel(found, probes, x),
    ...sharesPanel(found, probes, x),
    ...xAxis(SHARES, x, 'minutes of probing'),
    ...(confirmation
      ? [
          line(x.at(probes.at(-1)!.from), RATES.top, x.at(probes.at(-1)!.from), SHARES.bottom, {
            stroke: COLOURS.quiet,
            'stroke-dasharray': '1 3',
          }),
          label(x.at(probes.at(-1)!.from) + 5, RATES.bottom - 6, 'confirmation', { 'font-size': 11 }),
        ]
      : []),
  );
}
