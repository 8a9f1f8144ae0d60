/** The chart of the trade: accuracy against CPU time per image, for both models at both precisions. Pure. */
import { linearAxis, logAxisAround } from '../../../charts/axis';
import { COLOURS } from '../../../charts/colours';
import { label, point, uprightInterval } from '../../../charts/marks';
import { type Frame, xAxis, yAxis } from '../../../charts/panel';
import { percent, percentTick } from '../../../charts/percent';
import { poster } from '../../../charts/poster';
import { line, text } from '../../../charts/svg';
import { wilson95 } from '../../../statistics/intervals';
import type { MachineDocument } from '../machine';
import { MODEL_STYLE } from './model-style';
import { DIGEST_CHARACTERS } from './provenance';
import type { TradePoint } from '../trade';
import { list, modelName, range, short } from '../words';
import { cpuText } from '../../timeline/timeline-document';

const FRAME: Frame = { left: 74, right: 586, top: 20, bottom: 280 };
const BODY_HEIGHT_PX = FRAME.bottom + 66;

const ofModel = (points: readonly TradePoint[], { model }: TradePoint) =>
  points.filter((each) => each.model === model);

/** The share of the CPU time at fp32 that int8 takes, with the range that the extremes of both give: `33 % (30–39 %)`. */
function shareText(int8: TradePoint, fp32: TradePoint): string {
  const share = `${short((100 * int8.cpuMs) / fp32.cpuMs)} %`;
  const [least, most] = int8.cpuMsRange;
  const [fp32Least, fp32Most] = fp32.cpuMsRange;
  const between = `${range((100 * least) / fp32Most, (100 * most) / fp32Least)} %`;
  return between === share ? share : `${share} (${between})`;
}

/** The claim: what int8 saves. */
export function tradeTitle(points: readonly TradePoint[]): string {
  const saved = points
    .filter(({ precision }) => precision === 'int8')
    .flatMap((int8) => {
      const fp32 = ofModel(points, int8).find(({ precision }) => precision === 'fp32');
      return fp32 === undefined ? [] : [`${shareText(int8, fp32)} for ${modelName(int8.model)}`];
    });
  return saved.length === 0
    ? 'CPU time per image and accuracy of each model'
    : `At int8 an image takes this share of its CPU time at fp32: ${list(saved)}`;
}

/** The axis goes on by this factor beyond the figures, so that the labels at its ends keep off its numbers. */
const LABEL_ROOM = 1.8;

/**
 * Draws the chart as SVG.
 *
 * @param points at least one
 */
export function tradeChart(points: readonly TradePoint[], machine: MachineDocument): string {
  const x = logAxisAround(
    points.flatMap(({ cpuMsRange }) => cpuMsRange),
    [FRAME.left, FRAME.right],
    LABEL_ROOM,
  );
  const intervals = points.map(({ accuracy, accuracyImages: n }) => wilson95(Math.round(accuracy * n), n));
  const lowest = Math.min(...intervals.map(([low]) => low));
  const from = Math.max(0, Math.floor(20 * (lowest - 0.01)) / 20);
  const y = linearAxis([from, 1], [FRAME.bottom, FRAME.top], { format: percentTick });
  const marks = points.flatMap((each, i) => {
    const { colour, shape } = MODEL_STYLE[each.model];
    const [low, high] = intervals[i]!;
    const [atX, atY] = [x.at(each.cpuMs), y.at(each.accuracy)];
    // Labels of both precisions side by side would touch.
    const isLeft = ofModel(points, each).some(({ cpuMs }) => cpuMs > each.cpuMs);
    const words = { 'text-anchor': isLeft ? 'end' : 'start', 'font-size': 11 };
    return [
      uprightInterval(atX, y.at(low), y.at(high), colour),
      point(shape, atX, atY, 6, {
        fill: each.isDefault ? colour : COLOURS.paper,
        stroke: colour,
        'stroke-width': 2,
      }),
      label(atX + (isLeft ? 10 : -10), y.at(low) + 16, `${each.precision}, ${short(each.cpuMs)} ms`, words),
    ];
  });
  const joins = points
    .filter(({ precision }) => precision === 'int8')
    .flatMap((int8) =>
      ofModel(points, int8)
        .filter(({ precision }) => precision === 'fp32')
        .map((fp32) =>
          line(x.at(fp32.cpuMs), y.at(fp32.accuracy), x.at(int8.cpuMs), y.at(int8.accuracy), {
            ...{ stroke: MODEL_STYLE[int8.model].colour, 'stroke-dasharray': '4 3' },
          }),
        ),
    );
  const models = points.filter((each) => ofModel(points, each)[0] === each);
  const names = models.map((each) => {
    const own = ofModel(points, each);
    const middle = Math.sqrt(own[0]!.cpuMs * own.at(-1)!.cpuMs);
    const highest = Math.max(...own.map((one) => intervals[points.indexOf(one)]![1]));
    return label(x.at(middle), y.at(highest) - 12, modelName(each.model), {
      ...{ 'text-anchor': 'middle', 'font-weight': 600, fill: MODEL_STYLE[each.model].colour },
    });
  });
  return poster(
    BODY_HEIGHT_PX,
    {
      title: tradeTitle(points),
      description: points
        .map(
          ({ model, precision, cpuMs, accuracy }) =>
            `${modelName(model)} at ${precision}: ${short(cpuMs)} ms of CPU per image, ${percent(accuracy)} right.`,
        )
        .join(' '),
      strip: [
        'measured',
        machine.startedAt.slice(0, 10),
        `CPU time of the whole service with one thread: median of ${points[0]!.repetitions} repetitions`,
        `accuracy of the demo models on ${points[0]!.accuracyImages} generated images, 95 % intervals`,
        cpuText(machine.machine),
        `commit ${machine.commit.slice(0, DIGEST_CHARACTERS)}`,
      ],
    },
    ...yAxis(FRAME, y, 'accuracy, %'),
    ...xAxis(FRAME, x, 'CPU time per image, ms (log)'),
    ...joins,
    ...marks,
    ...names,
    text(FRAME.left + 6, FRAME.bottom - 8, 'filled: what the service chooses by itself', {
      'font-size': 11,
      fill: COLOURS.quiet,
    }),
  );
}
