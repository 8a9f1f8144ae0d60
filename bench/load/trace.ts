/**
 * Recorded arrival traces: CSV files whose first column numbers the bins and is named after their unit.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface Trace {
  /** File name without its folder, and column. */
  readonly name: string;
  readonly binSeconds: number;
  readonly counts: readonly number[];
}

const BIN_SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60 };

/**
 * Reads the rows `first` to `last` (from 0, both included) of a trace's column.
 *
 * @throws Error if the file cannot be read; RangeError if it has no such column or rows, or no counts in them
 */
export function readTrace(file: string, column: string, first = 0, last = Infinity): Trace {
  const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const names = header.split(',');
  const binSeconds = BIN_SECONDS[names[0]!];
  if (binSeconds === undefined) {
    throw new RangeError(
      `the first column of ${file} must be named second or minute, received "${names[0]}"`,
    );
  }
  const index = names.indexOf(column);
  if (index < 1) {
    throw new RangeError(`the column must be one of ${names.slice(1).join(', ')}, received "${column}"`);
  }
  const counts = lines.slice(first, last + 1).map((line, row) => {
    const text = line.split(',')[index] ?? '';
    const count = Number(text);
    if (text.trim() === '' || !Number.isInteger(count) || count < 0) {
      throw new RangeError(
        `row ${first + row} of ${file} must have a count in ${column}, received "${text}"`,
      );
    }
    return count;
  });
  if (counts.length === 0) throw new RangeError(`${file} has ${lines.length} rows: choose rows below that`);
  return { name: `${basename(file)} ${column}`, binSeconds, counts };
}
