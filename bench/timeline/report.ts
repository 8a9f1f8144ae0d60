/** A timeline as a table for a terminal. */
import { brokenText } from '../load/validity';
import type { TimelineDocument } from './timeline-document';
import { type Window, windowsOf } from './windows';

const figure = (value: number, digits = 0) => (Number.isNaN(value) ? '-' : value.toFixed(digits));
/** NaN of no counts: nothing is known. */
const total = (counts: readonly number[]) =>
  counts.length === 0 ? NaN : counts.reduce((sum, count) => sum + count, 0);

const perSecond = (count: number, { lengthMs }: Window) => figure((1000 * count) / lengthMs, 1);

/** A rest that is shorter says nothing of a rate. */
const MIN_WINDOW_MS = 1_000;

/** Columns of the table; those of the load are empty without one. */
const COLUMNS: readonly (readonly [title: string, cell: (window: Window) => string])[] = [
  ['from s', ({ fromMs }) => figure(fromMs / 1000)],
  ['desired', ({ desiredReplicas }) => figure(desiredReplicas)],
  ['ready', ({ readyReplicas }) => figure(readyReplicas)],
  ['answered/s', (window) => perSecond(total(Object.values(window.answeredByPod)), window)],
  ['offered/s', (window) => perSecond(window.due, window)],
  ['sent/s', (window) => perSecond(window.sent, window)],
  ['refused/s', (window) => perSecond(window.outcomes.refused, window)],
  ['p95 ms', ({ p95Ms }) => figure(p95Ms, 1)],
  ['Jain', ({ fairness }) => figure(fairness, 2)],
  ['throttled %', ({ throttledShare }) => figure(100 * throttledShare)],
];

/** Says how many reads failed, and why the first did; undefined if none did. */
export function failuresText({ failures }: Pick<TimelineDocument, 'failures'>): string | undefined {
  const [first] = failures;
  return first && `${failures.length} reads failed, the first of ${first.read}: ${first.message}`;
}

/** A timeline in windows of 10 s, with the rules that its load broke. */
export function formatTimeline(timeline: TimelineDocument): string {
  const windows = windowsOf(timeline).filter(({ lengthMs }, i) => i === 0 || lengthMs >= MIN_WINDOW_MS);
  const rows = windows.map((window) => COLUMNS.map(([, cell]) => cell(window)));
  const widths = COLUMNS.map(([title], i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padStart(widths[i]!)).join('  ');
  const lines = [line(COLUMNS.map(([title]) => title)), ...rows.map(line)];
  for (const broken of timeline.load?.validity.broken ?? []) lines.push(`INVALID: ${brokenText(broken)}`);
  const failures = failuresText(timeline);
  if (failures !== undefined) lines.push(failures);
  if (!timeline.complete) lines.push('INCOMPLETE: the recording was interrupted');
  return lines.join('\n');
}
