import fc from 'fast-check';

import { seededRandom, shuffle } from '../../statistics/seeded-random';

const draw = (seed: number, name: string, count = 5) => {
  const random = seededRandom(seed, name);
  return Array.from({ length: count }, () => random.uniform());
};

test('the numbers are frozen: demo bases and data splits are drawn from them', () => {
  expect(draw(7, 'a name', 3)).toEqual([0.1600589961744845, 0.8099938347004354, 0.19421282364055514]);
});

test('each seed and each name has its own stream', () => {
  expect(draw(1, 'a')).toEqual(draw(1, 'a'));
  expect(draw(2, 'a')).not.toEqual(draw(1, 'a'));
  expect(draw(1, 'b')).not.toEqual(draw(1, 'a'));
});

test('numbers stay in their ranges', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.integer({ min: 1, max: 1000 }), (seed, name, count) => {
      const random = seededRandom(seed, name);
      for (let i = 0; i < 20; i++) {
        expect(random.uniform()).toBeLessThan(1);
        expect(random.between(-2, 3)).toBeGreaterThanOrEqual(-2);
        const integer = random.integer(count);
        expect(Number.isInteger(integer) && integer >= 0 && integer < count).toBe(true);
      }
    }),
    { seed: 7 },
  );
});

test('shuffling keeps every item and reorders them by the stream', () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const shuffled = shuffle([...items], seededRandom(1, 'order'));
  expect(shuffled).not.toEqual(items);
  expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  expect(shuffle([...items], seededRandom(1, 'order'))).toEqual(shuffled);
});
