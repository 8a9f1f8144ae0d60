import { type Started, startText } from '../../cli/start-text';

const LATENCY = {
  ...{ model: 'latency', architecture: 'mobilenetv2', engine: 'wasm', engineVersion: '4.22.0' },
  ...{ precision: 'fp32', demo: false, classes: ['glass', 'paper'] },
};
const STARTED: Started = {
  ...{ seconds: '1.5', url: 'http://localhost:9000', models: [LATENCY], unfitting: [] },
};

test('the commands to try come before the facts about models and manifests', () => {
  const lines = startText(STARTED).split('\n');
  expect(lines[0]).toBe('Ready in 1.5 s. Open http://localhost:9000');
  expect(lines[2]).toContain("'http://localhost:9000/v1/classify?model=latency'");
  expect(lines[4]).toContain('-f dist/latency-single-pod.k8s.yaml');
  expect(lines.slice(5)).toEqual([
    'Models:',
    '  latency: mobilenetv2 on wasm 4.22.0, fp32',
    '    classes: glass, paper',
    expect.stringMatching(/^Manifests: \d+ variants in dist\/$/),
    'Stop with Ctrl-C.',
  ]);
});

test('a demo model is called one', () => {
  expect(startText({ ...STARTED, models: [{ ...LATENCY, demo: true }] })).toContain(
    'latency: demo model, mobilenetv2',
  );
});

test('variants whose pods do not all fit are named once, in one line with the way to the arithmetic', () => {
  const text = startText({ ...STARTED, unfitting: ['accuracy-hpa', 'accuracy-hpa', 'latency-hpa'] });
  expect(text).toContain(
    '  not all pods of accuracy-hpa, latency-hpa fit the reference’s cluster: npx tandem fit shows the arithmetic\n',
  );
});
