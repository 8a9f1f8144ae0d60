import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import {
  appendHistory,
  bestEntry,
  entriesUpTo,
  formatJsonLine,
  HISTORY_NAME,
  type HistoryEntry,
  parseHistory,
  readHistory,
  truncateHistory,
} from '../../../models/training/history';
import { STAGES } from '../../../models/recipes';

const entry = (stage: HistoryEntry['stage'], epoch: number): HistoryEntry => ({
  stage,
  epoch,
  loss: 1 / epoch,
  accuracy: 0.5,
  valLoss: 1.5 / epoch,
  valAccuracy: 0.4,
  learningRate: 0.001,
  seconds: 12.5,
  at: '2026-01-02T03:04:05.000Z',
});
const HISTORY = [entry('head', 1), entry('head', 2), entry('fineTune', 1), entry('fineTune', 2)];

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-history-'));
  file = join(folder, HISTORY_NAME);
});
afterEach(() => rmSync(folder, { recursive: true }));

test('appended entries are read back, one line per epoch', () => {
  for (const each of HISTORY) appendHistory(file, each);
  expect(readHistory(file)).toEqual({ entries: HISTORY });
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
});

test('a missing file is an empty history', () => {
  expect(readHistory(file)).toEqual({ entries: [] });
});

test('any entry survives, even with numbers that are not finite', () => {
  const number = fc.double();
  const optional = fc.option(fc.record({ valLoss: number, valAccuracy: number }), { nil: {} });
  const arbitrary = fc
    .record({
      stage: fc.constantFrom(...STAGES),
      epoch: fc.integer({ min: 1 }),
      loss: number,
      accuracy: number,
      learningRate: number,
      seconds: number,
      at: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    })
    .chain((fields) => optional.map((more) => ({ ...fields, ...more })));
  fc.assert(
    fc.property(fc.array(arbitrary), (entries) => {
      const { entries: read } = parseHistory(entries.map(formatJsonLine).join(''), 'file');
      // JSON has no negative zero.
      const positive = (value: unknown) => (value === 0 ? 0 : value);
      const expected = entries.map((each) =>
        Object.fromEntries(Object.entries(each).map(([field, value]) => [field, positive(value)])),
      );
      expect(read).toEqual(expected);
    }),
    { seed: 7 },
  );
});

test('a torn last line is ignored with a warning, wherever it is torn', () => {
  const [first, second] = HISTORY.map(formatJsonLine) as [string, string];
  for (let length = 1; length < second.length - 1; length++) {
    const { entries, warning } = parseHistory(first + second.slice(0, length), 'history.jsonl');
    expect(entries).toEqual([HISTORY[0]]);
    expect(warning).toBe(`history.jsonl, line 2 is torn, ${length} characters without a line feed: ignored`);
  }
  expect(parseHistory(first + second.trimEnd(), 'history.jsonl')).toEqual({ entries: HISTORY.slice(0, 2) });
});

test('an entry appended after a torn line replaces that line', () => {
  appendHistory(file, HISTORY[0]!);
  appendFileSync(file, formatJsonLine(HISTORY[1]!).slice(0, 20));
  appendHistory(file, HISTORY[1]!);
  expect(readHistory(file)).toEqual({ entries: HISTORY.slice(0, 2) });
});

test('an entry appended after a complete line without its line feed keeps both', () => {
  writeFileSync(file, formatJsonLine(HISTORY[0]!).trimEnd());
  appendHistory(file, HISTORY[1]!);
  expect(readHistory(file)).toEqual({ entries: HISTORY.slice(0, 2) });
});

test('any other invalid line is refused, and the error names line and field', () => {
  const line = formatJsonLine(HISTORY[0]!);
  const broken = (change: object) => `${line}${JSON.stringify({ ...HISTORY[1], ...change })}\n${line}`;
  expect(() => parseHistory(`${line}{"stage"\n${line}`, 'h')).toThrow('h, line 2 must be a JSON object');
  expect(() => parseHistory('null\n', 'h')).toThrow('h, line 1: stage must be one of head, fineTune');
  expect(() => parseHistory(broken({ stage: 'tail' }), 'h')).toThrow('h, line 2: stage must be one of');
  expect(() => parseHistory(broken({ epoch: 0 }), 'h')).toThrow(
    'epoch must be a whole number of at least 1, received 0',
  );
  expect(() => parseHistory(broken({ loss: null }), 'h')).toThrow('loss must be a number, received null');
  expect(() => parseHistory(broken({ valLoss: '1' }), 'h')).toThrow('valLoss must be a number or left out');
  expect(() => parseHistory(broken({ at: 5 }), 'h')).toThrow('at must be a time, received 5');
});

test('the entries up to a checkpoint are its completed epochs and those of earlier stages', () => {
  const epochs = (stage: HistoryEntry['stage'], epochsDone: number) =>
    entriesUpTo(HISTORY, { stage, epochsDone }).map((each) => `${each.stage} ${each.epoch}`);
  expect(epochs('head', 0)).toEqual([]);
  expect(epochs('head', 1)).toEqual(['head 1']);
  expect(epochs('fineTune', 0)).toEqual(['head 1', 'head 2']);
  expect(epochs('fineTune', 1)).toEqual(['head 1', 'head 2', 'fineTune 1']);
  expect(epochs('fineTune', 9)).toHaveLength(4);
});

test('the history of a resumed training is cut to its checkpoint, that of a training that starts over is emptied', () => {
  for (const each of HISTORY) appendHistory(file, each);
  appendFileSync(file, '{"sta');
  const left = truncateHistory(file, { stage: 'fineTune', epochsDone: 1 });
  expect(left).toEqual({ entries: HISTORY.slice(0, 3), warning: expect.stringContaining('line 5 is torn') });
  expect(readHistory(file)).toEqual({ entries: HISTORY.slice(0, 3) });
  expect(truncateHistory(file, undefined)).toEqual({ entries: [] });
  expect(readHistory(file)).toEqual({ entries: [] });
});

test('the best epoch has the highest validation accuracy, and among equals the lowest loss', () => {
  const entries = [
    { ...entry('head', 1), valAccuracy: 0.7, valLoss: 0.8 },
    { ...entry('head', 2), valAccuracy: 0.8, valLoss: 0.9 },
    { ...entry('head', 3), valAccuracy: 0.8, valLoss: 0.7 },
    { ...entry('head', 4), valAccuracy: 0.8, valLoss: 0.7 },
  ];
  expect(bestEntry(entries)?.epoch).toBe(3);
  expect(bestEntry([])).toBeUndefined();
});
