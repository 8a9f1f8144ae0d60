import { basesChart } from '../../../models/compare/chart';
import { picksOf, rowsOf } from '../../../models/compare/choose';
import { type BasesDocument, formatBases } from '../../../models/compare/document';
import { MEASURED } from './rows';

const rows = rowsOf(MEASURED);
const DOCUMENT: BasesDocument = {
  ...{ format: 'tandem-bases', formatVersion: 1, split: 'test', seed: 1 },
  data: {
    ...{ name: 'my|photos', sha256: 'b'.repeat(64), splitBy: 'folders', classes: ['cat', 'dog'] },
    ...{ trainImages: 700, measuredImages: 200 },
  },
  head: { epochs: 30, learningRate: 0.001, batchSize: 32 },
  cpu: { name: 'A processor', fastInt8: false },
  versions: { onnxruntime: '1.30.0' },
  rows,
  choices: picksOf(rows),
  missing: [
    { architecture: 'resnet50v2', url: 'https://example.org/resnet50v2.h5', demoInstead: false },
    { architecture: 'resnet101v2', url: 'https://example.org/resnet101v2.h5', demoInstead: true },
  ],
};

test('the report has a row per base and precision, the picks, and the weights that are missing', () => {
  const text = formatBases(DOCUMENT, 'comparison.svg');
  expect(text).toContain('| ResNet101V2 | weights\\_1.h5 | 224 | int8 | 92.0 % |');
  expect(text).toContain('| MobileNetV2 | weights\\_1.h5 | 160 \\* | fp32 | 87.5 % |');
  expect(text).toContain('- For latency: **mobilenetv2 at int8**: 15.0 times as fast');
  expect(text).toContain(
    '- ResNet50V2: [ImageNet weights](https://example.org/resnet50v2.h5) are not here\n',
  );
  expect(text).toContain('are not here; the demo’s base, which knows no photographs, took its place');
  expect(text).toContain('repeat the command with `--download`');
  expect(text).toContain(
    'one thread of onnxruntime 1.30.0, without decoding, on A processor, which is slow at int8',
  );
  expect(text).toContain('# Bases compared on my\\|photos');
});

test('the table says which row is the pick for what, and why a size is none', () => {
  const text = formatBases(DOCUMENT, 'comparison.svg');
  expect(text.match(/^\| (accuracy|latency)[^|]*\|[^|]*\|[^|]*\|[^|]*\|[^|]*\|/gm)).toEqual([
    '| accuracy | ResNet101V2 | weights\\_1.h5 | 224 | int8 |',
    '| latency | MobileNetV2 | weights\\_1.h5 | 224 | int8 |',
  ]);
  expect(text).toContain('\\* No pick, however accurate: Tandem trains and serves 224 x 224 only.');
});

test('the report names no path of the machine', () => {
  expect(JSON.stringify(DOCUMENT)).not.toContain('/home');
});

test('the chart names each row, and describes it in words', () => {
  const svg = basesChart(DOCUMENT);
  for (const name of ['resnet101v2 at fp32', 'mobilenetv2 at int8', 'mobilenetv2-160 at fp32']) {
    expect(svg).toContain(`>${name}</text>`);
  }
  expect(svg).toContain('mobilenetv2 at int8: 89.0 %, 4.0 ms, on the frontier');
});

test('a size that is not served is hollow', () => {
  const count = (text: string) => text.split('fill="#ffffff"').length;
  const served = rows.filter(({ sidePixels }) => sidePixels === 224);
  expect(count(basesChart(DOCUMENT)) - count(basesChart({ ...DOCUMENT, rows: served }))).toBe(2);
});
