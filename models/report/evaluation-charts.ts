/**
 * Charts of an evaluation: the confusion matrix as a heat map, and the reliability diagram.
 */
import { linearAxis } from '../../charts/axis';
import { card, titleWidthPx } from '../../charts/card';
import { COLOURS, tint } from '../../charts/colours';
import {
  areaKey,
  type Frame,
  lineKey,
  X_AXIS_HEIGHT_PX,
  xAxis,
  Y_AXIS_WIDTH_PX,
  yAxis,
} from '../../charts/panel';
import { percent, percentTick } from '../../charts/percent';
import { CHARACTER_WIDTH_PX, line, rect, rotatedText, shorten, text } from '../../charts/svg';
import { groupBy } from '../data/duplicates';
import type { Evaluation } from '../evaluation/evaluation';

/** Characters of the longest class name that is written in full. */
const MAX_NAME_CHARACTERS = 24;

/** Tint of a cell that holds hardly any image of its row: a share of 1 % must still be visible. */
const MIN_TINT = 0.1;

/** Counts in the chart's description: those of many classes would make it larger than the drawing. */
const MAX_DESCRIBED_COUNTS = 200;

const CONFUSION_KEY = 'images, and their share of the true class: blue is correct, orange wrong';

/** A square of the heat map; the count is left out where the cell is too small for it, and the share before that. */
function cell(x: number, y: number, size: number, count: number, share: number, correct: boolean): string {
  const background = rect(x, y, size, size, {
    fill: tint(correct ? COLOURS.blue : COLOURS.vermilion, MIN_TINT + (1 - MIN_TINT) * share),
    stroke: COLOURS.grid,
  });
  if (size < 24) return background;
  const style = { 'text-anchor': 'middle', fill: share > 0.55 ? COLOURS.paper : COLOURS.ink };
  const [middleX, middleY] = [x + size / 2, y + size / 2];
  if (size < 44) return background + text(middleX, middleY + 4, String(count), { ...style, 'font-size': 11 });
  return (
    background +
    text(middleX, middleY - 1, String(count), { ...style, 'font-weight': 600 }) +
    text(middleX, middleY + 14, `${Math.round(100 * share)} %`, { ...style, 'font-size': 11 })
  );
}

/** The counts that are not zero, in the order of the matrix, up to {@link MAX_DESCRIBED_COUNTS}. */
function describedCounts(confusion: Evaluation['confusion'], classes: readonly string[]): string {
  const counts = confusion.flatMap((row, i) =>
    row.flatMap((count, j) =>
      count === 0 ? [] : [{ name: classes[i]!, text: `${count} as ${classes[j]!}` }],
    ),
  );
  const listed = counts.slice(0, MAX_DESCRIBED_COUNTS);
  const rows = groupBy(listed, ({ name }) => name);
  const sentences = [...rows].map(([name, own]) => `${name}: ${own.map(({ text }) => text).join(', ')}.`);
  const more = counts.length - listed.length;
  return [...sentences, ...(more === 0 ? [] : [`${more} more counts are not listed.`])].join(' ');
}

/**
 * Draws the confusion matrix as SVG: rows are true classes, columns predicted classes; each cell has its count and its
 * share of the row. With more than 30 classes there is no room for numbers, and colours alone remain.
 *
 * @param classes names in the order of the matrix
 * @param title says what was measured, of which model and on which split
 */
export function confusionChart(
  { confusion, accuracy, images }: Pick<Evaluation, 'confusion' | 'accuracy' | 'images'>,
  classes: readonly string[],
  title: string,
): string {
  const names = classes.map((name) => shorten(name, MAX_NAME_CHARACTERS));
  const size = Math.round(Math.min(60, Math.max(14, 720 / classes.length)));
  const labelWidth = Math.max(...names.map((name) => name.length)) * CHARACTER_WIDTH_PX;
  const left = 56 + labelWidth + 8;
  const top = 66;
  const side = size * classes.length;
  // Column names are turned by 40 degrees.
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
  const label = { 'text-anchor': 'end', 'font-size': Math.min(12, size * 0.7) };
  const labels = names.flatMap((name, i) => {
    const middle = (i + 0.5) * size;
    return [
      text(left - 8, top + middle + 4, name, label),
      rotatedText(left + middle + 4, top + side + 16, -40, name, label),
    ];
  });
  const axisTitle = { 'text-anchor': 'middle', fill: COLOURS.quiet };
  const axisTitles = [
    text(left + side / 2, bottom + 10, 'predicted class', axisTitle),
    rotatedText(24, top + side / 2, -90, 'true class', axisTitle),
  ];
  const keyWidth = CONFUSION_KEY.length * CHARACTER_WIDTH_PX + 40;
  const counts = describedCounts(confusion, classes);
  const description = `Accuracy ${percent(accuracy)} on ${images} images, measured. ${counts}`;
  return card(
    Math.ceil(Math.max(left + side + 24, titleWidthPx(title), keyWidth)),
    Math.ceil(bottom + 28),
    { title, description },
    text(20, 50, CONFUSION_KEY, { fill: COLOURS.quiet }),
    ...grid,
    ...cells.filter((drawn) => drawn !== ''),
    ...labels,
    ...axisTitles,
  );
}

const SIDES = { left: Y_AXIS_WIDTH_PX, right: Y_AXIS_WIDTH_PX + 360 } as const;
const ACCURACY_FRAME: Frame = { ...SIDES, top: 88, bottom: 88 + 360 };
const IMAGES_TOP = ACCURACY_FRAME.bottom + 20;
const IMAGES_FRAME: Frame = { ...SIDES, top: IMAGES_TOP, bottom: IMAGES_TOP + 70 };
/** Lighter than the gap that is drawn on it. */
const BAR = tint(COLOURS.blue, 0.6);
const DIAGONAL = { stroke: COLOURS.ink, 'stroke-dasharray': '4 3' };

/**
 * Draws the reliability diagram as SVG: the accuracy of each bin against its confidence, and below it how many images
 * the bin holds.
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
  const { left, right, top, bottom } = ACCURACY_FRAME;
  const x = linearAxis([0, 1], [left, right], { format: percentTick });
  const y = linearAxis([0, 1], [bottom, top], { format: percentTick });
  const maxImages = Math.max(1, ...reliability.map((bin) => bin.images));
  const count = linearAxis([0, maxImages], [IMAGES_FRAME.bottom, IMAGES_FRAME.top], {
    ticks: [0, maxImages],
  });
  const bars = reliability.flatMap((bin) => {
    const { from, to, accuracy, confidence } = bin;
    if (accuracy === null || confidence === null) return [];
    const [start, width] = [x.at(from) + 1, x.at(to) - x.at(from) - 2];
    const [high, low] = [y.at(Math.max(accuracy, confidence)), y.at(Math.min(accuracy, confidence))];
    const imagesTop = count.at(bin.images);
    return [
      rect(start, y.at(accuracy), width, bottom - y.at(accuracy), { fill: BAR }),
      rect(start + width / 3, high, width / 3, low - high, { fill: COLOURS.vermilion }),
      rect(start, imagesTop, width, IMAGES_FRAME.bottom - imagesTop, { fill: COLOURS.quiet }),
    ];
  });
  const error = `expected calibration error ${percent(expectedCalibrationError)}, measured on ${images} images`;
  const legend = [
    text(20, 50, error, { fill: COLOURS.quiet }),
    areaKey(20, 69, 'accuracy', BAR),
    areaKey(112, 69, 'gap to the confidence', COLOURS.vermilion),
    lineKey(284, 69, 'perfectly calibrated', DIAGONAL),
  ];
  const description = `${error}. ${reliability
    .filter((bin) => bin.images > 0)
    .map(
      (bin) =>
        `Confidence ${percent(bin.from)} to ${percent(bin.to)}: ${bin.images} images, accuracy ${percent(bin.accuracy!)}.`,
    )
    .join(' ')}`;
  return card(
    Math.ceil(Math.max(right + 28, titleWidthPx(title))),
    IMAGES_FRAME.bottom + X_AXIS_HEIGHT_PX,
    { title, description },
    ...legend,
    ...yAxis(ACCURACY_FRAME, y, 'accuracy, %'),
    ...yAxis(IMAGES_FRAME, count, 'images'),
    ...bars,
    line(x.at(0), y.at(0), x.at(1), y.at(1), DIAGONAL),
    ...xAxis(IMAGES_FRAME, x, 'confidence (probability of the predicted class), %'),
  );
}
