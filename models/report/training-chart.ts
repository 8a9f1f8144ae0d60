/**
 * The curves of a training: loss and accuracy by epoch, both stages on one axis.
 */
import { type Axis, linearAxis, linearTicks } from '../../charts/axis';
import { card } from '../../charts/card';
import { COLOURS } from '../../charts/colours';
import { type Frame, lineKey, X_AXIS_HEIGHT_PX, xAxis, Y_AXIS_WIDTH_PX, yAxis } from '../../charts/panel';
import { percent, percentTick } from '../../charts/percent';
import { element, line, polyline, text } from '../../charts/svg';
import { STAGE_TITLES, type StageName, STAGES } from '../recipes';
import { bestEntry, type HistoryEntry } from '../training/history';

const WIDTH_PX = 760;
const PANEL_HEIGHT_PX = 190;
const SIDES = { left: Y_AXIS_WIDTH_PX, right: 736 } as const;
const LOSS_FRAME: Frame = { ...SIDES, top: 122, bottom: 122 + PANEL_HEIGHT_PX };
const ACCURACY_TOP = LOSS_FRAME.bottom + 30;
const ACCURACY_FRAME: Frame = { ...SIDES, top: ACCURACY_TOP, bottom: ACCURACY_TOP + PANEL_HEIGHT_PX };

/** Marks an epoch on a curve. */
const RING = { r: 5, fill: 'none', stroke: COLOURS.ink, 'stroke-width': 1.5 };

/** One figure by epoch, of the training and of the validation images. */
interface Panel {
  readonly frame: Frame;
  readonly y: Axis;
  readonly title: string;
  readonly training: (entry: HistoryEntry) => number;
  readonly validation: (entry: HistoryEntry) => number | undefined;
}

function panelsOf(entries: readonly HistoryEntry[]): Panel[] {
  const finite = (values: readonly (number | undefined)[]) =>
    values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  const losses = finite(entries.flatMap(({ loss, valLoss }) => [loss, valLoss]));
  const accuracies = finite(entries.flatMap(({ accuracy, valAccuracy }) => [accuracy, valAccuracy]));
  const highestLoss = Math.max(1e-3, ...losses);
  const lowestAccuracy = Math.min(0.9, Math.floor(10 * Math.min(1, ...accuracies)) / 10);
  const upwards = ({ top, bottom }: Frame) => [bottom, top] as const;
  return [
    {
      frame: LOSS_FRAME,
      y: linearAxis([0, 1.05 * highestLoss], upwards(LOSS_FRAME)),
      title: 'loss, nats',
      training: ({ loss }) => loss,
      validation: ({ valLoss }) => valLoss,
    },
    {
      frame: ACCURACY_FRAME,
      y: linearAxis([lowestAccuracy, 1], upwards(ACCURACY_FRAME), { format: percentTick }),
      title: 'accuracy, %',
      training: ({ accuracy }) => accuracy,
      validation: ({ valAccuracy }) => valAccuracy,
    },
  ];
}

/** Epochs on the axis before the first epoch of each stage. */
function epochsBefore(entries: readonly HistoryEntry[]): Readonly<Record<StageName, number>> {
  const head = entries.filter(({ stage }) => stage === 'head').map(({ epoch }) => epoch);
  return { head: 0, fineTune: Math.max(0, ...head) };
}

const describeBest = ({ stage, epoch, valAccuracy }: HistoryEntry) =>
  `${STAGE_TITLES[stage]} ${percent(valAccuracy!)} (stage epoch ${epoch})`;

/** The best accuracies are listed here: beside their rings they would cover the curves. */
function legend(bestEpochs: readonly HistoryEntry[]): string[] {
  const stroke = (colour: string) => ({ stroke: colour, 'stroke-width': 2 });
  return [
    lineKey(20, 52, 'training, measured during the epoch', stroke(COLOURS.blue)),
    ...(bestEpochs.length === 0
      ? []
      : [
          lineKey(330, 52, 'validation, measured at the end of the epoch', stroke(COLOURS.vermilion)),
          element('circle', { ...RING, cx: 31, cy: 74 }),
          text(50, 78, `best validation accuracy: ${bestEpochs.map(describeBest).join(', ')}`),
        ]),
  ];
}

/**
 * Draws the curves as SVG: training and validation in both panels, the stages separated by a line, the best epoch of
 * each stage ringed.
 *
 * @param title names the model
 * @throws RangeError for an empty history
 */
export function trainingChart(entries: readonly HistoryEntry[], title: string): string {
  if (entries.length === 0)
    throw new RangeError('a training chart needs at least one epoch, received an empty history');
  const before = epochsBefore(entries);
  const epochOnAxis = ({ stage, epoch }: HistoryEntry) => before[stage] + epoch;
  const lastEpoch = Math.max(...entries.map(epochOnAxis));
  const x = linearAxis([0.5, lastEpoch + 0.5], [SIDES.left, SIDES.right], {
    ticks: linearTicks(1, Math.max(2, lastEpoch), 12).filter(
      (tick) => Number.isInteger(tick) && tick <= lastEpoch,
    ),
  });
  const trained = STAGES.map((stage) => ({
    stage,
    epochs: entries.filter((entry) => entry.stage === stage),
  })).filter(({ epochs }) => epochs.length > 0);
  const bestEpochs = trained.flatMap(({ epochs }) => bestEntry(epochs) ?? []);
  const panels = panelsOf(entries).flatMap(({ frame, y, title: unit, training, validation }) => {
    const curves = (valueOf: (entry: HistoryEntry) => number | undefined, colour: string) =>
      trained.map(({ epochs }) =>
        polyline(
          epochs.map((entry) => [x.at(epochOnAxis(entry)), y.at(valueOf(entry) ?? NaN)]),
          colour,
        ),
      );
    return [
      ...yAxis(frame, y, unit),
      ...curves(training, COLOURS.blue),
      ...curves(validation, COLOURS.vermilion),
      ...bestEpochs.map((best) => {
        const [cx, cy] = [x.at(epochOnAxis(best)), y.at(validation(best)!)];
        return Number.isFinite(cy) ? element('circle', { ...RING, cx, cy }) : '';
      }),
    ];
  });
  const bothStages = trained.length === 2;
  const last = entries.at(-1)!;
  const description = [
    `Loss and accuracy of ${entries.length} epochs.`,
    `Last epoch: training accuracy ${percent(last.accuracy)}, loss ${last.loss.toFixed(3)}.`,
    ...bestEpochs.map((best) => `Best validation accuracy: ${describeBest(best)}.`),
  ].join(' ');
  return card(
    WIDTH_PX,
    ACCURACY_FRAME.bottom + X_AXIS_HEIGHT_PX,
    { title, description },
    ...legend(bestEpochs),
    ...(bothStages
      ? stageBoundary(x.at(before.fineTune + 0.5))
      : [stageTitle(trained[0]!.stage, SIDES.left)]),
    ...panels,
    ...xAxis(ACCURACY_FRAME, x, bothStages ? 'epoch, counted across both stages' : 'epoch'),
  );
}

const stageTitle = (stage: StageName, x: number, anchor: 'start' | 'end' = 'start') =>
  text(x, LOSS_FRAME.top - 8, STAGE_TITLES[stage], { 'text-anchor': anchor, fill: COLOURS.quiet });

/** The line between the stages, with a stage's title on each side. */
const stageBoundary = (x: number) => [
  line(x, LOSS_FRAME.top - 16, x, ACCURACY_FRAME.bottom, {
    stroke: COLOURS.quiet,
    'stroke-dasharray': '4 4',
  }),
  stageTitle('head', x - 6, 'end'),
  stageTitle('fineTune', x + 6),
];
