import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import sharp from 'sharp';

import type { Defaults } from '../../cli/options';
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
async function predictedWith(environment: Partial<Defaults>, ...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const program = new Command('tandem').exitOverride().configureOutput({ writeErr: () => undefined });
  addPredict(program, () => ({
    threads: 1,
    modelsDir: DEMO_MODELS_DIR,
    onnxCacheDir: folder,
    ...environment,
  }));
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(['predict', 'latency', ...words], { from: 'user' });
  return lines;
}

const predicted = (...words: string[]) => predictedWith({}, ...words);

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

test.each<[Partial<Defaults>, string[], Partial<EngineOptions>]>([
  [{}, [], { kind: 'onnxruntime', precision: undefined }],
  [{ precision: 'int8' }, [], { kind: 'onnxruntime', precision: 'int8' }],
  [{ engine: 'openvino', precision: 'bf16' }, [], { kind: 'openvino', precision: 'bf16' }],
  [{ engine: 'openvino' }, ['--engine', 'wasm'], { kind: 'wasm' }],
])(
  'engine and precision are those of the environment %j with the options %j',
  async (environment, words, used) => {
    await predictedWith(environment, white, ...words);
    expect(mockLoad).toHaveBeenLastCalledWith(expect.objectContaining(used));
  },
);

test('an engine that cannot compute in the precision of the environment names the variable', async () => {
  await expect(predictedWith({ precision: 'int8' }, white, '--engine', 'wasm')).rejects.toThrow(
    'PRECISION must be fp32 with --engine wasm, received "int8": choose --engine onnxruntime, or unset PRECISION',
  );
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
