import fc from 'fast-check';

import { apart, interval, label, point, steps, uprightInterval } from '../../charts/marks';

test('a point is a circle or a square around its centre', () => {
  expect(point('circle', 10, 20, 5, { fill: '#000000' })).toBe(
    '<circle cx="10" cy="20" r="5" fill="#000000"/>',
  );
  expect(point('square', 10, 20, 10, {})).toBe('<rect x="1" y="11" width="18" height="18"/>');
});

test('an interval has a tick at each end, and an arrow where it is open', () => {
  const ends = (svg: string) => svg.match(/<line/g)!.length;
  expect(ends(interval(0, 10, 5, '#000000'))).toBe(3);
  expect(ends(interval(0, 10, 5, '#000000', { end: true }))).toBe(2);
  expect(ends(uprightInterval(0, 10, 5, '#000000'))).toBe(3);
  expect(ends(uprightInterval(0, 10, 5, '#000000', { start: true }))).toBe(2);
  expect(interval(0, 10, 5, '#000000', { end: true })).toContain('points="10.0,5.0 0.0,0.0 0.0,10.0"');
  expect(uprightInterval(0, 90, 20, '#000000', { end: true })).toContain(
    'points="0.0,20.0 5.0,30.0 -5.0,30.0"',
  );
});

test('a label has a white outline behind its letters', () => {
  expect(label(1, 2, 'knee')).toContain('stroke="#ffffff" stroke-width="3.5"');
  expect(label(1, 2, 'knee')).toContain('paint-order="stroke"');
});

test('steps keep a value until the next one, and the last until the end', () => {
  expect(
    steps(
      [
        [0, 1],
        [5, 2],
      ],
      9,
    ),
  ).toEqual([
    [0, 1],
    [5, 1],
    [5, 2],
    [9, 2],
  ]);
});

test('labels that collide move apart around their middle, and others stay', () => {
  expect(apart([10, 12, 100], 10)).toEqual([6, 16, 100]);
  expect(apart([12, 10], 10)).toEqual([16, 6]);
});

test('labels that moved apart keep their order and their distance', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 8 }), (wanted) => {
      const placed = apart(wanted, 12);
      const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]!);
      order.slice(1).forEach((after, i) => {
        expect(placed[after]! - placed[order[i]!]!).toBeGreaterThanOrEqual(12 - 1e-9);
      });
    }),
    { seed: 7 },
  );
});
