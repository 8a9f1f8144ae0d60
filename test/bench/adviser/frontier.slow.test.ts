/** Slow, because it simulates every variant under two loads. */
import { fittedVariant } from '../../../bench/adviser/fitted-variant';
import { frontierOf } from '../../../bench/adviser/frontier';
import { frontierChart, frontierTitle } from '../../../bench/adviser/frontier-chart';
import { findingsList, frontierTable } from '../../../bench/adviser/frontier-tables';
import type { ModelProfile } from '../../../bench/adviser/model-profile';
import { CLUSTER } from '../../../infra/scheduler/cluster';
import { VARIANTS } from '../../../infra/variants';

const figure = (value: number) => ({ value, source: 'a run' });
const PROFILE: ModelProfile = {
  ...{ model: 'latency', precision: 'int8', machine: '2 cores' },
  ...{
    cpuMsPerImage: figure(16),
    cpuSpread: figure(0.2),
    coldShare: figure(0),
    stretch: figure(1),
    idleMillis: figure(10),
  },
  ...{ startCpuMs: figure(1_500), memoryBytes: figure(150e6) },
};
const variant = (name: string) => VARIANTS.find((each) => each.name === name)!;
const frontier = frontierOf([PROFILE], { factor: 1.2, cases: 12 }, 3);
const [steady] = frontier.loads;

test('pods that do not fit the reference’s nodes are left out, and those that do share their cores', () => {
  const accuracy = { ...PROFILE, model: 'accuracy' } as const;
  const fleet = fittedVariant(variant('accuracy-max-size'), accuracy, CLUSTER);
  expect(fleet.pods).toEqual({ asked: 4, fit: 2 });
  expect(fleet.candidate).toMatchObject({ cpuLimitMillis: 4_000, scaling: { kind: 'fixed', replicas: 2 } });
  const hpa = fittedVariant(variant('accuracy-hpa'), accuracy, CLUSTER);
  expect(hpa.candidate).toMatchObject({ cpuLimitMillis: 2_000, scaling: { minReplicas: 2, maxReplicas: 4 } });
});

test('the variant to run is the cheapest that passes, and the ideal requests no more', () => {
  const variants = steady!.points.filter(({ kind }) => kind === 'variant');
  expect(variants.map(({ name }) => name)).toEqual(['latency-single-pod', 'latency-max-size', 'latency-hpa']);
  const costs = variants
    .filter(({ judgement }) => judgement.passes)
    .map(({ judgement }) => judgement.coresRequested);
  expect(steady!.cheapest!.judgement.coresRequested).toBe(Math.min(...costs));
  expect(steady!.idealCores).toBeLessThanOrEqual(Math.min(...costs));
  expect(frontierTitle(frontier)).toContain(`run ${steady!.cheapest!.name}`);
});

test('a lower target costs more, and a fixed fleet requests what it uses', () => {
  const targets = steady!.points
    .filter(({ kind }) => kind === 'target')
    .map(({ judgement }) => judgement.coresRequested);
  expect(targets[0]).toBeGreaterThan(targets.at(-1)!);
  for (const { kind, judgement } of steady!.points) {
    if (kind !== 'fleet') continue;
    expect(judgement.coresRequested).toBeGreaterThan(40 * 0.016);
  }
});

test('a fleet carries less than its threads could compute', () => {
  for (const { candidate, pods, kneePerSecond } of frontier.capacities) {
    const threads = Math.floor(candidate.cpuLimitMillis / 1000) * pods.fit;
    expect(kneePerSecond).toBeGreaterThan((0.5 * threads) / 0.016);
    expect(kneePerSecond).toBeLessThan(threads / 0.016);
  }
});

test('table, findings and chart say that they are simulated, and name every variant', () => {
  const texts = [frontierTable(frontier), findingsList(frontier), frontierChart(frontier, '2 cores')];
  for (const text of texts) {
    expect(text).toContain('latency-max-size');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  }
  expect(texts[0]).toContain('KRR');
  expect(texts[1]).toContain('1 thread can use 1000m of it, 400m are wasted');
  expect(texts[2]).toContain('simulated · 3 seeds each · ');
});

test('the chart says which answer is for a steady load', () => {
  const chart = frontierChart(frontier, '2 cores');
  expect(frontierTitle(frontier)).toMatch(/^For a steady 40 images\/s at p95 ≤ 300 ms run /);
  expect(chart).toContain('>10 images/s, and 100 for ten minutes (40 on average)<');
});

test('a request behind an HPA is judged by its target, that of a fixed number by what a full pod uses', () => {
  const lineOf = (name: string) =>
    findingsList(frontier)
      .split('\n')
      .find((line) => line.startsWith(`- \`${name}\``))!;
  expect(lineOf('latency-hpa')).toMatch(
    /CPU request 405m: at its target a pod uses 203m of it; when all 8 pods are full, each uses \d+m\. /,
  );
  expect(lineOf('latency-hpa')).not.toMatch(/too tight|wasteful|it fits/);
  expect(lineOf('latency-max-size')).toMatch(/CPU request 1405m: .*(too tight|wasteful|it fits)/);
});

test('an HPA’s row has its target, a tool’s says where its request is below the use', () => {
  const tableOf = (coversUse: boolean) => {
    const [load] = frontier.loads;
    const points = load!.points.map((each) => ({ ...each, judgement: { ...each.judgement, coversUse } }));
    return frontierTable({ ...frontier, loads: [{ ...load!, points }] });
  };
  expect(tableOf(true)).toContain('| `latency-hpa`, 2 to 8 pods at 50 % | 8 of 8 |');
  expect(tableOf(true)).toContain('| `latency-max-size` | ');
  expect(tableOf(true)).not.toContain('spare CPU');
  for (const line of tableOf(false).split('\n')) {
    const isTool = /^\| (KRR|VPA|Kubecost),/.test(line);
    expect(/only while the nodes have spare CPU \|$/.test(line)).toBe(isTool && !line.includes('fails'));
  }
});
