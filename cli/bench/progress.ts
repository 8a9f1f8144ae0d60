/**
 * Progress of a load on stderr: a bar on a terminal, a line every few seconds elsewhere.
 */
import type { SendProgress } from '../../bench/load/sender';
import { formatBar } from '../progress';

const LINE_INTERVAL_MS = 5_000;
const BAR_CELLS = 20;

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface LoadProgress {
  readonly report: (progress: SendProgress, durationMs: number) => void;
  /** Ends the line on a terminal. */
  readonly end: () => void;
}

/** Reports the progress of a load to a stream. */
export function loadProgress(stream: Stream, nowMs: () => number = () => performance.now()): LoadProgress {
  // The first report comes when the load has started, which may be long after the command.
  let startedMs: number | undefined;
  let shownMs = 0;
  let isOpen = false;
  return {
    report: ({ due, settled }, durationMs) => {
      if (startedMs === undefined) startedMs = shownMs = nowMs();
      const elapsedMs = nowMs() - startedMs;
      const seconds = `${(elapsedMs / 1000).toFixed(0)}/${(durationMs / 1000).toFixed(0)} s`;
      const counts = `${settled} of ${due} due requests settled`;
      if (stream.isTTY) {
        const bar = formatBar(Math.min(elapsedMs, durationMs), durationMs, BAR_CELLS);
        stream.write(`\r\x1b[K${seconds} ${bar} ${counts}`);
        isOpen = true;
      } else if (nowMs() - shownMs >= LINE_INTERVAL_MS) {
        shownMs = nowMs();
        stream.write(`${seconds}, ${counts}\n`);
      }
    },
    end: () => {
      if (isOpen) stream.write('\n');
    },
  };
}
