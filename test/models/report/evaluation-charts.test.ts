import sharp from 'sharp';

import { confusionChart, reliabilityChart } from '../../../models/report/evaluation-charts';
import { evaluate } from '../../../models/evaluation/evaluation';
import type { HistoryEntry } from '../../../models/training/history';
import { trainingChart } from '../../../models/report/training-chart';

// Decoding blocks SVG for the whole process, and one Jest process runs several suites.
beforeAll(() => sharp.unblock({ operation: ['VipsForeignLoadSvg'] }));
afterAll(() => sharp.block({ operation: ['VipsForeignLoadSvg'] }));

const CLASSES = ['glass', 'paper & <card>', 'a class whose name is rather long'];
/** Three images of glass, one of them predicted as paper; two of paper, both correct; none of the third class. */
const MEASURED = evaluate(
  [0, 0, 0, 1, 1],
  Float32Array.of(0.9, 0.1, 0, 0.6, 0.4, 0, 0.2, 0.8, 0, 0.1, 0.7, 0.2, 0.3, 0.4, 0.3),
  3,
);

const epoch = (stage: HistoryEntry['stage'], number: number, figures: Partial<HistoryEntry> = {}) => ({
  stage,
  epoch: number,
  loss: 2 / number,
  accuracy: 1 - 0.5 / number,
  valLoss: 2.2 / number,
  valAccuracy: 0.9 - 0.5 / number,
  learningRate: 0.01,
  seconds: 3,
  at: '2026-01-02T03:04:05.000Z',
  ...figures,
});
const HISTORY = [
  epoch('head', 1),
  epoch('head', 2),
  epoch('head', 3),
  epoch('fineTune', 1),
  epoch('fineTune', 2),
];

const CHARTS = {
  training: () => trainingChart(HISTORY, 'Training'),
  confusion: () => confusionChart(MEASURED, CLASSES, 'Confusion, measured'),
  reliability: () => reliabilityChart(MEASURED, 'Reliability, measured'),
};

const textsOf = (svg: string) =>
  Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, inside]) => inside);
const count = (svg: string, part: string) => svg.split(part).length - 1;

describe.each(Object.entries(CHARTS))('the %s chart', (_, draw) => {
  test('is the same each time, and contains no missing number', () => {
    expect(draw()).toBe(draw());
    expect(draw()).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  test('is an image that renders at its size, with a title and a description', async () => {
    const svg = draw();
    const { width, height, format } = await sharp(Buffer.from(svg)).metadata();
    expect(format).toBe('svg');
    expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
    expect(svg).toMatch(/<title>.+<\/title><desc>.+<\/desc>/s);
  });

  test('keeps its labels inside the card', () => {
    const svg = draw();
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number) as [number, number, number];
    const points = Array.from(svg.matchAll(/<text x="([\d.-]+)" y="([\d.-]+)"/g), ([, x, y]) =>
      [x, y].map(Number),
    );
    expect(points.length).toBeGreaterThan(8);
    for (const [x, y] of points as [number, number][]) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(width);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(height);
    }
  });
});

test('the training chart separates the stages, marks the boundary and rings the best epochs', () => {
  const svg = CHARTS.training();
  // Two panels, two stages, training and validation.
  expect(count(svg, '<polyline')).toBe(8);
  expect(count(svg, 'stroke-dasharray')).toBe(1);
  // One per stage in both panels, and one in the legend.
  expect(count(svg, '<circle')).toBe(5);
  expect(textsOf(svg)).toEqual(
    expect.arrayContaining([
      'training, measured during the epoch',
      'validation, measured at the end of the epoch',
      'best validation accuracy: head 73.3 % (stage epoch 3), fine-tuning 65.0 % (stage epoch 2)',
      'loss, nats',
      'accuracy, %',
      'epoch, counted across both stages',
    ]),
  );
});

test('the training chart copes without validation, without a second stage and with numbers that are not finite', () => {
  const { stage, loss, accuracy, learningRate, seconds, at } = epoch('head', 1);
  const unvalidated = { stage, epoch: 1, loss, accuracy, learningRate, seconds, at };
  const alone = trainingChart([unvalidated], 'Training');
  expect(alone).not.toMatch(/NaN|validation|fine-tuning/);
  const diverged = trainingChart([epoch('head', 1), epoch('head', 2, { loss: NaN, valLoss: Infinity })], 'T');
  expect(diverged).not.toMatch(/Infinity/);
  expect(diverged).toContain('loss NaN.');
  expect(() => trainingChart([], 'Training')).toThrow('received an empty history');
});

test('the confusion chart shows every count with its share of the row, and escapes names', () => {
  const svg = CHARTS.confusion();
  const texts = textsOf(svg);
  expect(texts.filter((text) => /^\d+$/.test(text!))).toEqual(['2', '1', '2']);
  expect(texts.filter((text) => /^\d+ %$/.test(text!))).toEqual(['67 %', '33 %', '100 %']);
  expect(count(svg, '>paper &amp; &lt;card&gt;</text>')).toBe(2);
  expect(count(svg, '>a class whose name is r…</text>')).toBe(2);
  expect(svg).toContain(
    'glass: 2 as glass, 1 as paper &amp; &lt;card&gt;. paper &amp; &lt;card&gt;: 2 as paper &amp; &lt;card&gt;.</desc>',
  );
});

test('with many classes there is no room for numbers, and colours remain', () => {
  const classes = Array.from({ length: 60 }, (_, i) => `class ${i}`);
  const confusion = classes.map((_, i) => classes.map((__, j) => (i === j ? 4 : i === j + 1 ? 1 : 0)));
  const svg = confusionChart({ confusion, accuracy: 0.8, images: 299 }, classes, 'Confusion, measured');
  expect(textsOf(svg).filter((text) => /^\d/.test(text!))).toEqual([]);
  // The card, 60 correct and 59 wrong cells.
  expect(count(svg, '<rect')).toBe(120);
});

test('the description of the confusion chart grows with the classes up to a bound, not with their square', () => {
  const described = (length: number) => {
    const classes = Array.from({ length }, (_, i) => `class ${i}`);
    const confusion = classes.map((_, i) => classes.map((__, j) => (i === j ? 4 : i === j + 1 ? 1 : 0)));
    const svg = confusionChart({ confusion, accuracy: 0.8, images: 5 * length }, classes, 'Confusion');
    return /<desc>(.*)<\/desc>/s.exec(svg)![1]!;
  };
  expect(described(3)).toMatch(/class 2: 1 as class 1, 4 as class 2\.$/);
  expect(described(200)).toMatch(/class 100: 1 as class 99\. 199 more counts are not listed\.$/);
});

test('the reliability chart has bars only for bins that hold images', () => {
  const svg = CHARTS.reliability();
  const bins = MEASURED.reliability.filter(({ images }) => images > 0).length;
  // Accuracy, gap and count of each; the card and two swatches.
  expect(count(svg, '<rect')).toBe(3 * bins + 3);
  // (0.1 + 0.4 + 0.8 + 0.3 + 0.6) / 5: the distances of the confidences from 1 if correct, else from 0.
  expect(textsOf(svg)).toContain('expected calibration error 44.0 %, measured on 5 images');
});
