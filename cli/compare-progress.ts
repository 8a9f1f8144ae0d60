/**
 * Progress of a comparison: one bar for the whole on a terminal, a line per step without one, or JSON Lines.
 */
import type { CompareProgress } from '../models/compare/compare-bases';
import { type CompareRecord, secondsLeft } from '../models/compare/work';
import { formatJsonLine } from '../models/training/history';
import {
  BAR_CELLS,
  DEFAULT_COLUMNS,
  formatBar,
  formatSeconds,
  progressReporter,
  type ProgressOptions,
  REDRAW,
  REDRAW_MS,
} from './progress';

/**
 * `━━━━━━━━━─────────── 45 %, about 2:10 left, mobilenetv2: features 400/1769`
 *
 * @param seconds since the first step
 * @param cells width of the bar; 0 leaves it out
 */
export function formatWork(record: CompareRecord, seconds: number, cells = BAR_CELLS): string {
  const { task, done, total, workDone, workTotal } = record;
  const bar = cells === 0 ? '' : `${formatBar(workDone, workTotal, cells)} `;
  const left = secondsLeft(record, seconds);
  const about = left === undefined ? '' : `, about ${formatSeconds(left)} left`;
  return `${bar}${Math.floor((100 * workDone) / workTotal)} %${about}, ${task} ${done}/${total}`;
}

/** Reports the progress of a comparison. */
export function compareReporter(options: Omit<ProgressOptions, 'epochs'>): CompareProgress {
  const { isTerminal, json, stream, nowMs = () => performance.now() } = options;
  const { note, onCount } = progressReporter(options);
  let startedMs: number | undefined;
  let shownMs = -Infinity;
  let isLineOpen = false;
  return {
    onCount,
    note: (sentence) => {
      if (isLineOpen) stream.write(REDRAW);
      isLineOpen = false;
      note(sentence);
    },
    onWork: (record) => {
      const now = nowMs();
      startedMs ??= now;
      const seconds = (now - startedMs) / 1000;
      const isDone = record.done === record.total;
      if (json) {
        if (isDone) stream.write(formatJsonLine({ event: 'step', ...record }));
        return;
      }
      if (!isTerminal) {
        if (isDone) stream.write(`${formatWork(record, seconds, 0)}\n`);
        return;
      }
      const isWhole = record.workDone >= record.workTotal * (1 - 1e-9);
      if (!isDone && now - shownMs < REDRAW_MS) return;
      shownMs = now;
      const columns = (stream.columns || DEFAULT_COLUMNS) - 1;
      stream.write(`${REDRAW}${formatWork(record, seconds).slice(0, columns)}${isWhole ? '\n' : ''}`);
      isLineOpen = !isWhole;
    },
  };
}
