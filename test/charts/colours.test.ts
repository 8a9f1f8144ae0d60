import { tint } from '../../charts/colours';

test('a tint lies between white and the colour', () => {
  expect([tint('#0072b2', 0), tint('#0072b2', 1)]).toEqual(['#ffffff', '#0072b2']);
  expect(tint('#000000', 0.5)).toBe('#808080');
});
