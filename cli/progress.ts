/**
 * Progress of a training: Keras' progress lines on a terminal, fewer and plainer lines without one, or JSON Lines.
 */
import { formatJsonLine } from '../models/training/history';
import { STAGE_TITLES, type StageName } from '../models/recipes';
import { type WholeProgress, wholeProgress } from './whole-progress';
import type { CountRecord, EpochRecord, ProgressReporter, StepRecord } from '../models/training/progress';

/** Where progress goes: stderr, so that stdout has results only. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Width of the terminal. @default 80 */
  readonly columns?: number;
}

/** How and where to report progress. */
export interface ProgressOptions {
  /** Whether the stream is a terminal, which can redraw a line. */
  readonly isTerminal: boolean;
  /** JSON Lines instead of text. */
  readonly json: boolean;
  readonly stream: ProgressStream;
  /** Planned epochs per stage. @default none, if nothing is trained */
  readonly epochs?: Readonly<Record<StageName, number>>;
  /** Milliseconds of a clock that only goes forward. @default performance.now */
  readonly nowMs?: () => number;
}

/** Shortest time between two redraws of a line on a terminal. */
export const REDRAW_MS = 100;
/** Time between two lines of a long epoch without a terminal. */
const HEARTBEAT_MS = 60_000;

/** Width of a bar. */
export const BAR_CELLS = 20;
/** Width of a stream that does not know its own. */
export const DEFAULT_COLUMNS = 80;
/** Returns to the start of the line and clears it. */
export const REDRAW = '\r\x1b[K';

const fixed = (value: number, digits: number) =>
  Number.isFinite(value) ? value.toFixed(digits) : `${value}`;

/** A duration as Keras prints it: `14s`, `2:05`, `1:02:05`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return minutes > 0 ? `${minutes}:${two(whole % 60)}` : `${whole}s`;
}

/** A step's duration as Keras prints it: `2s/step`, `250ms/step`, `400us/step`. */
export function formatStepTime(seconds: number): string {
  if (seconds >= 1) return `${Math.round(seconds)}s/step`;
  if (seconds >= 1e-3) return `${Math.round(seconds * 1e3)}ms/step`;
  return `${Math.round(seconds * 1e6)}us/step`;
}

/** Figures as Keras prints them. */
export function formatFigures({
  accuracy,
  loss,
  valAccuracy,
  valLoss,
}: Partial<Pick<EpochRecord, 'accuracy' | 'loss' | 'valAccuracy' | 'valLoss'>>): string {
  const figures = { accuracy, loss, val_accuracy: valAccuracy, val_loss: valLoss };
  return Object.entries(figures)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${fixed(value, 4)}`]))
    .join(' - ');
}

/** Keras' bar: `━` for steps done, `─` for steps left. */
export function formatBar(step: number, steps: number, cells: number): string {
  const done = Math.min(cells, Math.floor((cells * step) / steps));
  return '━'.repeat(done) + '─'.repeat(cells - done);
}

/** `Epoch 3/30`, with the stage's name. */
export const formatEpochHeading = (stage: StageName, epoch: number, epochs: number) =>
  `Epoch ${epoch}/${epochs} (${STAGE_TITLES[stage]})`;

/** The whole training: `━━━───────────────── 12/130 epochs, about 25:10 left`; without a bar if `cells` is 0. */
export function formatWhole({ done, total, secondsLeft }: WholeProgress, cells = BAR_CELLS): string {
  const bar = cells === 0 ? '' : `${formatBar(done, total, cells)} `;
  return `${bar}${done}/${total} epochs, about ${formatSeconds(secondsLeft)} left`;
}

/**
 * The line of a complete epoch, as Keras prints it:
 * `56/56 ━━━━━━━━━━━━━━━━━━━━ 14s 250ms/step - accuracy: 0.7100 - loss: 0.8300 - val_accuracy: …`.
 * The time per step includes the validation, as in Keras.
 *
 * @param cells width of the bar; 0 leaves it out
 */
export function formatEpochLine(record: EpochRecord, steps: number, cells = BAR_CELLS): string {
  const bar = cells === 0 ? '' : `${formatBar(steps, steps, cells)} `;
  const { seconds } = record;
  return `${steps}/${steps} ${bar}${formatSeconds(seconds)} ${formatStepTime(seconds / steps)} - ${formatFigures(record)}`;
}

/**
 * The line of a complete epoch within a terminal's width: the bar is shortened, and the validation gets a line of its own,
 * where the whole line would wrap.
 *
 * @param columns width of the terminal
 */
export function formatEpochLines(record: EpochRecord, steps: number, columns: number): string[] {
  const whole = formatEpochLine(record, steps);
  if (whole.length <= columns) return [whole];
  const { valAccuracy, valLoss, ...training } = record;
  const cells = Math.max(0, Math.min(BAR_CELLS, columns - formatEpochLine(training, steps, 0).length - 1));
  const indent = ' '.repeat(`${steps}/${steps} `.length);
  const validation = formatFigures({
    ...(valAccuracy === undefined ? {} : { valAccuracy }),
    ...(valLoss === undefined ? {} : { valLoss }),
  });
  return [formatEpochLine(training, steps, cells), ...(validation === '' ? [] : [indent + validation])];
}

/**
 * The line of a running epoch: `12/56 ━━━━──────────────── ETA 11s 250ms/step - accuracy: …`.
 *
 * @param secondsPerStep undefined until a step has been timed
 * @param columns width to stay within, since a wrapped line cannot be redrawn; the bar is shortened first. Without it
 *   there is no bar
 */
export function formatStepLine(
  record: StepRecord,
  secondsPerStep: number | undefined,
  columns?: number,
): string {
  const { step, steps } = record;
  const time =
    secondsPerStep === undefined
      ? []
      : [`ETA ${formatSeconds(secondsPerStep * (steps - step))} ${formatStepTime(secondsPerStep)}`];
  const count = `${String(step).padStart(String(steps).length)}/${steps}`;
  const rest = [...time, formatFigures(record)].join(' - ');
  if (columns === undefined) return `${count.trim()} ${rest}`;
  const cells = Math.max(0, Math.min(BAR_CELLS, columns - count.length - rest.length - 3));
  const bar = cells === 0 ? '' : `${formatBar(step, steps, cells)} `;
  return `${count} ${bar}${rest}`.slice(0, Math.max(0, columns - 1));
}

/**
 * The line of images that are being read or measured: `reading 120/800 ━━━───────────────── 2s`.
 *
 * @param columns width to stay within; without it there is no bar
 */
export function formatCountLine(
  { task, done, total }: CountRecord,
  seconds: number,
  columns?: number,
): string {
  const bar = columns === undefined ? '' : ` ${formatBar(done, total, BAR_CELLS)}`;
  const count = `${String(done).padStart(bar === '' ? 0 : String(total).length)}/${total}`;
  return `${task} ${count}${bar} ${formatSeconds(seconds)}`.slice(0, columns && columns - 1);
}

/** Reports the progress of a training, or of reading and measuring images. */
export function progressReporter(options: ProgressOptions): ProgressReporter {
  const whole = { nowMs: () => performance.now(), epochs: { head: 0, fineTune: 0 }, ...options };
  return options.json ? jsonReporter(whole) : textReporter(whole);
}

interface RunningEpoch {
  readonly stage: StageName;
  readonly epoch: number;
  readonly steps: number;
  /** End of its first step, which is not timed because it includes loading. */
  readonly firstStepMs: number;
}

function textReporter({ isTerminal, stream, epochs, nowMs }: Required<ProgressOptions>): ProgressReporter {
  let running: RunningEpoch | undefined;
  let counted: { readonly task: string; readonly startedMs: number } | undefined;
  const finished: EpochRecord[] = [];
  let shownMs = 0;
  // A terminal of unknown width reports 0.
  const columns = () => stream.columns || DEFAULT_COLUMNS;
  const headingOf = ({ stage, epoch }: { stage: StageName; epoch: number }) =>
    formatEpochHeading(stage, epoch, epochs[stage]);
  const begin = ({ stage, epoch, steps }: StepRecord, firstStepMs: number): RunningEpoch => {
    const whole = wholeProgress(epochs, finished);
    const heading = headingOf({ stage, epoch });
    if (isTerminal)
      stream.write(
        `${whole === undefined ? heading : `${heading}  ${formatWhole(whole)}`.slice(0, columns() - 1)}\n`,
      );
    shownMs = isTerminal ? -Infinity : firstStepMs;
    return { stage, epoch, steps, firstStepMs };
  };
  return {
    onCount: (record) => {
      const now = nowMs();
      if (counted?.task !== record.task) {
        counted = { task: record.task, startedMs: now };
        shownMs = isTerminal ? -Infinity : now;
      }
      const isDone = record.done === record.total;
      if (!isDone && now - shownMs < (isTerminal ? REDRAW_MS : HEARTBEAT_MS)) return;
      shownMs = now;
      const seconds = (now - counted.startedMs) / 1000;
      if (isDone) counted = undefined;
      if (!isTerminal) stream.write(`${formatCountLine(record, seconds)}\n`);
      else stream.write(`${REDRAW}${formatCountLine(record, seconds, columns())}${isDone ? '\n' : ''}`);
    },
    onStep: (record) => {
      const now = nowMs();
      if (running?.stage !== record.stage || running.epoch !== record.epoch) running = begin(record, now);
      if (now - shownMs < (isTerminal ? REDRAW_MS : HEARTBEAT_MS)) return;
      shownMs = now;
      const timed = record.step - 1;
      const secondsPerStep = timed === 0 ? undefined : (now - running.firstStepMs) / 1000 / timed;
      if (!isTerminal) stream.write(`${headingOf(record)} ${formatStepLine(record, secondsPerStep)}\n`);
      else stream.write(REDRAW + formatStepLine(record, secondsPerStep, columns()));
    },
    onEpoch: (record) => {
      const steps = running?.steps ?? 1;
      running = undefined;
      finished.push(record);
      const whole = wholeProgress(epochs, finished);
      const left = whole === undefined ? '' : ` - ${formatWhole(whole, 0)}`;
      if (isTerminal) stream.write(`${REDRAW}${formatEpochLines(record, steps, columns()).join('\n')}\n`);
      else stream.write(`${headingOf(record)} ${formatEpochLine(record, steps, 0)}${left}\n`);
    },
    note: (sentence) =>
      stream.write(`${isTerminal && (running ?? counted) !== undefined ? REDRAW : ''}${sentence}\n`),
  };
}

function jsonReporter({ stream, epochs, nowMs }: Required<ProgressOptions>): ProgressReporter {
  const line = (value: object) => stream.write(formatJsonLine(value));
  const finished: EpochRecord[] = [];
  let shownMs = nowMs();
  return {
    onCount: (record) => {
      const now = nowMs();
      if (record.done < record.total && now - shownMs < HEARTBEAT_MS) return;
      shownMs = now;
      line({ event: 'count', ...record });
    },
    onStep: (record) => {
      const now = nowMs();
      if (now - shownMs < HEARTBEAT_MS) return;
      shownMs = now;
      line({ event: 'step', ...record, epochs: epochs[record.stage] });
    },
    onEpoch: (record) => {
      shownMs = nowMs();
      finished.push(record);
      const { secondsLeft } = wholeProgress(epochs, finished) ?? {};
      line({ event: 'epoch', ...record, epochs: epochs[record.stage], secondsLeft });
    },
    note: (sentence) => line({ event: 'note', sentence }),
  };
}
