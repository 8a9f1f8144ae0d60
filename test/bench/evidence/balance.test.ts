import { balanceOf, chanceBand } from '../../../bench/evidence/balance';
import { jainIndex } from '../../../bench/timeline/windows';
import { seededRandom } from '../../../statistics/seeded-random';
import { syntheticRun } from './synthetic-run';

const fleet = (variant: string, load: string) =>
  syntheticRun({ variant, load, cpuSecondsPerImage: 0.025, cpuFactor: 0.19, limitMs: 250 });

test('each pod has its share of the answers and its node, nodes together', () => {
  const balance = balanceOf(fleet('accuracy-max-size', 'steps:4:60s'))!;
  expect(balance.pods.map(({ node }) => node)).toEqual(['node-1', 'node-1', 'node-2', 'node-3']);
  expect(balance.pods.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  expect(balance.jain).toBe(jainIndex(balance.pods.map(({ answered }) => answered)));
});

test('under an HPA the period in which the same pods answered most is taken', () => {
  const run = syntheticRun({
    ...{ variant: 'latency-hpa', load: 'steps:1.15,2.7,5,7.6:60s', limitMs: 500 },
    ...{ cpuSecondsPerImage: 0.026, cpuFactor: 0.098 },
  });
  const { pods, answered } = balanceOf(run)!;
  expect(pods).toHaveLength(8);
  expect(answered).toBeGreaterThan(200);
});

test('a single pod has no balance', () => {
  expect(balanceOf(fleet('latency-single-pod', 'steps:4:30s'))).toBeUndefined();
});

test('random pods give Jain’s index by chance on average, and 95 % of the shares within the band', () => {
  const random = seededRandom(1, 'balance');
  const [pods, answered, repetitions] = [4, 200, 400];
  let sum = 0;
  let inside = 0;
  const equal = Array.from({ length: pods }, () => ({ pod: '', node: '', answered: 0, share: 0 }));
  const run = fleet('accuracy-max-size', 'steps:4:10s');
  const balance = {
    run,
    pods: equal,
    answered,
    jain: 1,
    jainByChance: answered / (answered + pods - 1),
  };
  const [low, high] = chanceBand(balance);
  for (let i = 0; i < repetitions; i++) {
    const counts = Array.from({ length: pods }, () => 0);
    for (let n = 0; n < answered; n++) counts[Math.floor(random.uniform() * pods)]!++;
    sum += jainIndex(counts);
    inside += counts.filter((count) => count / answered >= low && count / answered <= high).length;
  }
  expect(sum / repetitions).toBeCloseTo(balance.jainByChance, 2);
  expect(inside / (pods * repetitions)).toBeGreaterThan(0.93);
  expect(inside / (pods * repetitions)).toBeLessThan(0.98);
});
