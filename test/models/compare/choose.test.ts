import { frontierOf, picksOf, rowName, rowsOf } from '../../../models/compare/choose';
import { MEASURED, measuredBase } from './rows';

const rows = rowsOf(MEASURED);
const rowOf = (name: string) => rows.find((row) => rowName(row) === name)!;

test('a point is on the frontier if none is both as accurate and as fast', () => {
  const points = [
    { cpuMs: 1, accuracy: 0.5 },
    { cpuMs: 2, accuracy: 0.5 },
    { cpuMs: 3, accuracy: 0.9 },
    { cpuMs: 3, accuracy: 0.9 },
    { cpuMs: 4, accuracy: 0.8 },
  ];
  expect(frontierOf(points)).toEqual([true, false, true, true, false]);
});

test('rows are sorted by accuracy, then by speed, and say which are on the frontier', () => {
  expect(rows.map((row) => [rowName(row), row.accuracy, row.onFrontier])).toEqual([
    ['resnet101v2 at int8', 0.92, true],
    ['resnet101v2 at fp32', 0.92, false],
    ['mobilenetv2 at fp32', 0.9, true],
    ['mobilenetv2 at int8', 0.89, true],
    ['mobilenetv2-160 at fp32', 0.875, false],
    ['mobilenetv2-160 at int8', 0.6, true],
  ]);
});

test('each row is compared image by image with the most accurate one', () => {
  expect(rowOf('resnet101v2 at int8')).not.toHaveProperty('againstBest');
  expect(rowOf('mobilenetv2 at fp32').againstBest).toMatchObject({
    images: 200,
    onlyARight: 0,
    onlyBRight: 4,
    difference: -0.02,
  });
});

test('a size that is not served is neither what others are compared with nor a pick', () => {
  const bases = [
    measuredBase('mobilenetv2', { fp32: { right: 150, cpuMs: 8 } }),
    measuredBase('mobilenetv2-160', { fp32: { right: 190, cpuMs: 4 } }),
  ];
  const [small, served] = rowsOf(bases);
  expect([served, small!.againstBest?.difference]).toEqual([
    expect.not.objectContaining({ againstBest: expect.anything() }),
    0.2,
  ]);
  expect(picksOf([small!, served!]).map(({ id }) => id)).toEqual(['mobilenetv2', 'mobilenetv2']);
  expect(picksOf([small!])).toEqual([]);
});

test('the pick for accuracy is the most accurate, and says which faster one may be as good', () => {
  // Four images of 200 may be chance; the interval of -8 does not include 0.
  expect(picksOf(rows)[0]).toEqual({
    ...{ goal: 'accuracy', id: 'resnet101v2', precision: 'int8' },
    why: expect.stringMatching(/^the highest accuracy, 92\.0 %/),
  });
  const equal = rowsOf([
    measuredBase('mobilenetv2', { fp32: { right: 183, cpuMs: 8 } }),
    measuredBase('resnet101v2', { fp32: { right: 184, cpuMs: 160 } }),
  ]);
  expect(picksOf(equal)[0]!.why).toMatch(
    /^the highest accuracy, 92\.0 %; but these images do not show that mobilenetv2 at fp32 is worse, −0\.5 points \(−\d\.\d to \+\d\.\d\), in 5 % of the time$/,
  );
});

test('the pick for latency is the fastest that loses at most five points', () => {
  expect(picksOf(rows)[1]).toEqual({
    ...{ goal: 'latency', id: 'mobilenetv2', precision: 'int8' },
    why: expect.stringMatching(/^15\.0 times as fast as resnet101v2 at int8, −3\.0 points \(−/),
  });
  // 5 points are 10 images of 200; as shares of images, that is more than 0.05 for some.
  for (let right = 10; right <= 200; right++) {
    const pickBeside = (lost: number) =>
      picksOf(
        rowsOf([
          measuredBase('resnet101v2', { fp32: { right, cpuMs: 160 } }),
          measuredBase('mobilenetv2', { fp32: { right: right - lost, cpuMs: 8 } }),
        ]),
      )[1]!.id;
    expect([right, pickBeside(10)]).toEqual([right, 'mobilenetv2']);
    if (right > 10) expect([right, pickBeside(11)]).toEqual([right, 'resnet101v2']);
  }
  const alone = rowsOf([measuredBase('mobilenetv2', { fp32: { right: 150, cpuMs: 8 } })]);
  expect(picksOf(alone)[1]!.why).toBe('no faster one is within 5 points of its accuracy');
});
