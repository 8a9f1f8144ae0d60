/**
 * Accuracy against latency, with the frontier.
 */
import { type Axis, linearAxis, logAxisAround } from '../../charts/axis';
import { card } from '../../charts/card';
import { COLOURS } from '../../charts/colours';
import { boxAround, freePlace, textBox } from '../../charts/labels';
import { label, point, type Shape, steps, uprightInterval } from '../../charts/marks';
import { type Frame, X_AXIS_HEIGHT_PX, xAxis, Y_AXIS_WIDTH_PX, yAxis } from '../../charts/panel';
import { percent, percentTick } from '../../charts/percent';
import { line, polyline, text } from '../../charts/svg';
import type { ArchitectureId } from '../catalog';
import { isServed, type Row, rowName } from './choose';
import type { BasesDocument } from './document';
import type { GraphPrecision } from './measure-graph';

const WIDTH_PX = 760;
const FRAME: Frame = { left: Y_AXIS_WIDTH_PX, right: 736, top: 84, bottom: 404 };
const RADIUS_PX = 6;
const LABEL_FONT_PX = 11;
/** Room left and right of the points, as a factor on their latencies. */
const ROOM_FACTOR = 1.8;

const COLOUR: Readonly<Record<ArchitectureId, string>> = {
  resnet101v2: COLOURS.blue,
  resnet50v2: COLOURS.sky,
  mobilenetv2: COLOURS.vermilion,
  mobilenetv2_050: COLOURS.orange,
};
const SHAPE: Readonly<Record<GraphPrecision, Shape>> = { fp32: 'circle', int8: 'square' };

type Axes = { readonly x: Axis; readonly y: Axis };
const placeOf = (row: Row, { x, y }: Axes) => [x.at(row.cpuMs), y.at(row.accuracy)] as const;

function axesOf(rows: readonly Row[]): Axes {
  const lowest = Math.min(...rows.map(({ interval95: [low] }) => low));
  const highest = Math.max(...rows.map(({ interval95: [, high] }) => high));
  const bounds = [Math.floor(20 * lowest) / 20, Math.min(1, Math.ceil(20 * highest) / 20)] as const;
  return {
    x: logAxisAround(
      rows.map(({ cpuMs }) => cpuMs),
      [FRAME.left, FRAME.right],
      ROOM_FACTOR,
    ),
    y: linearAxis(bounds, [FRAME.bottom, FRAME.top], { format: percentTick }),
  };
}

/** The best accuracy that each latency allows. */
function frontierLine(rows: readonly Row[], axes: Axes): string {
  const frontier = rows.filter(({ onFrontier }) => onFrontier).sort((a, b) => a.cpuMs - b.cpuMs);
  const places = steps(
    frontier.map((row) => placeOf(row, axes)),
    FRAME.right,
  );
  return polyline(places, COLOURS.green, { 'stroke-dasharray': '6 4' });
}

/** A size that is not served is drawn hollow. */
function mark(row: Row, axes: Axes): string {
  const [x, y] = placeOf(row, axes);
  const colour = COLOUR[row.architecture];
  const [low, high] = row.interval95;
  return [
    uprightInterval(x, axes.y.at(low), axes.y.at(high), colour),
    point(SHAPE[row.precision], x, y, RADIUS_PX, {
      fill: isServed(row) ? colour : COLOURS.paper,
      stroke: colour,
      'stroke-width': 2,
    }),
  ].join('');
}

/** Names beside the points, where they cover nothing. */
function names(rows: readonly Row[], axes: Axes): string[] {
  const taken = rows.map((row) => boxAround(...placeOf(row, axes), RADIUS_PX));
  return rows.map((row) => {
    const [x, y] = placeOf(row, axes);
    const content = rowName(row);
    const places = [4, -9, 17, -22, 30, -35, 43].flatMap((step) =>
      [false, true].map((isEnd) => {
        const at = [x + (isEnd ? -10 : 10), y + step] as const;
        return { at, isEnd, box: textBox(...at, content, LABEL_FONT_PX, isEnd) };
      }),
    );
    const inside = places.filter(({ box }) => box.left >= FRAME.left && box.right <= FRAME.right + 12);
    const [first, ...others] = inside.length > 0 ? inside : places;
    const { at, isEnd, box } = freePlace([first!, ...others], taken);
    taken.push(box);
    return label(...at, content, {
      ...{
        'font-size': LABEL_FONT_PX,
        fill: COLOUR[row.architecture],
        'text-anchor': isEnd ? 'end' : 'start',
      },
    });
  });
}

function legend(): string[] {
  const style = { fill: COLOURS.quiet };
  return [
    point('circle', 26, 52, RADIUS_PX, style),
    text(38, 56, 'fp32'),
    point('square', 86, 52, RADIUS_PX, style),
    text(98, 56, 'int8'),
    point('circle', 146, 52, RADIUS_PX, { fill: COLOURS.paper, stroke: COLOURS.quiet, 'stroke-width': 2 }),
    text(158, 56, 'an input size that is not served'),
    line(366, 52, 390, 52, { stroke: COLOURS.green, 'stroke-width': 2, 'stroke-dasharray': '6 4' }),
    text(398, 56, 'frontier; bars: 95 % intervals'),
  ];
}

/** Draws a comparison as SVG. */
export function basesChart({ rows, data, split }: Pick<BasesDocument, 'rows' | 'data' | 'split'>): string {
  const axes = axesOf(rows);
  const described = rows.map(
    (row) =>
      `${rowName(row)}: ${percent(row.accuracy)}, ${row.cpuMs.toFixed(1)} ms${row.onFrontier ? ', on the frontier' : ''}`,
  );
  return card(
    WIDTH_PX,
    FRAME.bottom + X_AXIS_HEIGHT_PX,
    {
      title: `Bases on ${data.name} (${split}, ${data.measuredImages} images), measured`,
      description: `Accuracy against CPU time of one image. ${described.join('; ')}.`,
    },
    ...legend(),
    ...yAxis(FRAME, axes.y, 'accuracy, %'),
    ...xAxis(FRAME, axes.x, 'CPU time of one image on one thread, ms'),
    frontierLine(rows, axes),
    ...rows.map((row) => mark(row, axes)),
    ...names(rows, axes),
  );
}
