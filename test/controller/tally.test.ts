import { DEFAULT_FLAGS } from '../../bench/autoscaler/settings';
import type { Scenario, Sync } from '../autoscaler/compare';
import { tallyOf } from './tally';

const START_MS = 1_800_000_000_000;
const spec = {
  ...{ minReplicas: 1, maxReplicas: 10 },
  metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } }],
};
const pods = ['a', 'b'].map((name) => ({
  ...{ name, phase: 'Running', deleting: false, startedAtMs: START_MS - 900_000, cpuRequestsMillis: [100] },
  ready: { status: 'True', changedAtMs: START_MS - 890_000 } as const,
}));

/** A sync at which two pods use twice their target, so that four are asked for. */
const syncAt = (index: number, replicas: number): Sync => ({
  ...{ nowMs: START_MS + 15_000 * index, currentReplicas: 2, pods },
  ...(index === 0 && { spec }),
  metrics: pods.map(({ name }) => ({
    ...{ pod: name, atMs: START_MS + 15_000 * index - 3_000, windowMs: 15_000 },
    containersNanos: [100e6],
  })),
  decided: {
    ...{ replicas, utilizationPercent: 100, ableToScale: 'SucceededRescale' },
    ...{ scalingActive: 'ValidMetricFound', scalingLimited: 'DesiredWithinRange' },
  },
});
const scenarioOf = (replicas: readonly number[]): Scenario => ({
  ...{ seed: 1, load: 'step', flags: DEFAULT_FLAGS },
  syncs: replicas.map((each, index) => syncAt(index, each)),
});

test('decisions that agree count as such', () => {
  expect(tallyOf([scenarioOf([4, 4]), scenarioOf([4])])).toEqual({
    ...{ decisions: 3, differing: 0, longest: 0, meanError: 0, otherStatus: 0, changes: 3 },
    rules: ['DesiredWithinRange', 'ReadyForNewScale'],
  });
});

test('differing decisions count by their distance and by how many follow each other', () => {
  const { differing, longest, meanError } = tallyOf([scenarioOf([4, 6, 5, 4, 5])]);
  expect([differing, longest]).toEqual([3, 2]);
  expect(meanError).toBeCloseTo(4 / 5);
});

test('another reason for the same replicas is no differing decision', () => {
  const [sync] = scenarioOf([4]).syncs;
  const other = { ...sync!, decided: { ...sync!.decided, utilizationPercent: 99 } };
  const { differing, otherStatus } = tallyOf([{ ...scenarioOf([4]), syncs: [other] }]);
  expect([differing, otherStatus]).toEqual([0, 1]);
});
