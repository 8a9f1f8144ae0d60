/** The decisions of an HPA above the panel of its replicas. Pure. */
import type { Axis } from '../../../charts/axis';
import { COLOURS } from '../../../charts/colours';
import { boxAround, placedLabel } from '../../../charts/labels';
import type { Frame } from '../../../charts/panel';
import { line, text } from '../../../charts/svg';
import type { HpaRun } from '../hpa-run';

/** Around the arrow of a rescale, pixels. */
const ARROW_RADIUS_PX = 6;

/** An arrow for each decision of the HPA, with the new number of replicas beside it. */
export function rescaleMarks(rescales: HpaRun['rescales'], x: Axis, panel: Frame): string[] {
  const shown = rescales
    .map(({ atSeconds, size, reason }) => ({ at: x.at(atSeconds / 60), size, isUp: /above/.test(reason) }))
    .filter(({ at }) => at >= panel.left && at <= panel.right);
  const height = panel.top + 12;
  const frame = { left: panel.left - 20, right: panel.right + 14, top: panel.top - 8, bottom: height + 4 };
  const taken = shown.map(({ at }) => boxAround(at, height - 4, ARROW_RADIUS_PX));
  return [
    ...shown.flatMap(({ at, isUp }) => [
      line(at, height + 2, at, panel.bottom, { stroke: COLOURS.quiet, 'stroke-width': 0.75 }),
      text(at, height, isUp ? '▲' : '▼', { 'text-anchor': 'middle', 'font-size': 10 }),
    ]),
    ...shown.map(({ at, size }) => {
      const places = [
        { x: at + 7, y: height },
        { x: at - 7, y: height, isEnd: true },
        { x: at - 3, y: height - 11 },
      ];
      return placedLabel(String(size), places, { frame, taken });
    }),
  ];
}
