/**
 * Charts of an evaluation: the confusion matrix as a heat map, and the reliability diagram.
 */
import type { Evaluation } from '../evaluation/evaluation';
import { percent } from '../../charts/percent';
import { card, CHARACTER_PX, COLOURS, line, rect, scale, shortened, text, ticks } from '../../charts/svg';

/** Longest class name that is written out, characters. */
const NAME_CHARACTERS = 24;

/** A colour between white and `colour`. */
function tint(colour: string, share: number): string {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const mixed = channels.map((channel) => Math.round(255 + (channel - 255) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Width that a title of 15 px takes, with the card's margins. */
const titleWidth = (title: string) => title.length * 8.4 + 40;

/** Lightest colour of a cell that holds an image: a share of 1 % must be seen. */
const FAINTEST = 0.1;

function cell(x: number, y: number, size: number, count: number, share: number, right: boolean): string {
  const background = rect(x, y, size, size, {
    fill: tint(right ? COLOURS.blue : COLOURS.vermilion, FAINTEST + (1 - FAINTEST) * share),
    stroke: COLOURS.grid,
  });
  if (size < 24) return background;
  const style = { 'text-anchor': 'middle', fill: share > 0.55 ? COLOURS.paper : COLOURS.ink };
  const middle = x + size / 2;
  if (size < 44)
    return background + text(middle, y + size / 2 + 4, String(count), { ...style, 'font-size': 11 });
  return (
    background +
    text(middle, y + size / 2 - 1, String(count), { ...style, 'font-weight': 600 }) +
    text(middle, y + size / 2 + 14, `${Math.round(100 * share)} %`, { ...style, 'font-size': 11 })
  );
}

/**
 * Draws the confusion matrix as SVG: rows are true classes, columns predicted ones; each cell has its count and its
 * share of the row. More than about 30 classes leave no room for numbers: then colours alone.
 *
 * @param classes names in the order of the matrix
 * @param title says what was measured, of which model and on which split
 */
export function confusionChart(
  { confusion, accuracy, images }: Pick<Evaluation, 'confusion' | 'accuracy' | 'images'>,
  classes: readonly string[],
  title: string,
): string {
  const names = classes.map((name) => shortened(name, NAME_CHARACTERS));
  const size = Math.round(Math.min(60, Math.max(14, 720 / classes.length)));
  const labelWidth = Math.max(...names.map((name) => name.length)) * CHARACTER_PX;
  const left = 56 + labelWidth + 8;
  const top = 66;
  const side = size * classes.length;
  // Column names stand at 40 degrees.
  const bottom = top + side + 14 + labelWidth * 0.65 + 12;
  const cells = confusion.flatMap((row, i) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) =>
      count === 0 ? '' : cell(left + j * size, top + i * size, size, count, count / support, i === j),
    );
  });
  const grid = Array.from({ length: classes.length + 1 }, (_, i) => [
    line(left, top + i * size, left + side, top + i * size),
    line(left + i * size, top, left + i * size, top + side),
  ]).flat();
  const fontSize = Math.min(12, size * 0.7);
  const labels = names.flatMap((name, i) => {
    const middle = (i + 0.5) * size;
    return [
      text(left - 8, top + middle + 4, name, { 'text-anchor': 'end', 'font-size': fontSize }),
      text(0, 0, name, {
        transform: `translate(${(left + middle + 4).toFixed(1)} ${top + side + 16}) rotate(-40)`,
        'text-anchor': 'end',
        'font-size': fontSize,
      }),
    ];
  });
  const axes = [
    text(left + side / 2, bottom + 10, 'predicted class', { 'text-anchor': 'middle', fill: COLOURS.quiet }),
    text(0, 0, 'true class', {
      transform: `translate(24 ${top + side / 2}) rotate(-90)`,
      'text-anchor': 'middle',
      fill: COLOURS.quiet,
    }),
  ];
  const key = 'images, and their share of the true class: blue is right, orange wrong';
  const width = Math.max(left + side + 24, titleWidth(title), key.length * CHARACTER_PX + 40);
  const description = `Accuracy ${percent(accuracy)} on ${images} images, measured. ${classes
    .map((name, i) => `${name}: ${confusion[i]!.map((count, j) => `${count} as ${classes[j]!}`).join(', ')}.`)
    .join(' ')}`;
  return card(
    Math.ceil(width),
    Math.ceil(bottom + 28),
    { title, description },
    text(20, 50, key, { fill: COLOURS.quiet }),
    ...grid,
    ...cells.filter((drawn) => drawn !== ''),
    ...labels,
    ...axes,
  );
}

const PLOT = { left: 68, top: 88, side: 360 } as const;
/** Lighter than the gap that stands in front of it. */
const BAR = tint(COLOURS.blue, 0.6);
const BARS = { top: PLOT.top + PLOT.side + 20, height: 70 } as const;

/**
 * Draws the reliability diagram as SVG: each bin's accuracy against its confidence, and how many images it holds.
 *
 * @param title says what was measured, of which model and on which split
 * @see https://arxiv.org/abs/1706.04599 figure 1
 */
export function reliabilityChart(
  {
    reliability,
    expectedCalibrationError,
    images,
  }: Pick<Evaluation, 'reliability' | 'expectedCalibrationError' | 'images'>,
  title: string,
): string {
  const right = PLOT.left + PLOT.side;
  const x = scale(0, 1, PLOT.left, right);
  const y = scale(0, 1, PLOT.top + PLOT.side, PLOT.top);
  const most = Math.max(1, ...reliability.map((bin) => bin.images));
  const barHeight = scale(0, most, 0, BARS.height);
  const bottom = BARS.top + BARS.height;
  const bars = reliability.flatMap(({ from, to, images: count, accuracy, confidence }) => {
    if (accuracy === null || confidence === null) return [];
    const [start, width] = [x(from) + 1, x(to) - x(from) - 2];
    const [low, high] = [Math.min(accuracy, confidence), Math.max(accuracy, confidence)];
    return [
      rect(start, y(accuracy), width, y(0) - y(accuracy), { fill: BAR }),
      rect(start + width / 3, y(high), width / 3, y(low) - y(high), { fill: COLOURS.vermilion }),
      rect(start, bottom - barHeight(count), width, barHeight(count), { fill: COLOURS.quiet }),
    ];
  });
  const grid = ticks(0, 1, 5).flatMap((tick) => [
    line(PLOT.left, y(tick), right, y(tick)),
    text(PLOT.left - 8, y(tick) + 4, String(Math.round(100 * tick)), { 'text-anchor': 'end' }),
    text(x(tick), bottom + 18, String(Math.round(100 * tick)), { 'text-anchor': 'middle' }),
  ]);
  const title90 = (at: number, label: string) =>
    text(0, 0, label, { transform: `translate(24 ${at}) rotate(-90)`, 'text-anchor': 'middle' });
  const swatch = (at: number, width: number, mark: string, label: string) =>
    mark + text(at + width + 6, 73, label);
  const error = `expected calibration error ${percent(expectedCalibrationError)}, measured on ${images} images`;
  const legend = [
    text(20, 50, error, { fill: COLOURS.quiet }),
    swatch(20, 12, rect(20, 63, 12, 12, { fill: BAR }), 'accuracy'),
    swatch(112, 12, rect(112, 63, 12, 12, { fill: COLOURS.vermilion }), 'gap to the confidence'),
    swatch(
      290,
      22,
      line(290, 69, 312, 69, { stroke: COLOURS.ink, 'stroke-dasharray': '4 3' }),
      'perfectly calibrated',
    ),
  ];
  const description = `${error}. ${reliability
    .filter((bin) => bin.images > 0)
    .map(
      (bin) =>
        `Confidence ${percent(bin.from)} to ${percent(bin.to)}: ${bin.images} images, accuracy ${percent(bin.accuracy!)}.`,
    )
    .join(' ')}`;
  return card(
    Math.ceil(Math.max(right + 28, titleWidth(title))),
    bottom + 52,
    { title, description },
    ...legend,
    ...grid,
    ...bars,
    line(x(0), y(0), x(1), y(1), { stroke: COLOURS.ink, 'stroke-dasharray': '4 3' }),
    line(PLOT.left, bottom, right, bottom, { stroke: COLOURS.quiet }),
    text(PLOT.left - 8, BARS.top + 8, String(most), { 'text-anchor': 'end' }),
    text(PLOT.left - 8, bottom + 2, '0', { 'text-anchor': 'end' }),
    title90(PLOT.top + PLOT.side / 2, 'accuracy, %'),
    title90(BARS.top + BARS.height / 2, 'images'),
    text((PLOT.left + right) / 2, bottom + 40, 'confidence (probability of the predicted class), %', {
      'text-anchor': 'middle',
    }),
  );
}
