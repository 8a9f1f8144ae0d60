import { resultEvent, resultLines } from '../../cli/train-result';
import { evaluate } from '../../models/evaluation/evaluation';

const measured = (split: 'val' | 'test', labels: readonly number[]) => ({
  split,
  engine: 'onnxruntime',
  evaluation: evaluate(labels, Float32Array.from(labels.flatMap(() => [0.9, 0.1])), 2),
});

const kept = { names: ['checkpoint.safetensors', 'head-best.safetensors'], bytes: 34_100_000 };

test('a training ends with the accuracy on the test split, its interval, what is kept and the next commands', () => {
  const facts = {
    model: 'flowers',
    measured: [measured('val', [0, 1]), measured('test', [0, 0, 0, 1])],
  } as const;
  expect(resultLines(facts, { out: "build/it's", recipe: 'latency', card: 'build/card.md', kept })).toEqual([
    expect.stringMatching(
      /^test accuracy: 75\.0 % of 4 images, 95 % interval 30\.1 % to 95\.4 % \(measured\)$/,
    ),
    'model card: build/card.md',
    'kept for --resume and --finish: checkpoint.safetensors, head-best.safetensors (35 MB); delete them once the model is final',
    'Next:',
    "  npx tandem serve 'build/it'\\''s'",
    "  npx tandem predict 'build/it'\\''s' IMAGE",
    "  npm run image -- 'build/it'\\''s'",
    'Then get the container image to your nodes (docs/deploying.md#get-it-to-the-nodes) and deploy it:',
    '  TANDEM_MODELS=latency=flowers npm run synth',
    '  kubectl apply -f dist/00-namespace.k8s.yaml -f dist/latency-single-pod.k8s.yaml',
  ]);
});

test('for a reader of JSON Lines the result is the last event', () => {
  const facts = { model: 'latency', measured: [measured('test', [0, 0, 0, 1])] } as const;
  expect(resultEvent(facts, { out: 'out', recipe: 'latency', card: 'out/model-card.md', kept })).toEqual({
    ...{ event: 'result', model: 'latency', folder: 'out', card: 'out/model-card.md', split: 'test' },
    ...{ images: 4, accuracy: 0.75, interval95: [expect.closeTo(0.301, 3), expect.closeTo(0.954, 3)] },
    checkpoints: kept.names,
    next: [
      'npx tandem serve out',
      'npx tandem predict out IMAGE',
      'npm run image -- out',
      'npm run synth',
      'kubectl apply -f dist/00-namespace.k8s.yaml -f dist/latency-single-pod.k8s.yaml',
    ],
  });
});

test('without a test split, the accuracy is named after the split that was measured', () => {
  const facts = { model: 'latency', measured: [measured('val', [0, 1])] } as const;
  const [first] = resultLines(facts, { out: 'out', recipe: 'latency', card: 'card', kept });
  expect(first).toMatch(/^val accuracy: 50\.0 %/);
});
