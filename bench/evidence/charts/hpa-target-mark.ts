/** The HPA's target in the chart of a single pod: the rate at which the pod uses as much CPU. Pure. */
import type { Axis } from '../../../charts/axis';
import { type Box, boxesAlong, LABEL_FONT_PX, textBox } from '../../../charts/labels';
import { label, point } from '../../../charts/marks';
import type { Frame } from '../../../charts/panel';
import { line } from '../../../charts/svg';
import { VARIANTS } from '../../../infra/variants';
import { MODEL_STYLE } from './model-style';
import { type RateCurve, rateAtValue } from '../rate-curve';

/** Between a number of the CPU row and the words beside it, pixels. */
const GAP_PX = 16;

/** The target of the model's HPA in `dist/`, percent of the CPU request. */
function hpaTarget(curve: RateCurve): number {
  const scaling = VARIANTS.find(({ model, kind }) => model === curve.model && kind === 'hpa')?.scaling;
  return scaling?.kind === 'hpa' ? scaling.targetCpuPercent : NaN;
}

/** Whether even the lowest rate uses more CPU than the HPA's target. */
function isTargetBelow(curve: RateCurve): boolean {
  const lowest = curve.rates.find(({ cpuPercent }) => Number.isFinite(cpuPercent));
  return lowest !== undefined && lowest.cpuPercent >= hpaTarget(curve);
}

/** Words beside the CPU use of the lowest rate where even that is above the target; at the other end where they do not fit. */
export function targetBelowName(curve: RateCurve, positions: readonly number[], at: number): string[] {
  const [first, last] = [positions[0], positions.at(-1)];
  if (first === undefined || last === undefined || !isTargetBelow(curve)) return [];
  const content = `← HPA target ${hpaTarget(curve)} %`;
  const style = { fill: MODEL_STYLE[curve.model].colour, 'font-size': LABEL_FONT_PX };
  const isLeft = textBox(first - GAP_PX, at, content, LABEL_FONT_PX, true).left >= 0;
  return [
    isLeft
      ? label(first - GAP_PX, at, content, { ...style, 'text-anchor': 'end' })
      : label(last + GAP_PX, at, content, style),
  ];
}

/** The HPA's target as a line from the CPU use down to the latency, with what labels keep off; nothing where no rate meets it. */
export function hpaTargetMark(
  curve: RateCurve,
  x: Axis,
  y: Axis,
  frame: Frame,
): { readonly marks: readonly string[]; readonly taken: readonly Box[] } {
  const { model, rates } = curve;
  const { colour } = MODEL_STYLE[model];
  const target = hpaTarget(curve);
  const rate = rateAtValue(rates, ({ cpuPercent }) => cpuPercent, target);
  if (rate === undefined) return { marks: [], taken: [] };
  const words = (left: number, bottom: number, content: string) => ({
    mark: label(left, bottom, content, { fill: colour, 'font-size': LABEL_FONT_PX }),
    box: textBox(left, bottom, content, LABEL_FONT_PX),
  });
  const known = rates.filter((figures) => Number.isFinite(figures.p95Ms));
  const after = known.findIndex(({ ratePerSecond }) => ratePerSecond >= rate);
  const at = x.at(rate);
  const meets =
    after < 1
      ? frame.bottom
      : between(
          rate,
          [known[after - 1]!.ratePerSecond, y.at(known[after - 1]!.p95Ms)],
          [known[after]!.ratePerSecond, y.at(known[after]!.p95Ms)],
        );
  const style = { stroke: colour, 'stroke-width': 1.5, 'stroke-dasharray': '7 3' };
  const lines = [
    words(at + 5, frame.bottom - 19, 'HPA target'),
    words(at + 5, frame.bottom - 6, `${target} % CPU`),
  ];
  return {
    marks: [
      line(at, frame.top, at, frame.bottom, style),
      point('circle', at, meets, 6.5, { fill: 'none', stroke: colour, 'stroke-width': 2 }),
      ...lines.map(({ mark }) => mark),
    ],
    taken: [
      ...boxesAlong([
        [at, frame.top],
        [at, frame.bottom],
      ]),
      ...lines.map(({ box }) => box),
    ],
  };
}

/** Height of a line between two points at a rate, on a logarithmic axis of rates. */
function between(rate: number, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]) {
  return y1 + ((y2 - y1) * Math.log(rate / x1)) / Math.log(x2 / x1);
}
