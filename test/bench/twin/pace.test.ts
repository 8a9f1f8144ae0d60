import { type Pace, paceOf, SPELL_MS } from '../../../bench/twin/pace';
import { podQueue } from '../../../bench/twin/pod-queue';
import { simulate } from '../../../bench/twin/simulate';
import { POD, scenario } from './subject';

const DRAWN: Pace = { kind: 'drawn', runSpread: 0.2, spellSpread: 0.1 };
const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
const spreadOf = (values: readonly number[]) => {
  const logs = values.map(Math.log);
  return Math.sqrt(mean(logs.map((log) => (log - mean(logs)) ** 2)));
};

test('a drawn speed stays for a spell and is the same however often it is asked', () => {
  const [one, other] = [paceOf(DRAWN, 1), paceOf(DRAWN, 1)];
  const late = one(5 * SPELL_MS);
  expect(one(0)).toBe(one(SPELL_MS - 1));
  expect(one(0)).not.toBe(one(SPELL_MS));
  expect([other(0), other(5 * SPELL_MS)]).toEqual([one(0), late]);
  expect(one(-1)).toBe(one(0));
});

test('drawn speeds have the mean 1 and the spreads that were asked for', () => {
  const runs = Array.from({ length: 2_000 }, (_, seed) => paceOf({ ...DRAWN, spellSpread: 0 }, seed)(0));
  expect(Math.abs(mean(runs) - 1)).toBeLessThan(0.02);
  expect(Math.abs(spreadOf(runs) - 0.2)).toBeLessThan(0.01);
  const paceAt = paceOf({ ...DRAWN, runSpread: 0 }, 1);
  const spells = Array.from({ length: 2_000 }, (_, spell) => paceAt(spell * SPELL_MS));
  expect(Math.abs(spreadOf(spells) - 0.1)).toBeLessThan(0.01);
});

test('a measured speed holds until the next, and the first one before it begins', () => {
  const paceAt = paceOf(
    {
      kind: 'measured',
      steps: [
        { fromMs: 100, factor: 0.8 },
        { fromMs: 200, factor: 1.2 },
      ],
    },
    1,
  );
  expect([0, 100, 199, 200, 9_999].map(paceAt)).toEqual([0.8, 0.8, 0.8, 1.2, 1.2]);
  expect(paceOf({ kind: 'measured', steps: [] }, 1)(5)).toBe(1);
});

test('an image takes as much CPU time as the machine’s speed at its start asks for', () => {
  const queue = podQueue(POD, 0, (atMs) => (atMs < 25 ? 1 : 2));
  expect([queue.offer(0, 20), queue.offer(0, 20), queue.offer(0, 20)]).toEqual([20, 40, 80]);
});

test('a scenario without a pace keeps its speed, and one with a pace of no spread is the same', () => {
  const plain = simulate(scenario('poisson:30:30s', 30), 1);
  const even = scenario('poisson:30:30s', 30, { pace: { kind: 'drawn', runSpread: 0, spellSpread: 0 } });
  expect(simulate(even, 1).latencyMs).toEqual(plain.latencyMs);
  const uneven = scenario('poisson:30:30s', 30, { pace: DRAWN });
  expect(simulate(uneven, 1).latencyMs).not.toEqual(plain.latencyMs);
});
