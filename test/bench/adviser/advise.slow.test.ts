import { advise, busiestPerSecond } from '../../../bench/adviser/advise';
import { adviceMarkdown, boundText, plainText } from '../../../bench/adviser/advice-text';
import { obstacleOf, resourcesOf } from '../../../bench/adviser/candidate';
import { variantOf } from '../../../bench/adviser/emit';
import { idealOf } from '../../../bench/adviser/ideal';
import { judge, type Judgement, type Wish } from '../../../bench/adviser/judge';
import type { ModelProfile } from '../../../bench/adviser/model-profile';
import { SHOWN } from '../../../bench/adviser/ranking';
import { rivalsOf } from '../../../bench/adviser/rivals';
import { type OpenLoad, parseLoad } from '../../../bench/load/load';
import { clusterOf } from '../../../infra/scheduler/cluster';

const figure = (value: number) => ({ value, source: 'a run' });
const PROFILE: ModelProfile = {
  ...{ model: 'latency', precision: 'fp32', machine: '2 cores' },
  ...{
    cpuMsPerImage: figure(20),
    cpuSpread: figure(0.2),
    coldShare: figure(0),
    stretch: figure(1),
    idleMillis: figure(10),
  },
  ...{ startCpuMs: figure(1_500), memoryBytes: figure(150e6) },
};
const NODES = clusterOf({
  ...{ nodes: 3, cpuAllocatableMillis: 4_000, memoryAllocatableBytes: 8e9, controlPlane: false },
});
const wish = (load: string, limitMs: number, factor = 1.5): Wish => ({
  slo: { percentile: 0.95, limitMs },
  ...{ load: parseLoad(load) as OpenLoad, nodes: 3, bound: { factor, cases: 12 } },
});
const steady = wish('poisson:10:60s', 300);
const advice = advise([PROFILE], steady, NODES, ['latency']);

test('the recommended deployment passes at its upper bound, and a cheaper or equal one fails', () => {
  const best = advice.best!;
  expect(best.passes).toBe(true);
  expect(best.edgeMs).toBeCloseTo(1.5 * best.latencyMs, 6);
  expect(best.edgeMs).toBeLessThanOrEqual(300);
  expect(advice.cheaper.length).toBeGreaterThan(0);
  for (const each of advice.cheaper) {
    expect(each.edgeMs).toBeGreaterThan(300);
    expect(each.coresRequested).toBeLessThanOrEqual(best.coresRequested);
  }
});

test('what is recommended or shown comes from 20 seeds, never from a look alone', () => {
  const { best, cheaper, dearer } = advice;
  const none = advise([PROFILE], wish('poisson:10:60s', 30), NODES, ['latency']);
  expect(none.nearest).toHaveLength(1);
  for (const { seeds } of [best!, ...dearer, ...cheaper.slice(0, SHOWN), ...none.nearest])
    expect(seeds).toBe(20);
});

test('a candidate that only a few seeds refuse is not refused', () => {
  // Under this load, a limit of 250m is the cheapest that passes with 20 seeds, while the median of a look is above it.
  const candidate = { ...advice.best!.candidate, cpuLimitMillis: 250 };
  const load = 'poisson:8:60s';
  const [few, many] = [3, 20].map((seeds) => judge(candidate, wish(load, 300), seeds).edgeMs);
  expect(many).toBeLessThan(few!);
  const between = (few! + many!) / 2;
  const { best } = advise([PROFILE], wish(load, between), NODES, ['latency']);
  expect(best!.candidate).toMatchObject({ cpuLimitMillis: 250, scaling: { replicas: 1 } });
});

/** A quiet time, then a rise that an HPA follows late. */
const RISING = 'steps:1,1,1,1,1,1,6,12,18,24:60s';
const rise = wish(RISING, 2_000, 2);
const risen = advise([PROFILE], rise, NODES, ['latency']);

test('an HPA whose use is just above its request by a few seeds is judged with all of them', () => {
  const { cheaper } = advise([PROFILE], wish('ramp:1-24:8m', 2_000, 2), NODES, ['latency']);
  const isNear = ({ busiestMillis, candidate }: Judgement) =>
    busiestMillis <= 1.1 * candidate.cpuRequestMillis;
  const near = cheaper.slice(SHOWN).filter((each) => each.passes && isNear(each));
  expect(near.length).toBeGreaterThan(0);
  for (const { seeds } of near) expect(seeds).toBe(20);
});

test('the ideal requests no more than what is recommended', () => {
  const { candidate, coresRequested } = risen.best!;
  expect(idealOf(candidate, rise).coresRequested).toBeLessThanOrEqual(coresRequested);
});

test('one pod is no redundancy, be it fixed or an HPA’s minimum', () => {
  const textOf = ({ best, ...rest }: typeof risen, scaling: object) => {
    const scaled = { ...best!.candidate.scaling, ...scaling };
    const other = { ...best!, candidate: { ...best!.candidate, scaling: scaled } };
    const ideal = { perPodPerSecond: 1, coresRequested: 1 };
    return adviceMarkdown({ ...rest, best: other }, RISING, { ideal, rivals: [] });
  };
  expect(risen.best!.podsOnAverage).toBeGreaterThan(1.5);
  expect(textOf(risen, {})).toContain('While the HPA has only one pod, nothing answers while it restarts');
  expect(textOf(risen, { minReplicas: 2 })).not.toContain('nothing answers');
  expect(textOf(advice, {})).toContain('One pod has no redundancy');
  expect(textOf(advice, { replicas: 2 })).not.toContain('nothing answers');
});

test('the busiest minute may be the last one, or begin at any second', () => {
  expect(busiestPerSecond(parseLoad('ramp:5-50:74s') as OpenLoad)).toBeCloseTo(31.45, 2);
  expect(busiestPerSecond(parseLoad('spike:10-80:174s:60s') as OpenLoad)).toBeCloseTo(80, 6);
});

test('a load shorter than one window of CPU use gets an answer too', () => {
  const short = wish('poisson:10:10s', 300);
  const { best } = advise([PROFILE], short, NODES, ['latency']);
  for (const { judgement } of rivalsOf(best!, short)) {
    expect(judgement.candidate.cpuRequestMillis).toBeGreaterThan(150);
    expect(judgement.candidate.cpuRequestMillis).toBeLessThan(500);
  }
});

test('a request covers what a pod uses at the busiest time', () => {
  expect(busiestPerSecond(parseLoad('steps:2,10,4:60s') as OpenLoad)).toBe(10);
  expect(busiestPerSecond(parseLoad('poisson:7:20s') as OpenLoad)).toBe(7);
  const { candidate } = advice.best!;
  expect(candidate.cpuRequestMillis).toBeGreaterThanOrEqual(10 * 20 + 10);
  expect(candidate.cpuRequestMillis).toBeLessThanOrEqual(10 * 20 + 15);
});

test('a steady load needs no autoscaler', () => {
  expect(advice.best!.candidate.scaling).toEqual({ kind: 'fixed', replicas: 1 });
});

test('a limit of two cores gives the larger model two processes too', () => {
  const accuracy: ModelProfile = { ...PROFILE, model: 'accuracy' };
  const { best } = advise([accuracy], wish('poisson:60:30s', 300), NODES.slice(0, 1), ['accuracy']);
  expect(best!.candidate).toMatchObject({ cpuLimitMillis: 2_000, scaling: { kind: 'fixed', replicas: 1 } });
});

test('nodes that cannot give the limits at once exclude a candidate', () => {
  const [small] = [
    clusterOf({ nodes: 1, cpuAllocatableMillis: 1_000, memoryAllocatableBytes: 8e9, controlPlane: false }),
  ];
  const { candidate } = advice.best!;
  const two = { ...candidate, cpuLimitMillis: 500, scaling: { kind: 'fixed', replicas: 2 } } as const;
  expect(obstacleOf(two, small)).toBe(
    'the nodes cannot give 2 pods 500m at once, so their speed is not certain',
  );
  expect(obstacleOf(two, NODES)).toBeUndefined();
});

test('memory is what was used and 15 % more', () => {
  expect(resourcesOf(advice.best!.candidate).requests.memory).toBe('165Mi');
});

test('an objective that nothing meets is said so, with the nearest candidate', () => {
  const none = advise([PROFILE], wish('poisson:10:30s', 25), NODES, ['latency']);
  expect(none.best).toBeUndefined();
  const text = adviceMarkdown(none, 'poisson:10:30s');
  expect(text).toContain('# No deployment meets p95 ≤ 25 ms');
  expect(text).toContain('The nearest of its model and precision: latency at fp32, ');
});

test('the answer names the ideal, the rivals, the bound and where each figure comes from', () => {
  const best = advice.best!;
  const ideal = idealOf(best.candidate, steady);
  const rivals = rivalsOf(best, steady);
  expect(ideal.perPodPerSecond).toBeGreaterThanOrEqual(10);
  expect(ideal.coresRequested).toBeLessThanOrEqual(best.coresRequested);
  expect(rivals.map(({ rule }) => rule.name)).toEqual(['KRR', 'VPA', 'Kubecost']);
  for (const { judgement } of rivals) expect(judgement.coresRequested).toBeGreaterThan(0.2);
  const markdown = adviceMarkdown(advice, 'poisson:10:60s', { ideal, rivals });
  for (const words of [
    'simulated',
    'KRR',
    'VPA',
    'Kubecost',
    'least possible',
    'in 12 recorded cases (split conformal prediction',
    'The manifests in dist/ request 405m to 1405m CPU for a pod of this model: they repeat',
    'a run',
  ])
    expect(markdown).toContain(words);
  expect(markdown).not.toMatch(/NaN|undefined/);
  expect(plainText(markdown)).not.toMatch(/[|`#]/);
});

test('without a bound the answer promises less and says so', () => {
  const { bound } = { bound: { cases: 4 } };
  expect(boundText({ ...steady, bound })).toContain('4 cases, of which one at 90.0 % needs 9');
  const judged = advise([PROFILE], { ...steady, bound }, NODES, ['latency']).best!;
  expect(judged.edgeMs).toBeGreaterThanOrEqual(judged.latencyMs);
});

test('the bound is one of the objective’s percentile', () => {
  const slo = { percentile: 0.99, limitMs: 300 };
  expect(boundText({ slo, bound: { factor: 1.5, cases: 12 } })).toContain('a measured p99 stays below it');
  expect(boundText({ slo, bound: { cases: 4 } })).toContain('of a predicted p99: 4 cases, of which');
});

test('the variant has the recommended figures and its command as the source', () => {
  expect(variantOf(advice.best!.candidate, 'tandem plan')).toMatchObject({
    ...{ name: 'latency-planned-max-size', kind: 'max-size', source: 'tandem plan' },
    scaling: { kind: 'fixed', replicas: 1 },
  });
  expect(variantOf(advice.best!.candidate, 'tandem plan')).not.toHaveProperty('env');
  const other = { ...advice.best!.candidate, profile: { ...PROFILE, isPrecisionSet: true } };
  expect(variantOf(other, 'tandem plan').env).toEqual({ PRECISION: 'fp32' });
});

test('behind an HPA the pods use no more than they request in any minute', () => {
  const rising = wish('ramp:2-20:8m', 400, 2);
  const ramp = advise([PROFILE], rising, NODES, ['latency']);
  const best = ramp.best!;
  expect(best.candidate.scaling.kind).toBe('hpa');
  expect(best.busiestMillis).toBeLessThanOrEqual(best.candidate.cpuRequestMillis);
  const over = ramp.cheaper.find(({ passes, seeds }) => passes && seeds === 20)!;
  expect(over.busiestMillis).toBeGreaterThan(over.candidate.cpuRequestMillis);
  const text = adviceMarkdown(ramp, 'ramp:2-20:8m', { ideal: idealOf(best.candidate, rising), rivals: [] });
  expect(text).toMatch(/in the busiest minute a pod uses \d+m on average, more than it requests/);
  expect(text).toContain('## These miss the objective, or use more CPU than they request');
  const noCase = 'None of these cases is behind an HPA: docs/twin.md#behind-the-hpa says how far off';
  expect(text).toContain(noCase);
  expect(plainText(text)).toContain(noCase);
});

test('a request that a spike hides from a tool’s rule meets the objective only while the nodes have spare CPU', () => {
  const load = 'spike:2-20:30m:60s';
  const spike = wish(load, 400, 2);
  const scaling = { kind: 'fixed', replicas: 1 } as const;
  const pod = { profile: PROFILE, cpuRequestMillis: 410, cpuLimitMillis: 1_000, scaling };
  const best = judge(pod, spike, 5);
  const rivals = rivalsOf(best, spike);
  const [krr, , kubecost] = rivals.map(({ judgement }) => judgement);
  expect(krr!.candidate.cpuRequestMillis).toBeLessThan(100);
  expect(krr).toMatchObject({ passes: true, coversUse: false });
  expect(kubecost).toMatchObject({ passes: true, coversUse: true });
  const text = adviceMarkdown({ ...advice, wish: spike, best }, load, {
    ideal: idealOf(best.candidate, spike),
    rivals,
  });
  expect(text).toMatch(/KRR .*: meets it only while the nodes have spare CPU, .*, more than it requests\./);
  expect(text).toMatch(/Kubecost .*: meets the objective, /);
  expect(text).not.toContain('behind an HPA');
});

test('a request that is no less than a fixed deployment’s own covers its use as well', () => {
  const best = advice.best!;
  const own = { ...best, useMillis: [best.candidate.cpuRequestMillis] };
  const [krr] = rivalsOf(own, steady).map(({ judgement }) => judgement);
  expect(krr!.candidate.cpuRequestMillis).toBe(best.candidate.cpuRequestMillis);
  expect(krr!.coversUse).toBe(true);
});

test('the most pods that a plan tries are named where they bind', () => {
  const many = clusterOf({
    ...{ nodes: 60, cpuAllocatableMillis: 4_000, memoryAllocatableBytes: 8e9, controlPlane: false },
  });
  const none = advise([PROFILE], wish('poisson:10:10s', 21), many, ['latency']);
  expect(none.best).toBeUndefined();
  expect(adviceMarkdown(none, 'poisson:10:10s')).toMatch(
    /A plan tries at most 60 pods, .* relax the objective\.$/,
  );
});

test('a load that no number of pods that a plan tries can carry is said so', () => {
  const none = advise([PROFILE], wish('poisson:10000:2s', 400), NODES, ['latency']);
  expect(none).toMatchObject({ tried: 0, isCapped: true });
  expect(adviceMarkdown(none, 'poisson:10000:2s')).toMatch(
    /A plan tries at most 60 pods, too few for this load at any limit: plan for a part of it\.$/,
  );
});
