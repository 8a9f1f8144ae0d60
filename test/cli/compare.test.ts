import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addCompare } from '../../cli/compare';
import { compareReporter, formatWork } from '../../cli/compare-progress';
import { nextCommands } from '../../cli/compare-action';
import { picksOf, rowsOf } from '../../models/compare/choose';
import { DEFAULT_SEED } from '../../models/recipes';
import { MEASURED } from '../models/compare/rows';
import { runCommand } from './run-command';

const RECORD = {
  ...{ task: 'mobilenetv2: features', done: 400, total: 1769 },
  ...{ workDone: 45, workSkipped: 0, workTotal: 100 },
};

test('the bar is that of the whole comparison', () => {
  expect(formatWork(RECORD, 90)).toBe(
    '━━━━━━━━━─────────── 45 %, about 1:50 left, mobilenetv2: features 400/1769',
  );
  expect(formatWork({ ...RECORD, workSkipped: 45 }, 90, 0)).toBe('45 %, mobilenetv2: features 400/1769');
});

test.each([
  [{ isTerminal: true, json: false }, ['\r\x1b[K━━━━━━━━━─────────── 45 %, mobilenetv2: features 400/1769']],
  [{ isTerminal: false, json: false }, []],
  [{ isTerminal: false, json: true }, []],
])('%j: a step that is not done is shown on a terminal only', (kind, expected) => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  compareReporter({ ...kind, stream, nowMs: () => 0 }).onWork({ ...RECORD, workSkipped: 45 });
  expect(written).toEqual(expected);
});

test('without a terminal a step that is done has a line', () => {
  const written: string[] = [];
  const { onWork } = compareReporter({
    ...{ isTerminal: false, json: false, nowMs: () => 0 },
    stream: { write: (text: string) => written.push(text) },
  });
  onWork({ ...RECORD, done: 1769, workSkipped: 45 });
  expect(written).toEqual(['45 %, mobilenetv2: features 1769/1769\n']);
});

test('the next commands train the picks as they were compared', () => {
  const rows = rowsOf(MEASURED);
  const document = { choices: picksOf(rows) };
  const compared = { document, measured: MEASURED };
  expect(nextCommands(compared, { data: 'my photos', seed: DEFAULT_SEED })).toEqual([
    "npx tandem train accuracy --architecture resnet101v2 --weights /home/me/weights_1.h5 --preprocessing minus-one-to-one --data 'my photos' --out trained/accuracy",
    "npx tandem train latency --architecture mobilenetv2 --weights /home/me/weights_1.h5 --preprocessing minus-one-to-one --data 'my photos' --out trained/latency",
  ]);
});

test('the next commands split the images as the comparison did', () => {
  const compared = { document: { choices: picksOf(rowsOf(MEASURED)) }, measured: MEASURED };
  const commands = nextCommands(compared, { data: 'photos', seed: 7, allowLeakage: true });
  expect(commands).toHaveLength(2);
  for (const command of commands) expect(command).toMatch(/ --seed 7 --allow-leakage$/);
});

describe('the command refuses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-compare-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const defaults = () => ({ threads: 1, modelsDir: folder, onnxCacheDir: folder });
  const compare = (...words: string[]) =>
    runCommand((program) => addCompare(program, defaults), ['compare', ...words]);

  test.each([
    [['--data', folder, '--bases', 'vgg16'], /^--bases must be some of resnet101v2, .*, received vgg16$/],
    [
      ['--data', folder, '--out', join(folder, 'out')],
      /^--out must not be in the folder of --data, .*: choose a folder beside it$/,
    ],
    [['--data', folder, '--split', 'all'], /Allowed choices are val, test, val\+test/],
    [[], /required option '--data <folder>' not specified/],
  ])('%j', async (words, message) => {
    await expect(compare(...words)).rejects.toThrow(message);
  });
});
