import { peersChart } from '../../../bench/peers/chart';
import { evenCpuMs, syntheticDocument } from './synthetic-document';

const svg = peersChart(syntheticDocument());

test('the chart is a poster that says where its figures come from', () => {
  expect(svg).toMatch(/^<svg [^>]*width="1200"/);
  expect(svg).toContain('measured · 2026-01-01 · n = ');
  expect(svg).toContain('2 cores of SYNTHETIC, CPU limit of one core');
  expect(svg).toContain('commit cccccccccccc');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

const titleOf = (chart: string) => /<title>(.*)<\/title>/.exec(chart)![1];

test('the title has Tandem’s multiple of FastAPI at fp32, with its precision', () => {
  expect(titleOf(svg)).toBe(
    'On one core, in 3 rounds, Tandem answers 2 times as many images with MobileNetV2 at int8 and 2 times with ResNet101V2 at int8 as FastAPI with onnxruntime at fp32; at the same precision, 1 and 1 times',
  );
});

test('the title has the range of the rounds beside each multiple', () => {
  const even = syntheticDocument();
  const visits = even.visits.map((visit) => ({
    ...visit,
    // Tandem alone is disturbed in the third round.
    loads: visit.loads.map((load) =>
      visit.server === 'tandem' && visit.round === 3 ? { ...load, perSecond: 0.75 * load.perSecond } : load,
    ),
  }));
  expect(titleOf(peersChart({ ...even, visits }))).toBe(
    'On one core, in 3 rounds, Tandem answers 2 (1.5–2) times as many images with MobileNetV2 at int8 and 2 (1.5–2) times with ResNet101V2 at int8 as FastAPI with onnxruntime at fp32; at the same precision, 1 (0.75–1) and 1 (0.75–1) times',
  );
  expect(titleOf(peersChart({ ...even, visits: visits.filter(({ round }) => round === 3) }))).toMatch(
    /1\.5 times/,
  );
});

test('servers stand in the order of their rates; one that was not measured has no row', () => {
  const document = syntheticDocument(
    (planned) => evenCpuMs(planned) / (planned.server === 'bentoml' ? 9 : 1),
  );
  const [bentoml, tandem] = ['BentoML, onnxruntime</text>', 'Tandem</text>'].map((name) =>
    peersChart(document).indexOf(name),
  );
  expect(bentoml).toBeGreaterThan(0);
  expect(bentoml).toBeLessThan(tandem!);
  expect(svg).not.toContain('Express');
});

test('all of the chart lies on its card', () => {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
  for (const [, x, y] of svg.matchAll(/ (?:x|x1|x2|cx)="([-\d.]+)" (?:y|y1|y2|cy)="([-\d.]+)"/g)) {
    expect(Number(x)).toBeGreaterThanOrEqual(0);
    expect(Number(x)).toBeLessThanOrEqual(width!);
    expect(Number(y)).toBeGreaterThanOrEqual(0);
    expect(Number(y)).toBeLessThanOrEqual(height!);
  }
});

test('a document of one model alone has a chart too', () => {
  const all = syntheticDocument();
  const one = peersChart({ ...all, visits: all.visits.filter(({ model }) => model === 'latency') });
  expect(one).not.toMatch(/NaN|Infinity|undefined/);
});
