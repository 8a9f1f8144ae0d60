import {
  type Pair,
  parseVegeta,
  VEGETA_SCHEMA,
  VEGETA_VERSION,
  type VegetaDocument,
  vegetaText,
} from '../../../bench/experiments/vegeta-document';

const pair = (oursMs: number, vegetaMs: number): Pair => ({
  ours: { p50Ms: oursMs, p99Ms: 3 * oursMs, broken: [] },
  vegeta: { p50Ms: vegetaMs, p99Ms: 3 * vegetaMs, broken: [] },
});

const DOCUMENT: VegetaDocument = {
  ...{ schema: VEGETA_SCHEMA, version: VEGETA_VERSION, startedAt: '2026-11-29T10:00:00.000Z' },
  commit: '0123456789abcdef0123',
  machine: { cpuModel: 'Some CPU', cores: 2, memoryBytes: 1, nodeVersion: 'v22', platform: 'linux x64' },
  ...{ vegeta: 'vegeta@v1', arguments: { rate: 50, seconds: 10, repetitions: 3 } },
  runs: [pair(31, 30), pair(90, 32), pair(30, 31)],
};

test('the sentence has the medians of the runs, the arguments, the day, the machine and the commit', () => {
  expect(vegetaText(parseVegeta(JSON.stringify(DOCUMENT)))).toBe(
    '**Measured** on 2026-11-29 on 2 cores of Some CPU, commit `0123456789ab`, ' +
      'with `--rate 50 --seconds 10 --repetitions 3`: ' +
      'p50 31.00 ms beside vegeta’s 31.00 ms, p99 93.00 ms beside vegeta’s 93.00 ms ' +
      '(medians of 3 runs of each, in turns).',
  );
});

test('a document of another command is refused with the command that writes one', () => {
  expect(() => parseVegeta('{"schema":"tandem.load-run","version":1}')).toThrow(
    'npx tsx bench/experiments/vegeta.ts --out FILE',
  );
});
