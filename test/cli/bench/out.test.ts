/** The files that a measurement is written to: looked at before it, so that none is lost. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addBenchCommand } from '../../../cli/bench/bench';
import { print, untilInterrupted } from '../../../cli/bench/options';
import { runCommand } from '../run-command';

const mockAsked = jest.fn();
jest.mock('../../../bench/load/check-target', () => ({
  checkTarget: () => {
    mockAsked();
    return Promise.resolve(false);
  },
}));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-out-'));
  mockAsked.mockReset();
});
afterEach(() => rmSync(folder, { recursive: true }));

const URL = ['--url', 'http://127.0.0.1:1'];
const COMMANDS: [option: string, words: string[]][] = [
  ['--out', ['load', ...URL, '--load', 'poisson:5:1s']],
  ['--out', ['latency', ...URL]],
  ['--out', ['capacity', ...URL, '--slo', 'p95=100ms']],
  ['--chart', ['capacity', ...URL, '--slo', 'p95=100ms']],
  ['--out', ['timeline', '--process', 'a=http://127.0.0.1:1', '--duration', '1ms']],
];

const bench = (words: readonly string[]) => runCommand(addBenchCommand, ['bench', ...words]);

test.each(COMMANDS)(
  '%s of bench %j is refused before it measures, where no file can be',
  async (option, words) => {
    writeFileSync(join(folder, 'file'), '');
    const below = join(folder, 'file', 'out.json');
    await expect(bench([...words, option, below])).rejects.toThrow(
      `${option} must be a file in a folder that can be created and written to, received ${below} (`,
    );
    await expect(bench([...words, option, folder])).rejects.toThrow(
      `${option} must be a file, received ${folder}, which is a folder: name a file in it`,
    );
    expect(mockAsked).not.toHaveBeenCalled();
  },
);

test.each(COMMANDS)('%s of bench %j may be in a folder that is not there yet', async (option, words) => {
  await bench([...words, option, join(folder, 'a', 'b', 'out.json')]);
  expect(existsSync(join(folder, 'a', 'b'))).toBe(true);
});

test('a result that cannot be written is printed all the same', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    expect(() => print({}, 'the report', { out: join(folder, 'none', 'out.json') })).toThrow(
      'cannot be written',
    );
    expect(log).toHaveBeenCalledWith('the report');
  } finally {
    log.mockRestore();
  }
});

test('a second SIGTERM ends no measurement, a second Ctrl-C does', async () => {
  const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const counts = () => (['SIGTERM', 'SIGINT'] as const).map((signal) => process.listenerCount(signal));
  const [terminate, interrupt] = counts() as [number, number];
  const exitCode = process.exitCode;
  try {
    await untilInterrupted('', (stop) => {
      process.emit('SIGTERM');
      expect(stop.aborted).toBe(true);
      // Without a listener, a signal ends the process.
      expect(counts()).toEqual([terminate + 1, interrupt]);
      return Promise.resolve();
    });
    expect(counts()).toEqual([terminate, interrupt]);
  } finally {
    process.exitCode = exitCode;
    error.mockRestore();
  }
});
