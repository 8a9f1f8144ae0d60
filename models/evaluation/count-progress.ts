/**
 * What an evaluation says while it runs: a bar on a terminal, a line now and then elsewhere.
 */
import {
  BAR_CELLS,
  DEFAULT_COLUMNS,
  formatBar,
  formatSeconds,
  HEARTBEAT_MS,
  type ProgressOptions,
  REDRAW,
  REDRAW_MS,
} from '../training/progress';

/** Takes what an evaluation reports. */
export interface CountReporter {
  /** How many of the pictures one of its steps, such as `reading`, has done; the first count begins the step, the last ends it. */
  readonly onCount: (step: string, done: number, count: number) => void;
  /** A sentence of its own. */
  readonly note: (sentence: string) => void;
}

interface RunningStep {
  /** When its first count came, and what that was: the time before it is also spent on what is loaded first. */
  readonly firstMs: number;
  readonly firstDone: number;
}

function timeOf({ firstMs, firstDone }: RunningStep, done: number, count: number, nowMs: number): string[] {
  const seconds = (nowMs - firstMs) / 1000;
  if (done === count) return [formatSeconds(seconds)];
  return done === firstDone ? [] : [`ETA ${formatSeconds((seconds / (done - firstDone)) * (count - done))}`];
}

/** Reports an evaluation's progress. */
export function countReporter({
  isTerminal,
  stream,
  nowMs = () => performance.now(),
}: Pick<ProgressOptions, 'isTerminal' | 'stream' | 'nowMs'>): CountReporter {
  let running: RunningStep | undefined;
  let shownMs = 0;
  return {
    onCount: (step, done, count) => {
      const now = nowMs();
      if (running === undefined) {
        running = { firstMs: now, firstDone: done };
        shownMs = isTerminal ? -Infinity : now;
      }
      const time = timeOf(running, done, count, now);
      const ended = done === count;
      if (ended) running = undefined;
      if (!isTerminal) {
        if (now - shownMs < HEARTBEAT_MS) return;
        stream.write(`${[step, `${done}/${count}`, ...time].join(' ')}\n`);
      } else if (ended || now - shownMs >= REDRAW_MS) {
        const line = [step, `${done}/${count}`, formatBar(done, count, BAR_CELLS), ...time].join(' ');
        // A terminal of unknown width says 0.
        const columns = stream.columns || DEFAULT_COLUMNS;
        stream.write(REDRAW + line.slice(0, columns - 1) + (ended ? '\n' : ''));
      } else return;
      shownMs = now;
    },
    note: (sentence) => stream.write(`${isTerminal && running !== undefined ? REDRAW : ''}${sentence}\n`),
  };
}
