import { chanceWarning, resultEvent, resultLines } from '../../cli/train-result';
import { evaluate } from '../../models/evaluation/evaluation';

/** The figures of a model that answers as `predicted` says; without it, always the first class. */
const evaluated = (labels: readonly number[], predicted: readonly number[] = labels.map(() => 0)) =>
  evaluate(
    labels,
    Float32Array.from(predicted.flatMap((label) => (label === 0 ? [0.9, 0.1] : [0.1, 0.9]))),
    2,
  );

const measured = (split: 'val' | 'test', labels: readonly number[], predicted?: readonly number[]) => ({
  split,
  engine: 'onnxruntime',
  evaluation: evaluated(labels, predicted),
});

/** Half of each class. */
const BALANCED = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
const ONE_WRONG = BALANCED.with(0, 1);

const betterEpoch = {
  stage: 'fineTune',
  epoch: 12,
  valAccuracy: 0.9,
  lastValAccuracy: 0.5,
  images: 100,
} as const;

/** As many images as the gate of int8 needs. */
const MANY = Array<number>(500).fill(1);

const ofImages = { data: 'photos', fastInt8: true, hasNamespace: true } as const;

const kept = { names: ['checkpoint.safetensors', 'head-best.safetensors'], bytes: 34_100_000 };

test('a training ends with the accuracy on the test split, its interval, what is kept and the next commands', () => {
  const facts = {
    model: 'flowers',
    base: { kind: 'imagenet' },
    measured: [measured('val', MANY), measured('test', BALANCED, ONE_WRONG)],
  } as const;
  expect(
    resultLines(facts, { out: "build/it's", recipe: 'latency', card: 'build/card.md', kept, ...ofImages }),
  ).toEqual([
    expect.stringMatching(
      /^test accuracy: 91\.7 % of 12 images, 95 % interval 64\.6 % to 98\.5 % \(measured\)$/,
    ),
    'model card: build/card.md',
    'kept for --resume and --finish: checkpoint.safetensors, head-best.safetensors (35 MB); delete them once the model is final',
    'Next:',
    "  npx tandem serve 'build/it'\\''s'",
    "  npx tandem predict 'build/it'\\''s' IMAGE",
    'It is served at fp32. int8 takes less CPU time: this measures what it costs on the images of val and test, and makes it the default if that is little:',
    "  npx tandem export 'build/it'\\''s' --precision int8 --calibrate photos",
    'Then build its container image:',
    "  npm run image -- 'build/it'\\''s'",
    'Then get the container image to your nodes (docs/deploying.md#get-it-to-the-nodes) and deploy it:',
    '  TANDEM_MODELS=latency=flowers npm run synth',
    '  kubectl apply -f dist/00-namespace.k8s.yaml -f dist/latency-single-pod.k8s.yaml',
  ]);
});

test('the calibration comes before the container image, which would not have it otherwise', () => {
  const facts = { model: 'latency', base: { kind: 'imagenet' }, measured: [measured('val', MANY)] } as const;
  const lines = resultLines(facts, { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages });
  const at = (command: string) => lines.findIndex((line) => line.includes(command));
  expect(at('--calibrate photos')).toBeGreaterThan(0);
  expect(at('--calibrate photos')).toBeLessThan(at('npm run image'));
});

test('for a reader of JSON Lines the result is the last event', () => {
  const facts = {
    model: 'latency',
    base: { kind: 'imagenet' },
    measured: [measured('test', BALANCED, ONE_WRONG)],
  } as const;
  expect(
    resultEvent(facts, { out: 'out', recipe: 'latency', card: 'out/model-card.md', kept, ...ofImages }),
  ).toEqual({
    ...{ event: 'result', model: 'latency', folder: 'out', card: 'out/model-card.md', split: 'test' },
    ...{ images: 12, accuracy: 11 / 12, interval95: [expect.closeTo(0.646, 3), expect.closeTo(0.985, 3)] },
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

test('if the settings create no namespace, none is applied', () => {
  const facts = { model: 'latency', base: { kind: 'imagenet' }, measured: [measured('val', MANY)] } as const;
  const result = {
    out: 'out',
    recipe: 'latency',
    card: 'card',
    kept,
    ...ofImages,
    hasNamespace: false,
  } as const;
  const command = 'kubectl apply -f dist/latency-single-pod.k8s.yaml';
  expect(resultLines(facts, result).at(-1)).toBe(`  ${command}`);
  expect(resultEvent(facts, result)).toMatchObject({ next: expect.arrayContaining([command]) as string[] });
});

test('for a reader of JSON Lines too, a better epoch is named, and the calibration comes before the container image', () => {
  const facts = { model: 'latency', base: { kind: 'imagenet' }, measured: [measured('val', MANY)] } as const;
  const result = { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages } as const;
  expect(resultEvent(facts, { ...result, betterEpoch })).toMatchObject({
    betterEpoch: { epoch: 12, valAccuracy: 0.9, lastValAccuracy: 0.5 },
    next: [
      'npx tandem serve out',
      'npx tandem predict out IMAGE',
      'npx tandem export out --precision int8 --calibrate photos',
      'npm run image -- out',
      'npm run synth',
      expect.any(String),
    ],
  });
});

test('without a test split, the accuracy is named after the split that was measured', () => {
  const facts = {
    model: 'latency',
    base: { kind: 'imagenet' },
    measured: [measured('val', [0, 1])],
  } as const;
  const [first] = resultLines(facts, { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages });
  expect(first).toMatch(/^val accuracy: 50\.0 %/);
});

test('a model that may only guess is no success, and the end of the training says so', () => {
  const guessing = measured(
    'test',
    BALANCED,
    BALANCED.map((_, i) => i % 2),
  );
  expect(chanceWarning(guessing.evaluation)).toMatch(
    /^this may be no better than chance: a model that always answers the most common class is right on 50\.0 %; .*--weights imagenet/,
  );
  const facts = { model: 'latency', base: { kind: 'imagenet' }, measured: [guessing] } as const;
  expect(resultLines(facts, { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages })[1]).toMatch(
    /^this may be no better/,
  );
  expect(
    resultEvent(facts, { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages }),
  ).toHaveProperty('warning');
  // Of a set with a common class, even a high accuracy may be chance.
  expect(chanceWarning(evaluated([...BALANCED.map(() => 0), 1]))).toContain('92.3 %');
});

test('a training from the demo’s base ends with what that base is worth', () => {
  const facts = {
    model: 'flowers',
    base: { kind: 'demo' },
    measured: [measured('test', BALANCED, ONE_WRONG)],
  } as const;
  expect(resultLines(facts, { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages })[1]).toMatch(
    /^Its base was pretrained on procedural surfaces, not on photographs/,
  );
});

test('a better epoch than the kept one is named before the model card', () => {
  const facts = {
    model: 'latency',
    base: { kind: 'imagenet' },
    measured: [measured('test', BALANCED, ONE_WRONG)],
  } as const;
  const result = { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages } as const;
  expect(resultLines(facts, { ...result, betterEpoch }).slice(1, 3)).toEqual([
    expect.stringMatching(/^epoch 12 of fine-tuning had the best val accuracy, 90\.0 %; .* has 50\.0 %/),
    'model card: card',
  ]);
});

test.each([
  ['a calibration of these weights made int8 the default', { verdict: 'passed', images: 600 }, true, []],
  [
    'a calibration of these weights was refused',
    { verdict: 'failed', images: 600 },
    true,
    ['It is served at fp32, since int8 costs it too much accuracy (docs/serving.md#precision)'],
  ],
  ['this CPU is slow at int8', undefined, false, ['It is served at fp32, since this CPU is slow at int8']],
] as const)('no calibration is advised if %s', (_, int8Cost, fastInt8, expected) => {
  const facts = { model: 'latency', base: { kind: 'imagenet' }, measured: [measured('val', MANY)] } as const;
  const result = { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages } as const;
  const lines = resultLines(facts, { ...result, int8Cost, fastInt8 });
  expect(lines.filter((line) => /fp32|int8/.test(line))).toEqual(expected);
});

test('fewer images than the gate of int8 needs are counted, and more are asked for', () => {
  const facts = {
    model: 'latency',
    base: { kind: 'imagenet' },
    measured: [measured('val', [0, 1]), measured('test', BALANCED)],
  } as const;
  const lines = resultLines(facts, { out: 'out', recipe: 'latency', card: 'card', kept, ...ofImages });
  expect(lines.filter((line) => /fp32|int8/.test(line))).toEqual([
    'It is served at fp32, since 14 images are too few to tell what int8 costs; with 500 or more that did not train it: npx tandem export out --precision int8 --calibrate IMAGES',
  ]);
});
