/** The chart of a what-if: the recorded pods, the twin's band as recorded and the band with the change. Pure. */
import { linearAxis, linearTicks } from '../../charts/axis';
import { COLOURS, tint } from '../../charts/colours';
import { steps } from '../../charts/marks';
import { areaKey, type Frame, lineKey, xAxis, yAxis } from '../../charts/panel';
import { poster } from '../../charts/poster';
import { element, polyline } from '../../charts/svg';
import type { ExperimentRun } from '../evidence/experiment-run';
import { provenance } from '../evidence/charts/provenance';
import type { Band } from '../twin/bands';
import type { WhatIf } from './what-if';
import { changeText, savedText } from './what-if-text';

const FRAME: Frame = { left: 74, right: 586, top: 40, bottom: 250 };
const BODY_HEIGHT_PX = FRAME.bottom + 52;
/** A band's edges are drawn every so many seconds. */
const EDGE_SECONDS = 5;

/** Draws the answer to a what-if as SVG. */
export function whatIfChart(run: ExperimentRun, answer: WhatIf & Required<Pick<WhatIf, 'changed'>>): string {
  const { recorded, asRecorded, changed } = answer;
  const minutes = recorded.length / 60;
  const most = Math.max(...recorded, ...[...asRecorded.ready, ...changed.ready].map(({ high }) => high));
  const x = linearAxis([0, minutes], [FRAME.left, FRAME.right], { ticks: linearTicks(0, minutes, 8) });
  const y = linearAxis([0, most + 1], [FRAME.bottom, FRAME.top]);
  const stepsOf = (values: readonly number[]) =>
    steps(
      values.map((value, second) => [x.at(second / 60), y.at(value)] as const),
      x.at(minutes),
    );
  const area = (bands: readonly Band[], colour: string) => {
    const kept = bands.flatMap((band, second) => (second % EDGE_SECONDS === 0 ? [{ band, second }] : []));
    const edge = (of: (band: Band) => number) =>
      kept.map(({ band, second }) => `${x.at(second / 60).toFixed(1)},${y.at(of(band)).toFixed(1)}`);
    const points = [...edge(({ high }) => high), ...edge(({ low }) => low).reverse()];
    return element('polygon', { points: points.join(' '), fill: colour, 'fill-opacity': 0.6 });
  };
  const medianOf = (bands: readonly Band[]) => bands.map(({ median }) => median);
  const [grey, orange] = [COLOURS.grid, tint(COLOURS.orange, 0.5)];
  return poster(
    BODY_HEIGHT_PX,
    {
      title: `With ${changeText(answer.change)}, simulated: ${savedText(answer)}`,
      description:
        `Ready pods of ${run.experiment}: as recorded, as the twin simulates the recorded settings, and with ` +
        `${changeText(answer.change)}.`,
      strip: [`simulated with ${answer.seeds} seeds beside the measured run`, ...provenance([run]).slice(1)],
    },
    area(asRecorded.ready, grey),
    area(changed.ready, orange),
    ...yAxis(FRAME, y, 'ready pods'),
    polyline(stepsOf(medianOf(changed.ready)), COLOURS.vermilion, { 'stroke-width': 2 }),
    polyline(stepsOf(recorded), COLOURS.ink, { 'stroke-width': 2 }),
    ...xAxis(FRAME, x, 'minutes from the start of the load'),
    lineKey(FRAME.left, 18, 'recorded', { stroke: COLOURS.ink, 'stroke-width': 2 }),
    areaKey(FRAME.left + 110, 18, 'simulated as recorded', grey),
    areaKey(FRAME.left + 300, 18, 'simulated with the change', orange),
  );
}
