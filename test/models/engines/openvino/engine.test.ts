import { DEMO_MODELS_DIR } from '../../../../models/weights/saved-model';
import { choosePrecision, loadOpenvino } from '../../../../models/engines/openvino/engine';

test.each([
  ['bf16', undefined, 'bf16'],
  ['bf16', 'fp32', 'fp32'],
  ['bf16', 'bf16', 'bf16'],
  ['f32', undefined, 'fp32'],
  ['f32', 'fp32', 'fp32'],
  ['f16', undefined, 'fp32'],
] as const)('on a CPU where OpenVINO takes %s, precision %s means %s', (own, asked, chosen) => {
  expect(choosePrecision(own, asked)).toBe(chosen);
});

test('bf16 is refused on a CPU without it, where it would be slow', () => {
  expect(() => choosePrecision('f32', 'bf16')).toThrow(
    'precision must be fp32 with engine openvino on this CPU, which has no bf16, received bf16',
  );
});

test('int8 is refused before any library is loaded', async () => {
  await expect(
    loadOpenvino({
      ...{ kind: 'openvino', modelDir: DEMO_MODELS_DIR, threads: 1, onnxCacheDir: DEMO_MODELS_DIR },
      precision: 'int8',
    }),
  ).rejects.toThrow(
    'engine openvino computes in fp32 or bf16, received precision int8: choose engine onnxruntime, or precision fp32',
  );
});
