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

test('the title has Tandem’s multiple of FastAPI at fp32, with its precision', () => {
  expect(/<title>(.*)<\/title>/.exec(svg)![1]).toBe(
    'On one core, Tandem answers 2 times as many images (MobileNetV2, int8) and 2 (ResNet101V2, int8) as FastAPI with onnxruntime at fp32; at the same precision, 1 and 1 times',
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
