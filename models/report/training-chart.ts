/**
 * A training's curves: loss and accuracy by epoch, both stages on one axis.
 */
import { bestEntry, type HistoryEntry } from '../training/history';
import { STAGE_TITLES, type StageName, STAGES } from '../recipes';
import { percent } from '../../charts/percent';
import { card, COLOURS, element, line, path, scale, text, ticks } from '../../charts/svg';

const WIDTH = 760;
const LEFT = 68;
const RIGHT = 736;
const PANEL_HEIGHT = 190;
const LOSS_TOP = 122;
const ACCURACY_TOP = LOSS_TOP + PANEL_HEIGHT + 30;
const BOTTOM = ACCURACY_TOP + PANEL_HEIGHT;
const HEIGHT = BOTTOM + 58;

/** Marks an epoch on a curve. */
const RING = { r: 5, fill: 'none', stroke: COLOURS.ink, 'stroke-width': 1.5 };

interface Panel {
  readonly top: number;
  readonly from: number;
  readonly to: number;
  readonly unit: string;
  readonly format: (tick: number) => string;
  readonly training: (entry: HistoryEntry) => number;
  readonly validation: (entry: HistoryEntry) => number | undefined;
}

function panelsOf(entries: readonly HistoryEntry[]): Panel[] {
  const finite = (values: readonly (number | undefined)[]) =>
    values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  const losses = finite(entries.flatMap(({ loss, valLoss }) => [loss, valLoss]));
  const accuracies = finite(entries.flatMap(({ accuracy, valAccuracy }) => [accuracy, valAccuracy]));
  return [
    {
      top: LOSS_TOP,
      from: 0,
      to: 1.05 * Math.max(1e-3, ...losses),
      unit: 'loss, nats',
      format: String,
      training: ({ loss }) => loss,
      validation: ({ valLoss }) => valLoss,
    },
    {
      top: ACCURACY_TOP,
      from: Math.min(0.9, Math.floor(10 * Math.min(1, ...accuracies)) / 10),
      to: 1,
      unit: 'accuracy, %',
      format: (tick) => String(Math.round(100 * tick)),
      training: ({ accuracy }) => accuracy,
      validation: ({ valAccuracy }) => valAccuracy,
    },
  ];
}

/** What comes before each stage on the axis: the epochs of the stages before it. */
function offsetsOf(entries: readonly HistoryEntry[]): Readonly<Record<StageName, number>> {
  const head = entries.filter(({ stage }) => stage === 'head').map(({ epoch }) => epoch);
  return { head: 0, fineTune: Math.max(0, ...head) };
}

const bestOf = ({ stage, epoch, valAccuracy }: HistoryEntry) =>
  `${STAGE_TITLES[stage]} ${percent(valAccuracy!)} (its epoch ${epoch})`;

/** In a row of its own and not at the rings, where it would lie on the curves. */
function legend(bests: readonly HistoryEntry[]): string[] {
  const entry = (x: number, colour: string, label: string) =>
    line(x, 52, x + 22, 52, { stroke: colour, 'stroke-width': 2 }) + text(x + 30, 56, label);
  return [
    entry(20, COLOURS.blue, 'training, measured as the epoch went on'),
    ...(bests.length === 0
      ? []
      : [
          entry(330, COLOURS.vermilion, 'validation, measured at its end'),
          element('circle', { ...RING, cx: 31, cy: 74 }),
          text(50, 78, `best validation accuracy: ${bests.map(bestOf).join(', ')}`),
        ]),
  ];
}

/**
 * Draws the curves as SVG: training and validation in both panels, the stages apart, each stage's best epoch ringed.
 *
 * @param title says which model this is
 * @throws RangeError where there is no epoch to draw
 */
export function trainingChart(entries: readonly HistoryEntry[], title: string): string {
  if (entries.length === 0)
    throw new RangeError('a training chart needs at least one epoch, received an empty history');
  const offsets = offsetsOf(entries);
  const numberOf = ({ stage, epoch }: HistoryEntry) => offsets[stage] + epoch;
  const total = Math.max(...entries.map(numberOf));
  const x = scale(0.5, total + 0.5, LEFT, RIGHT);
  const stages = STAGES.map((stage) => ({ stage, epochs: entries.filter((entry) => entry.stage === stage) }));
  const trained = stages.filter(({ epochs }) => epochs.length > 0);
  const bests = trained.flatMap(({ epochs }) => bestEntry(epochs) ?? []);
  const body = panelsOf(entries).flatMap(({ top, from, to, unit, format, training, validation }) => {
    const y = scale(from, to, top + PANEL_HEIGHT, top);
    const points = (epochs: readonly HistoryEntry[], value: (entry: HistoryEntry) => number | undefined) =>
      epochs.map((entry) => [x(numberOf(entry)), y(value(entry) ?? NaN)] as const);
    return [
      ...ticks(from, to, 5).flatMap((tick) => [
        line(LEFT, y(tick), RIGHT, y(tick)),
        text(LEFT - 8, y(tick) + 4, format(tick), { 'text-anchor': 'end' }),
      ]),
      element(
        'text',
        { transform: `translate(22 ${top + PANEL_HEIGHT / 2}) rotate(-90)`, 'text-anchor': 'middle' },
        unit,
      ),
      ...trained.map(({ epochs }) => path(points(epochs, training), COLOURS.blue)),
      ...trained.map(({ epochs }) => path(points(epochs, validation), COLOURS.vermilion)),
      ...bests.map((best) => {
        const [cx, cy] = [x(numberOf(best)), y(validation(best)!)];
        return Number.isFinite(cy) ? element('circle', { ...RING, cx, cy }) : '';
      }),
    ];
  });
  const boundary = x(offsets.fineTune + 0.5);
  const split = trained.length === 2;
  const marks = split
    ? [
        line(boundary, LOSS_TOP - 16, boundary, BOTTOM, { stroke: COLOURS.quiet, 'stroke-dasharray': '4 4' }),
        text(boundary - 6, LOSS_TOP - 8, STAGE_TITLES.head, { 'text-anchor': 'end', fill: COLOURS.quiet }),
        text(boundary + 6, LOSS_TOP - 8, STAGE_TITLES.fineTune, { fill: COLOURS.quiet }),
      ]
    : [text(LEFT, LOSS_TOP - 8, STAGE_TITLES[trained[0]!.stage], { fill: COLOURS.quiet })];
  const epochTicks = ticks(1, Math.max(2, total), 12).filter(
    (tick) => Number.isInteger(tick) && tick <= total,
  );
  const axis = [
    ...epochTicks.map((tick) => text(x(tick), BOTTOM + 18, String(tick), { 'text-anchor': 'middle' })),
    text((LEFT + RIGHT) / 2, BOTTOM + 42, split ? 'epoch, counted through both stages' : 'epoch', {
      'text-anchor': 'middle',
    }),
  ];
  const last = entries.at(-1)!;
  const description = [
    `Loss and accuracy of ${entries.length} epochs.`,
    `Last epoch: training accuracy ${percent(last.accuracy)}, loss ${last.loss.toFixed(3)}.`,
    ...bests.map((best) => `Best validation accuracy: ${bestOf(best)}.`),
  ].join(' ');
  return card(WIDTH, HEIGHT, { title, description }, ...legend(bests), ...marks, ...body, ...axis);
}
