import { linearAxis } from '../../charts/axis';
import { areaKey, lineKey, xAxis, yAxis } from '../../charts/panel';

const FRAME = { left: 68, right: 268, top: 20, bottom: 120 };

test('a y axis has a grid line across the frame and a label at each tick, and its title along the frame', () => {
  const y = linearAxis([0, 1], [FRAME.bottom, FRAME.top], { ticks: [0, 1], format: (tick) => `${tick} s` });
  expect(yAxis(FRAME, y, 'latency')).toEqual([
    '<line x1="68" y1="120" x2="268" y2="120" stroke="#e3e3e3"/>',
    '<text x="60" y="124" text-anchor="end">0 s</text>',
    '<line x1="68" y1="20" x2="268" y2="20" stroke="#e3e3e3"/>',
    '<text x="60" y="24" text-anchor="end">1 s</text>',
    '<text transform="translate(24.0 70.0) rotate(-90)" text-anchor="middle">latency</text>',
  ]);
});

test('an x axis has its labels and its title below the frame', () => {
  const x = linearAxis([0, 10], [FRAME.left, FRAME.right], { ticks: [5] });
  expect(xAxis(FRAME, x, 'time, s')).toEqual([
    '<text x="168" y="138" text-anchor="middle">5</text>',
    '<text x="168" y="162" text-anchor="middle">time, s</text>',
  ]);
});

test('a legend’s entry has its label beside its line or area, at the same height', () => {
  expect(lineKey(20, 50, 'p95', { stroke: '#000000' })).toBe(
    '<line x1="20" y1="50" x2="42" y2="50" stroke="#000000"/><text x="50" y="54">p95</text>',
  );
  expect(areaKey(20, 50, 'errors', '#ff0000')).toBe(
    '<rect x="20" y="44" width="12" height="12" fill="#ff0000"/><text x="40" y="54">errors</text>',
  );
});
