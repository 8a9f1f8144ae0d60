/**
 * A training's history as JSON Lines: one line an epoch, appended when the epoch ends.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import { writeFileAtomic } from '../../files/write';
import { type BestEpoch, isBetter, type TrainingState } from './checkpoint';
import type { EpochRecord } from './train-classifier';
import { STAGES } from '../recipes';

/** One epoch's line. */
export interface HistoryEntry extends EpochRecord {
  /** When the epoch ended, ISO 8601 in UTC. */
  readonly at: string;
}

/** What a history's file says, as far as it is whole. */
export interface History {
  readonly entries: readonly HistoryEntry[];
  /** Says what was ignored, where the last line is torn. */
  readonly warning?: string;
}

/** Name of the file in a training's folder. */
export const HISTORY_NAME = 'history.jsonl';

/** Numbers of an entry; the last two are there only where the training has a validation split. */
const REQUIRED = ['loss', 'accuracy', 'learningRate', 'seconds'] as const;
const OPTIONAL = ['valLoss', 'valAccuracy'] as const;

/** What JSON has no number for: a diverged training's loss must not become null. */
const NOT_FINITE: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];

/** A line of JSON Lines, with its end; numbers that are not finite become their names. */
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
  check('epoch', Number.isInteger(read['epoch']) && Number(read['epoch']) > 0, 'a whole number from 1');
  for (const field of REQUIRED) check(field, typeof read[field] === 'number', 'a number');
  for (const field of OPTIONAL)
    check(field, ['number', 'undefined'].includes(typeof read[field]), 'a number or left out');
  check('at', typeof read['at'] === 'string', 'a time');
  return read as unknown as HistoryEntry;
}

/**
 * Reads a history's text. A last line without its end, as a crash leaves it, is taken if whole and ignored if torn.
 *
 * @param file named in errors and in the warning
 * @throws TypeError naming the line and the field where another line is no entry
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
    return { entries, warning: `${where} is torn, ${tail.length} characters without a line end: ignored` };
  }
}

/** Reads a history; one that is not there yet is empty. */
export function readHistory(file: string): History {
  return existsSync(file) ? parseHistory(readFileSync(file, 'utf8'), file) : { entries: [] };
}

/** Writes a whole history, or nothing. */
export function writeHistory(file: string, entries: readonly HistoryEntry[]): void {
  writeFileAtomic(file, entries.map(formatJsonLine).join(''));
}

/** Adds an epoch's line; a torn line before it, as a crash leaves one, is replaced and not run into. */
export function appendHistory(file: string, entry: HistoryEntry): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text !== '' && !text.endsWith('\n')) writeHistory(file, parseHistory(text, file).entries);
  appendFileSync(file, formatJsonLine(entry), { flush: true });
}

/** The entries up to a checkpoint: all of earlier stages, and its own stage's up to the epochs it has done. */
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
 * Makes a history fit the checkpoint that a training goes on from; without one the training starts anew, and so does
 * its history.
 *
 * @returns what is left, with the warning of {@link readHistory}
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

/** The epoch of the highest validation accuracy, of equal ones the lowest loss: the one that `trainClassifier` calls best. */
export function bestEntry(entries: readonly HistoryEntry[]): HistoryEntry | undefined {
  return entries
    .filter(({ valAccuracy }) => valAccuracy !== undefined)
    .reduce<HistoryEntry | undefined>(
      (best, entry) => (isBetter(figuresOf(entry), best && figuresOf(best)) ? entry : best),
      undefined,
    );
}
