import type { Connections } from '../../../bench/load/connections';
import { OUTCOMES } from '../../../bench/load/run-document';
import { bandOf, overSeeds } from '../../../bench/twin/bands';
import { simulate } from '../../../bench/twin/simulate';
import { hpa, POD, scenario } from './subject';

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, each) => sum + each, 0) / values.length;
const shareOf = (outcome: Uint8Array, name: (typeof OUTCOMES)[number]) =>
  outcome.filter((code) => code === OUTCOMES.indexOf(name)).length / outcome.length;
const most = (replicas: readonly { ready: number }[]) => Math.max(...replicas.map(({ ready }) => ready));

test('one unlimited pod has the mean wait of the queue M/D/1', () => {
  const { latencyMs } = simulate(scenario('poisson:30:2000s', 2000), 1);
  const load = 0.6;
  const expectedMs = 20 + (20 * load) / (2 * (1 - load));
  expect(Math.abs(mean(latencyMs) / expectedMs - 1)).toBeLessThan(0.05);
});

test('the same seed gives the same run', () => {
  const wanted = scenario('poisson:40:120s', 300, { scaling: hpa(50) });
  expect(simulate(wanted, 3)).toEqual(simulate(wanted, 3));
  expect(simulate(wanted, 3).latencyMs).not.toEqual(simulate(wanted, 4).latencyMs);
});

test('two scenarios with one seed share their luck', () => {
  const pod = { ...POD, cpuSpread: 0.3 };
  const one = simulate(scenario('poisson:30:60s', 60, { pod }), 1);
  const two = simulate(scenario('poisson:30:60s', 60, { pod: { ...pod, cpuRequestMillis: 800 } }), 1);
  expect(two.latencyMs).toEqual(one.latencyMs);
});

test('two HPAs with one seed sample a pod at the same times, whatever they decide', () => {
  const [low, high] = [50, 70].map((target) =>
    simulate(scenario('steps:5,60:200s', 400, { scaling: hpa(target) }), 1),
  );
  expect(low!.replicas).not.toEqual(high!.replicas);
  const samplesOf = ({ syncs }: typeof low & object) =>
    syncs.map(({ seen: { metrics = [] } }) => {
      const { atMs, windowMs } = metrics.find(({ pod }) => pod === 'pod-1')!;
      return [atMs, windowMs];
    });
  expect(samplesOf(high!)).toEqual(samplesOf(low!));
});

test('an overloaded pod refuses what it cannot answer in time', () => {
  const { outcome, latencyMs } = simulate(scenario('poisson:100:120s', 120), 1);
  expect(shareOf(outcome, 'refused')).toBeCloseTo(0.49, 1);
  expect(shareOf(outcome, 'right') + shareOf(outcome, 'refused')).toBe(1);
  expect(Math.max(...latencyMs)).toBeLessThan(2_100);
});

test('an answer after the deadline has timed out', () => {
  const { outcome, latencyMs } = simulate(scenario('poisson:100:60s', 60, { timeoutMs: 500 }), 1);
  expect(shareOf(outcome, 'timedOut')).toBeGreaterThan(0.3);
  expect(Math.max(...latencyMs)).toBe(500);
});

test('a request that no pod can take has failed, one beyond the end is not sent', () => {
  const none = simulate(scenario('constant:10:10s', 5, { maxPods: 0 }), 1);
  expect(shareOf(none.outcome, 'failed')).toBe(0.5);
  expect(shareOf(none.outcome, 'unsent')).toBe(0.5);
});

test('the HPA adds pods under load, and removes them 300 s after it', () => {
  // 60 images per second at 20 ms are 1,200m: three pods at 100 % of 400m, six at 50 %.
  const { replicas, syncs } = simulate(scenario('steps:5,60:200s', 1000, { scaling: hpa(50) }), 1);
  expect(replicas[0]).toEqual({ atMs: 0, desired: 2, ready: 2 });
  expect(most(replicas)).toBeGreaterThanOrEqual(6);
  const first = replicas.find(({ desired }) => desired > 2)!;
  expect(first.atMs).toBeGreaterThan(210_000);
  expect(first.atMs).toBeLessThan(260_000);
  const back = replicas.find(({ atMs, desired }) => atMs > 400_000 && desired === 2)!;
  expect(back.atMs).toBeGreaterThan(690_000);
  expect(syncs.length).toBe(66);
});

test('samples taken at each scrape let the HPA decide earlier than cAdvisor’s own', () => {
  const firstUp = (sampling: 'on-scrape' | 'housekeeping') =>
    mean(
      overSeeds(
        20,
        () => scenario('steps:5,60:60s', 120, { scaling: { ...hpa(50), sampling } }),
        ({ replicas }) => replicas.find(({ desired }) => desired > 2)!.atMs,
      ),
    );
  expect(firstUp('on-scrape')).toBeLessThan(firstUp('housekeeping') - 3_000);
});

test('clients that keep their connections leave new pods idle', () => {
  const lateInTheEnd = (connections: Connections) => {
    const wanted = scenario('steps:5,120:100s', 200, { connections, scaling: hpa(50) });
    const { latencyMs, outcome } = simulate(wanted, 1);
    const isLate = (ms: number, i: number) => outcome[i] !== OUTCOMES.indexOf('right') || ms > 500;
    return latencyMs.filter((ms, i) => wanted.arrivalsMs[i]! > 160_000 && isLate(ms, i)).length;
  };
  expect(lateInTheEnd({ kind: 'fresh' })).toBeLessThan(100);
  expect(lateInTheEnd({ kind: 'kept', count: 4 })).toBeGreaterThan(3_000);
});

test('pods cost what they request while they are wanted', () => {
  expect(
    simulate(scenario('poisson:10:60s', 90, { scaling: { kind: 'fixed', replicas: 3 } }), 1).podSeconds,
  ).toBe(270);
});

test('a band holds the middle of the seeds and ignores what is no number', () => {
  expect(bandOf([...Array.from({ length: 100 }, (_, i) => i + 1), NaN])).toEqual({
    ...{ low: 5, median: 50, high: 95 },
  });
});

test('the busiest minute is that of the highest use, the mean of all pods', () => {
  const scaling = { kind: 'fixed', replicas: 2 } as const;
  const { busiestMillis } = simulate(scenario('steps:2,20,2:60s', 180, { scaling }), 1);
  expect(busiestMillis / ((20 * 20) / 2 + 10)).toBeGreaterThan(0.8);
  expect(busiestMillis / ((20 * 20) / 2 + 10)).toBeLessThan(1.2);
});

test('while an HPA adds pods, the busiest minute is CPU time over the time of the pods', () => {
  const pod = { ...POD, idleMillis: 0, startCpuMs: 0, refusalCpuMs: 0 };
  const wanted = scenario('steps:2,60:25s', 60, { pod, scaling: hpa(50) });
  const { busiestMillis, outcome, podSeconds, replicas } = simulate(wanted, 1);
  expect(replicas.at(-1)!.desired).toBeGreaterThan(2);
  const images = shareOf(outcome, 'right') * outcome.length;
  expect(busiestMillis).toBeCloseTo((images * POD.cpuMsPerImage) / podSeconds, 6);
});

test('a run shorter than a window of CPU use is one window', () => {
  const { useMillis } = simulate(scenario('constant:20:10s', 10), 1);
  expect(useMillis).toHaveLength(1);
  expect(useMillis[0]! / (20 * 20 + 10)).toBeCloseTo(1, 2);
});
