import { join } from 'node:path';

import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { evidenceOf, readEvidence } from '../../../bench/evidence/evidence';
import { hasSamePercent, hasSameReplicas, replayHpa } from '../../../bench/evidence/hpa-replay';
import { replayChart, replayTable, replaysOf } from '../../../bench/evidence/charts/hpa-replay-chart';
import type { AutoscalerSample, PodSample } from '../../../bench/timeline/timeline-document';
import { PACKAGE_ROOT } from '../../../files/package-root';
import { parseCpuMillis } from '../../../infra/quantity';
import { HPA_BEHAVIOR } from '../../../infra/construct/deployment-defaults';
import { syntheticRun } from './synthetic-run';

const base = syntheticRun({
  ...{ variant: 'latency-hpa', experiment: 'latency-hpa-steps', load: 'constant:1:60s' },
  ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.1, limitMs: 500 },
});
const requestMillis = parseCpuMillis(base.applied.resources.requests.cpu);
const startMs = Date.parse(base.timeline.startedAt);
const iso = (seconds: number) => new Date(startMs + 1000 * seconds).toISOString();

const ready = (pod: string): PodSample => ({
  ...{ atMs: 0, pod, uid: pod, phase: 'Running', ready: true },
  ...{ createdAt: iso(-600), startedAt: iso(-600), readyChangedAt: iso(-590) },
});
const pending = (pod: string): PodSample => ({
  ...{ atMs: 43_000, pod, uid: pod, phase: 'Pending', ready: false, createdAt: iso(42) },
});
/** A request of few millicores cannot be used by every percent of it. */
const millisOf = (percent: number) => Math.ceil((requestMillis * percent) / 100);
const samples = (percents: readonly number[]) =>
  percents.flatMap((percent, i) =>
    ['p1', 'p2'].map((pod) => ({
      ...{ pod, timestamp: iso(2 + 15 * i), windowMs: 15_000, memoryBytes: 1 },
      cpuMillis: millisOf(percent),
    })),
  );
const status = (
  seconds: number,
  currentReplicas: number,
  desiredReplicas: number,
  percent: number,
): AutoscalerSample => ({
  ...{ atMs: 1000 * seconds + 500, currentReplicas, desiredReplicas, conditions: [] },
  cpuPercent: Math.trunc((100 * millisOf(percent)) / requestMillis),
});

/** metrics-server ticks at 4, 19 ... s, the HPA syncs at 12, 27 ... s; at 42 s it doubles its pods, at 72 s nothing changes. */
const recorded = (doubled = 4): ExperimentRun => ({
  ...base,
  timeline: {
    ...base.timeline,
    subject: {
      ...base.timeline.subject,
      autoscalerSpec: {
        ...{ minReplicas: 2, maxReplicas: 8, behavior: HPA_BEHAVIOR },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } }],
      },
    },
    pods: [ready('p1'), ready('p2'), pending('p3'), pending('p4')],
    podMetrics: samples([47, 50, 100, 98, 98, 90]),
    autoscaler: [
      status(0, 2, 2, 46),
      status(12, 2, 2, 47),
      status(27, 2, 2, 50),
      status(42, 2, doubled, 100),
      status(57, doubled, doubled, 98),
      status(87, doubled, doubled, 90),
    ],
  },
});

test('the rules decide the recorded syncs again, those that changed nothing included', () => {
  const syncs = replayHpa(recorded())!;
  expect(syncs.map(({ simulated }) => simulated.replicas)).toEqual([2, 2, 4, 4, 4, 4]);
  expect(syncs.filter(hasSameReplicas)).toHaveLength(6);
  expect(syncs.filter(hasSamePercent)).toHaveLength(6);
});

test('a sync after one that was seen a millisecond late may add as many pods as another', () => {
  const { timeline, ...rest } = recorded();
  // Four more than the 4 that it has: were the change of 42 s less than 15 s ago, it would be four more than 2.
  const late = { ...status(57, 4, 8, 400), atMs: 57_499 };
  const replayed = replayHpa({
    ...rest,
    timeline: {
      ...timeline,
      podMetrics: samples([47, 50, 100, 400]),
      autoscaler: [...timeline.autoscaler.slice(0, 4), late],
    },
  })!;
  expect(replayed.map(({ simulated }) => simulated.replicas)).toEqual([2, 2, 4, 8]);
});

test('a status that was read seconds late moves no other sync', () => {
  const { timeline, ...rest } = recorded();
  const autoscaler = timeline.autoscaler.map((each, i) =>
    i === 2 ? { ...each, atMs: each.atMs + 4000 } : each,
  );
  const seconds = (run: ExperimentRun) => replayHpa(run)!.map(({ atSeconds }) => atSeconds);
  const [plain, late] = [seconds(recorded()), seconds({ ...rest, timeline: { ...timeline, autoscaler } })];
  expect(late.map((at, i) => at - plain[i]!)).toEqual([0, 4, 0, 0, 0, 0]);
});

test('a sync that decided otherwise is shown as different', () => {
  const syncs = replayHpa(recorded(5))!;
  expect(syncs.map(hasSameReplicas)).toEqual([true, true, false, true, true, true]);
});

test('the table and the chart count what agrees', () => {
  const evidence = evidenceOf([recorded()]);
  expect(replayTable(evidence)).toContain('| `latency-hpa-steps-1` | 6 | 6 | 6 |');
  const svg = replayChart(replaysOf(evidence)[0]!);
  expect(svg).toContain('decides 6 of 6 syncs');
  expect(svg).toContain('simulated from measured samples · ');
  expect(svg).not.toMatch(/NaN|undefined/);
});

test('a recording without the HPA has no replay', () => {
  expect(replayHpa(base)).toBeUndefined();
});

test('the rules decide at least 19 of 20 syncs of each recorded run as the real HPA did, and read most of its CPU figures', () => {
  const { hpaRuns } = readEvidence(join(PACKAGE_ROOT, 'docs/experiment/data'));
  for (const run of hpaRuns) {
    const syncs = replayHpa(run)!;
    expect(syncs.filter(hasSameReplicas).length).toBeGreaterThanOrEqual(0.95 * syncs.length);
    // One time per run is fitted; where other work delays metrics-server, it does not suit every sync.
    expect(syncs.filter(hasSamePercent).length).toBeGreaterThanOrEqual(0.75 * syncs.length);
  }
});
