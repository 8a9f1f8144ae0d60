import type { Int8Cost } from '../../../models/engines/onnxruntime/int8-file';
import { int8Section, withInt8Section } from '../../../models/report/int8-section';

const cost: Int8Cost = {
  images: 600,
  accuracyFp32: 0.94,
  accuracyInt8: 0.935,
  differenceInterval95: [-0.012, 0.001],
  sameTop1: 0.99,
  verdict: 'passed',
};
const section = (verdict: Int8Cost['verdict']) =>
  int8Section({ method: 'percentile', images: 120, cost: { ...cost, verdict } });

test('the section says what int8 costs, what the gate asks for and what follows', () => {
  const text = section('passed');
  expect(text).toContain(
    'accuracy 93.5 % at int8 and 94.0 % at fp32 (difference −0.5 points, 95 % interval −1.2 to +0.1), the same top class for 99.0 % of 600 images',
  );
  expect(text).toContain(
    'at most 0.5 points of accuracy lost and the same top class for at least 98.5 % of at least 500 images',
  );
  expect(text).toContain('runs this model at int8');
  expect(section('failed')).toContain('It failed, so the service runs this model at fp32');
  expect(section('too few images')).toContain('cannot judge fewer than 500 images');
});

test('the section says whether biases are corrected', () => {
  const inputMeans = { image: Float32Array.of(1) };
  expect(int8Section({ method: 'percentile', images: 120, cost, inputMeans })).toContain(
    'by percentile on 120 calibration images, biases corrected for the rounding of kernels), **measured**',
  );
  expect(section('passed')).not.toContain('corrected');
});

test('a card gets the section at its end, and a newer one in its place', () => {
  const card = '# Model\n\nText.\n';
  const once = withInt8Section(card, section('failed'));
  expect(once).toBe(`# Model\n\nText.\n\n${section('failed')}\n`);
  expect(withInt8Section(once, section('passed'))).toBe(`# Model\n\nText.\n\n${section('passed')}\n`);
});

test('sections after it stay', () => {
  const card = `# Model\n\n${section('failed')}\n\n## Limits\n\nSome.\n`;
  expect(withInt8Section(card, section('passed'))).toBe(
    `# Model\n\n${section('passed')}\n\n## Limits\n\nSome.\n`,
  );
});
