import {
  CONFIRMATION_SCHEMA,
  CONFIRMATION_VERSION,
  type ConfirmationDocument,
  confirmationTable,
  isConfirmed,
  parseConfirmation,
} from '../../../bench/confirm/confirmation';
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
    ...{ slo: { percentile: 0.95, limitMs: 250 }, ratePerSecond },
    predicted: [
      { role: 'recommended', figures, latencyMs: 57, edgeMs: 119, run: 'recommended.json.gz' },
      { role: 'refused', figures, run: 'refused.json.gz' },
    ],
  };
};
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
  const [recommended, refused] = rowsOf(confirmationTable(documentOf(4), runs));
  expect(recommended).toMatch(
    /^\| recommended \| latency, 1 pod, .* \| 57 ms; 119 ms \| \d+ ms, 2\d\d requests \| 100\.0 % \| confirmed \|$/,
  );
  expect(refused).toMatch(/too many not answered.*\| not confirmed: pass \|$/);
});

test('the text says that the start of the load is not judged', () => {
  const runs = new Map(['recommended', 'refused'].map((role) => [`${role}.json.gz`, LOW]));
  expect(confirmationTable(documentOf(4), runs)).toMatch(
    /objective p95=250ms\. Its first 10 % are not judged\.$/,
  );
});

test('a deployment that is beyond its limit fails, as the plan said', () => {
  const runs = new Map([
    ['recommended.json.gz', HIGH],
    ['refused.json.gz', HIGH],
  ]);
  const [recommended, refused] = rowsOf(confirmationTable(documentOf(32), runs));
  expect(recommended).toMatch(/\| not confirmed: fail \|$/);
  expect(refused).toMatch(/\| confirmed \|$/);
});

test('a run at another rate, and a document of another kind, are refused', () => {
  const runs = new Map([
    ['recommended.json.gz', LOW],
    ['refused.json.gz', LOW],
  ]);
  expect(() => confirmationTable(documentOf(5), runs)).toThrow(
    "must have the plan's rate, 5 per second: run npm run confirm:plan again",
  );
  expect(() => parseConfirmation('{"schema": "tandem.load"}')).toThrow(CONFIRMATION_SCHEMA);
});
