import { describeEngine } from '../../../models/engines/engine';

test('an engine is described by name, version, precision and threads', () => {
  expect(describeEngine({ kind: 'onnxruntime', version: '1.30.0', precision: 'int8', threads: 2 })).toBe(
    'engine: onnxruntime 1.30.0, precision: int8, threads: 2',
  );
});

test('a slow one comes with what to do about it', () => {
  expect(describeEngine({ kind: 'wasm', version: '4.22.0', precision: 'fp32', threads: 1 })).toMatch(
    /^engine: wasm 4.22.0, precision: fp32, threads: 1; .*choose onnxruntime, or tfjs-node after `npm run build:tfjs-node`$/,
  );
});
