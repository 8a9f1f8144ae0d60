import { existsSync, readFileSync } from 'node:fs';

import {
  type Cell,
  claimOf,
  compare,
  limitsFor,
  parallelismText,
  PARALLELISM_SCHEMA,
  PARALLELISM_VERSION,
  type ParallelismDocument,
  parseParallelism,
  shapesOf,
  shapeText,
} from '../../../bench/experiments/parallelism-document';
import { PARALLELISM_FILE } from '../../../bench/experiments/performance-data';

const cell = (processes: number, threads: number, perSecond: number): Cell => ({
  ...{ model: 'latency', precision: 'int8', cpuLimitMillis: 2000, processes, threads },
  // The median is neither the mean nor the first.
  ...{ perSecond: [1, perSecond, 999], oneClientMs: [7, 7, 9], cpuMs: [8, 8, 8], pssMebibytes: [99, 99, 99] },
});
const documentOf = (...cells: Cell[]): ParallelismDocument => ({
  ...{ schema: PARALLELISM_SCHEMA, version: PARALLELISM_VERSION, startedAt: '2026-11-28T06:00:00.000Z' },
  machine: {
    ...{ cpuModel: 'Some CPU', cores: 2, memoryBytes: 1, nodeVersion: 'v22', platform: 'linux x64' },
  },
  ...{ image: '320x240', clients: 4, cells },
});

test.each([
  [500, ['1 x 1', '1 x 2', '2 x 1']],
  [1000, ['1 x 1', '1 x 2', '2 x 1']],
  [2000, ['1 x 1', '1 x 2', '2 x 1']],
  [4000, ['1 x 1', '1 x 4', '2 x 2', '4 x 1']],
])('at %i millicores one thread is compared with each way to use the cores', (limitMillis, shapes) => {
  expect(shapesOf(limitMillis).map(shapeText)).toEqual(shapes);
});

test('a limit is measured only where the machine has the cores', () => {
  expect(limitsFor(1)).toEqual([500, 1000]);
  expect(limitsFor(3)).toEqual([500, 1000, 2000]);
});

test('a choice within a quarter of the highest rate is justified, a slower one is not', () => {
  const of = (chosen: number) => compare(documentOf(cell(1, 1, 50), cell(2, 1, chosen), cell(1, 2, 100)))[0]!;
  expect(of(75)).toMatchObject({ shareOfBest: 0.75, isJustified: true });
  expect(of(75).others.map(shapeText)).toEqual(['1 x 1', '1 x 2']);
  expect(of(74).isJustified).toBe(false);
  expect(claimOf(of(74))).toMatch(/^latency at int8 and 2000 millicores: 2 x 1 .*\(0\.74\)$/);
});

test('a choice of the rule that was not measured is named', () => {
  expect(() => compare(documentOf(cell(1, 2, 100)))).toThrow(
    'latency at int8 and 2000 millicores must be measured as the rule has it, 2 x 1, received 1 x 2',
  );
});

test('the text shows the choice beside the others, and where the figures come from', () => {
  const text = parallelismText(documentOf(cell(2, 1, 100), cell(1, 2, 80)));
  expect(text).toContain('| `latency` | int8 | 2 | 2 x 1 | 100.0 | 7.0 | 8.0 | 99 | 1 x 2: 80.0, 7.0 ms |');
  expect(text).toMatch(/Measured on 2026-11-28 on 2 cores of Some CPU.* 3 rounds/);
});

const measured = existsSync(PARALLELISM_FILE)
  ? compare(parseParallelism(readFileSync(PARALLELISM_FILE, 'utf8')))
  : [];
if (measured.length > 0) {
  test.each(measured.map((comparison) => [claimOf(comparison), comparison] as const))(
    'measured: %s',
    (_claim, { isJustified }) => expect(isJustified).toBe(true),
  );
}
