import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { BOUND_SEEDS, latencyBound } from '../../../bench/adviser/bounds';
import { profilesOf, steadyChecks } from '../../../bench/adviser/validation';
import {
  CONFIRMATION_SCHEMA,
  CONFIRMATION_VERSION,
  type ConfirmationDocument,
  confirmationTable,
  isConfirmed,
  parseConfirmation,
} from '../../../bench/confirm/confirmation';
import { recordedJudge } from '../../../bench/confirm/judge-recorded';
import { PACKAGE_ROOT } from '../../../files/package-root';
import { EVIDENCE } from '../adviser/subject';
import { syntheticRun } from '../evidence/synthetic-run';

const run = (repetition: number, load: string) =>
  syntheticRun({
    ...{ variant: 'latency-single-pod', repetition, load },
    ...{ cpuSecondsPerImage: 0.025, cpuFactor: 0.19, limitMs: 250 },
  });
const LOW = run(1, 'steps:4:60s');
/** Beyond the 22 images per second that the pod can give. */
const HIGH = run(2, 'steps:32:60s');

const documentOf = (ratePerSecond: number): ConfirmationDocument => {
  const { resources, scaling } = LOW.applied;
  const figures = { resources, scaling };
  return {
    ...{ schema: CONFIRMATION_SCHEMA, version: CONFIRMATION_VERSION, command: 'npx tandem plan …' },
    ...{ slo: { percentile: 0.95, limitMs: 250 }, ratePerSecond, recordings: 'docs/experiment/data' },
    predicted: [
      { role: 'recommended', figures, run: 'recommended.json.gz' },
      { role: 'refused', figures, run: 'refused.json.gz' },
    ],
  };
};
const judgementOf = (_: unknown, recorded: typeof LOW) =>
  recorded === LOW ? { latencyMs: 57, edgeMs: 119 } : { latencyMs: Infinity, edgeMs: Infinity };
const tableOf = (ratePerSecond: number, runs: Parameters<typeof confirmationTable>[1]) =>
  confirmationTable(documentOf(ratePerSecond), runs, judgementOf);
const rowsOf = (text: string) => text.split('\n').slice(2);

test('a plan is confirmed where the recommended deployment passes and the refused one fails', () => {
  expect(isConfirmed('recommended', { verdict: 'pass' })).toBe(true);
  expect(isConfirmed('refused', { verdict: 'fail' })).toBe(true);
  for (const role of ['recommended', 'refused'] as const) {
    expect(isConfirmed(role, { verdict: 'cannot tell' })).toBe(false);
  }
});

test('the table has what was simulated beside what was measured', () => {
  const runs = new Map([
    ['recommended.json.gz', LOW],
    ['refused.json.gz', LOW],
  ]);
  const [recommended, refused] = rowsOf(tableOf(4, runs));
  expect(recommended).toMatch(
    /^\| recommended \| latency, 1 pod, .* \| 57 ms; 119 ms \| \d+ ms, 2\d\d requests \| 100\.0 % \| confirmed \|$/,
  );
  expect(refused).toMatch(/\| not confirmed: pass \|$/);
});

test('the text says that the start of the load is not judged', () => {
  const runs = new Map(['recommended', 'refused'].map((role) => [`${role}.json.gz`, LOW]));
  expect(tableOf(4, runs)).toMatch(/objective p95=250ms\. Its first 10 % are not judged\./);
});

test('a deployment that is beyond its limit fails, as the plan said', () => {
  const runs = new Map([
    ['recommended.json.gz', HIGH],
    ['refused.json.gz', HIGH],
  ]);
  const [recommended, refused] = rowsOf(tableOf(32, runs));
  expect(recommended).toMatch(/too many not answered; too many not answered.*\| not confirmed: fail \|$/);
  expect(refused).toMatch(/\| confirmed \|$/);
});

test('a run at another rate, and a document of another kind, are refused', () => {
  const runs = new Map([
    ['recommended.json.gz', LOW],
    ['refused.json.gz', LOW],
  ]);
  expect(() => tableOf(5, runs)).toThrow(
    "must have the plan's rate, 5 per second: run npm run confirm:plan again",
  );
  expect(() => parseConfirmation('{"schema": "tandem.load"}')).toThrow(CONFIRMATION_SCHEMA);
});

test('the recorded plan holds nothing that the twin says anew', () => {
  const path = join(PACKAGE_ROOT, 'docs/twin/data/confirmation.json');
  const { predicted } = parseConfirmation(readFileSync(path, 'utf8'));
  for (const kept of predicted) expect(Object.keys(kept)).toEqual(['role', 'figures', 'run']);
});

test('a recorded deployment is judged with the seeds and the bound of a plan today', () => {
  const { slo, predicted } = documentOf(4);
  const { figures } = predicted[0]!;
  const judgement = recordedJudge(EVIDENCE, { slo, ratePerSecond: 4 })(figures, LOW);
  expect(judgement).toMatchObject({ seeds: 20, candidate: { scaling: figures.scaling } });
  const { fits } = profilesOf(EVIDENCE);
  const { factor = 1 } = latencyBound({ rates: steadyChecks(EVIDENCE, fits, BOUND_SEEDS, 0.95) });
  expect(judgement.edgeMs).toBeGreaterThanOrEqual(factor * judgement.latencyMs);
});
