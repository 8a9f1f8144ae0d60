import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import sharp from 'sharp';

import { addPredict } from '../../cli/predict';
import { csvHeader, csvLine, textLine } from '../../cli/predict-text';
import type { Engine, EngineOptions } from '../../models/engines/engine';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { fakeEngine } from '../support/fake-engine';

const mockEngine = fakeEngine(['bright', 'dark']);
const mockLoad = jest.fn<Promise<Engine>, [EngineOptions]>(() => Promise.resolve(mockEngine));
jest.mock('../../models/engines/load', () => ({ loadEngine: (options: EngineOptions) => mockLoad(options) }));

const folder = mkdtempSync(join(tmpdir(), 'tandem-predict-'));
const white = join(folder, 'a, white.gif');
const broken = join(folder, 'broken.jpg');
beforeAll(async () => {
  await sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } }).toFile(white);
  writeFileSync(broken, 'no image');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
  jest.restoreAllMocks();
});

/** Runs the command; returns what it printed on stdout. */
async function predicted(...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const program = new Command('tandem').exitOverride().configureOutput({ writeErr: () => undefined });
  addPredict(program, () => ({
    threads: 1,
    modelsDir: DEMO_MODELS_DIR,
    onnxCacheDir: folder,
    precision: 'fp32',
  }));
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['predict', 'latency', ...words], { from: 'user' });
  return lines;
}

test('a folder gives one line of CSV per image, and exit code 1 if one cannot be decoded', async () => {
  const [header, first, second, ...more] = await predicted(folder, '--csv', '--top', '9');
  expect(header).toBe('file,class_1,probability_1,class_2,probability_2,error');
  expect(first).toMatch(/^".*a, white\.gif",bright,\S+,dark,\S+,$/);
  expect(Number(first!.split(',')[3])).toBeCloseTo(1, 5);
  expect(second).toMatch(/broken\.jpg,,,,,.+/);
  expect(more).toEqual([]);
  expect(process.exitCode).toBe(1);
});

test('--top 1 prints one class per image', async () => {
  expect(await predicted(white, '--top', '1')).toEqual([`${white}: bright 100.0 %`]);
});

test('the precision of the environment is the engine’s: fp32 needs no calibration', async () => {
  await predicted(white);
  expect(mockLoad).toHaveBeenLastCalledWith(expect.objectContaining({ precision: 'fp32' }));
});

test('--csv and --json exclude each other', async () => {
  await expect(predicted(white, '--csv', '--json')).rejects.toThrow(
    "option '--csv' cannot be used with option '--json'",
  );
});

test('fields of CSV with commas, quotes or line breaks are quoted', () => {
  const top = [{ class: 'say "x"\n', probability: Math.fround(0.1) }];
  expect(csvHeader(1)).toBe('file,class_1,probability_1,error');
  expect(csvLine({ file: 'a,b', top }, 1)).toBe('"a,b","say ""x""\n",0.1,');
  expect(csvLine({ file: 'c', error: 'gone' }, 1)).toBe('c,,,gone');
  expect(textLine({ file: 'c', error: 'gone' })).toBe('c: gone');
});
