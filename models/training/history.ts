/**
 * The history of a training as JSON Lines: one line per epoch, appended when the epoch ends.
 */
import { existsSync, readFileSync } from 'node:fs';

import { appendSynced, writeFileAtomic } from '../../files/write';
import { type BestEpoch, isBetter, type TrainingState } from './checkpoint';
import type { EpochRecord } from './progress';
import { STAGES } from '../recipes';

/** The line of one epoch. */
export interface HistoryEntry extends EpochRecord {
  /** When the epoch ended, ISO 8601 in UTC. */
  readonly at: string;
}

/** The complete lines of a history file. */
export interface History {
  readonly entries: readonly HistoryEntry[];
  /** States what was ignored if the last line is torn. */
  readonly warning?: string;
}

/** Name of the file in the folder of a training. */
export const HISTORY_NAME = 'history.jsonl';

/** Numbers of an entry; the optional ones need validation images. */
const REQUIRED = ['loss', 'accuracy', 'learningRate', 'seconds'] as const;
const OPTIONAL = ['valLoss', 'valAccuracy'] as const;

/** JSON has no such numbers, but the loss of a diverged training must not become null. */
const NOT_FINITE: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];

/** A line of JSON Lines with its line feed; numbers that are not finite become strings such as `NaN`. */
export function formatJsonLine(value: object): string {
  const finite = (_: string, part: unknown) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part;
  return `${JSON.stringify(value, finite)}\n`;
}

function parseJson(line: string, where: string): Record<string, unknown> {
  try {
    const revive = (_: string, value: unknown) => (NOT_FINITE.includes(value) ? Number(value) : value);
    return Object(JSON.parse(line, revive)) as Record<string, unknown>;
  } catch (cause) {
    throw new TypeError(
      `${where} must be a JSON object, received ${line.slice(0, 60)}; correct or delete the line`,
      { cause },
    );
  }
}

function parseEntry(line: string, where: string): HistoryEntry {
  const read = parseJson(line, where);
  const check = (field: string, valid: boolean, expected: string) => {
    if (!valid)
      throw new TypeError(
        `${where}: ${field} must be ${expected}, received ${JSON.stringify(read[field])}; correct or delete the line`,
      );
  };
  check('stage', (STAGES as readonly unknown[]).includes(read['stage']), `one of ${STAGES.join(', ')}`);
  check(
    'epoch',
    Number.isInteger(read['epoch']) && Number(read['epoch']) > 0,
    'a whole number of at least 1',
  );
  for (const field of REQUIRED) check(field, typeof read[field] === 'number', 'a number');
  for (const field of OPTIONAL)
    check(field, ['number', 'undefined'].includes(typeof read[field]), 'a number or left out');
  check('at', typeof read['at'] === 'string', 'a time');
  return read as unknown as HistoryEntry;
}

/**
 * Parses a history. A crash can leave a last line without its line feed: it is kept if complete, and ignored if torn.
 *
 * @param file name for errors and the warning
 * @throws TypeError naming the line and the field if any other line is invalid
 */
export function parseHistory(text: string, file: string): History {
  const lines = text.split('\n');
  const tail = lines.pop()!;
  const entries = lines.map((line, i) => parseEntry(line, `${file}, line ${i + 1}`));
  if (tail === '') return { entries };
  const where = `${file}, line ${lines.length + 1}`;
  try {
    return { entries: [...entries, parseEntry(tail, where)] };
  } catch {
    return { entries, warning: `${where} is torn, ${tail.length} characters without a line feed: ignored` };
  }
}

/**
 * Reads a history; a missing file is an empty history.
 *
 * @throws TypeError as {@link parseHistory} does
 */
export function readHistory(file: string): History {
  return existsSync(file) ? parseHistory(readFileSync(file, 'utf8'), file) : { entries: [] };
}

/** Replaces a history atomically. */
function writeHistory(file: string, entries: readonly HistoryEntry[]): void {
  writeFileAtomic(file, entries.map(formatJsonLine).join(''));
}

/** Appends the line of an epoch; a torn line that a crash left at the end is removed first. */
export function appendHistory(file: string, entry: HistoryEntry): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text !== '' && !text.endsWith('\n')) writeHistory(file, parseHistory(text, file).entries);
  appendSynced(file, formatJsonLine(entry));
}

/** The entries up to a checkpoint: all of earlier stages, and the completed epochs of its own stage. */
export function entriesUpTo(
  entries: readonly HistoryEntry[],
  { stage, epochsDone }: Pick<TrainingState, 'stage' | 'epochsDone'>,
): HistoryEntry[] {
  const at = STAGES.indexOf(stage);
  return entries.filter((entry) => {
    const index = STAGES.indexOf(entry.stage);
    return index < at || (index === at && entry.epoch <= epochsDone);
  });
}

/**
 * Cuts a history to the checkpoint that a training resumes from; without a checkpoint the training starts over, and the
 * history is emptied.
 *
 * @returns the remaining entries, with the warning of {@link readHistory}
 */
export function truncateHistory(
  file: string,
  state: Pick<TrainingState, 'stage' | 'epochsDone'> | undefined,
): History {
  if (state === undefined) {
    writeHistory(file, []);
    return { entries: [] };
  }
  const { entries, ...warning } = readHistory(file);
  const kept = entriesUpTo(entries, state);
  writeHistory(file, kept);
  return { entries: kept, ...warning };
}

const figuresOf = ({ epoch, valAccuracy, valLoss }: HistoryEntry): BestEpoch => ({
  epoch,
  accuracy: valAccuracy!,
  loss: valLoss!,
});

/**
 * The epoch that `trainClassifier` calls best: highest validation accuracy, among equals the lowest validation loss.
 *
 * @returns undefined if no entry has validation figures
 */
export function bestEntry(entries: readonly HistoryEntry[]): HistoryEntry | undefined {
  return entries
    .filter(({ valAccuracy }) => valAccuracy !== undefined)
    .reduce<HistoryEntry | undefined>(
      (best, entry) => (isBetter(figuresOf(entry), best && figuresOf(best)) ? entry : best),
      undefined,
    );
}
