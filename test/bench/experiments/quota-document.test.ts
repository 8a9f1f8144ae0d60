import {
  type MeasuredCell,
  QUOTA_SCHEMA,
  QUOTA_VERSION,
  type QuotaDocument,
  quotaText,
} from '../../../bench/experiments/quota-document';
import { elapsedUnder } from '../../../bench/twin/fit-quota';

/** Measured as the law has it with an overrun of 2 ms, but for a mean that is so many times as high. */
const cellOf = (limitMillis: number, factor = 1): MeasuredCell => {
  const subject = { limitMillis, cpuMs: 30, pauseMs: 30 };
  const { meanMs, p95Ms } = elapsedUnder(subject, 2);
  return {
    ...{ ...subject, nominalCpuMs: 30, requests: 1234, periods: 200, throttledPeriods: 50 },
    ...{ meanMs: factor * meanMs, p95Ms, roundMeansMs: [1.1 * factor * meanMs, 0.9 * factor * meanMs] },
  };
};
const DOCUMENT: QuotaDocument = {
  ...{ schema: QUOTA_SCHEMA, version: QUOTA_VERSION, startedAt: '2026-11-29T10:00:00.000Z', commit: 'c' },
  machine: {
    ...{ cpuModel: 'Some CPU', cores: 2, memoryBytes: 1, nodeVersion: 'v22', platform: 'linux x64' },
  },
  ...{ seed: 1, seconds: 12.5, rounds: 3, cells: [275, 137, 400].map((limitMillis) => cellOf(limitMillis)) },
};

const rowsOf = (document: QuotaDocument) =>
  quotaText(document)
    .split('\n')
    .filter((line) => /^\| \d/.test(line));

test('the table has each limit, measured and predicted from the others', () => {
  const rows = rowsOf(DOCUMENT);
  expect(rows.map((row) => row.split(' | ')[0])).toEqual(['| 137m', '| 275m', '| 400m']);
  expect(rows[0]).toMatch(
    /^\| 137m \| 30\.0 \| 1,234 \| 25 \| (\d+) \| \1 \| \+0 % \| (\d+) \| \2 \| \+0 % \|$/,
  );
});

test('a limit under which requests took longer than predicted has its error in its row', () => {
  const rows = rowsOf({ ...DOCUMENT, cells: [cellOf(275), cellOf(137), cellOf(400, 1.25)] });
  expect(rows[2]).toMatch(/^\| 400m .* \| −20 % \| (\d+) \| \1 \| \+0 % \|$/);
});

test('the text says what was fitted, how well it predicts and where it was measured', () => {
  const text = quotaText(DOCUMENT);
  expect(text).toMatch(/fitted to the other 2 limits, 2 to 2 ms\. Fitted to all, .*: 2 ms\./);
  expect(text).toMatch(
    /Median error \(the largest\): mean 0\.0 % \(0\.0 %\), p95 0\.0 % \(0\.0 %\); without an overrun mean [\d.]+ %/,
  );
  expect(text).toContain('The mean of one round is 10.0 % off');
  expect(text).toContain('Measured on 2026-11-29 on 2 cores of Some CPU');
});
