import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';

import { fakeEngine } from '../../support/fake-engine';
import type { Int8File } from '../../../models/engines/onnxruntime/int8-file';
import { evaluateDataset } from '../../../models/evaluation/evaluate-dataset';
import { evaluate } from '../../../models/evaluation/evaluation';
import { int8Section, withInt8Section } from '../../../models/report/int8-section';
import { describeAugmentation, modelCard } from '../../../models/report/model-card';
import { DEFAULT_SHARES, type SplitShares } from '../../../models/data/dataset-splits';
import { evaluateCommand, type ModelCardFacts, type StageFacts } from '../../../models/report/model-facts';
import { limits } from '../../../models/report/model-limits';
import { AUGMENTATION } from '../../../models/recipes';
import { REPORT_FILES } from '../../../models/report-files';
import { type ReportInput, writeReport } from '../../../models/report/report';

/** 40 images of glass, 30 of them correct; 10 of paper | card, all correct; each with a confidence of 0.8. */
const EVALUATION = evaluate(
  Array.from({ length: 50 }, (_, i) => (i < 40 ? 0 : 1)),
  Float32Array.from(Array.from({ length: 50 }, (_, i) => (i < 30 ? [0.8, 0.2] : [0.2, 0.8])).flat()),
  2,
);

const FACTS: ModelCardFacts = {
  model: 'latency',
  architecture: 'mobilenetv2',
  classes: ['glass', 'paper | card'],
  base: { kind: 'imagenet', sha256: 'b'.repeat(64), origin: 'Keras Applications, no top' },
  preprocessing: 'zero-to-one',
  weightsSha256: 'a'.repeat(64),
  data: {
    name: 'waste',
    sha256: 'd'.repeat(64),
    splitBy: 'folders',
    counts: { train: [400, 100], val: [40, 10], test: [40, 10] },
  },
  seed: 7,
  stages: [
    {
      stage: 'head',
      epochsPlanned: 30,
      epochsDone: 30,
      learningRate: 0.001,
      schedule: 'constant',
      layersUnfrozen: 0,
      keptEpoch: 28,
      seconds: 600,
    },
    {
      stage: 'fineTune',
      epochsPlanned: 100,
      epochsDone: 60,
      learningRate: 0.0005,
      schedule: 'cosine',
      layersUnfrozen: 5,
      seconds: 1230,
    },
  ],
  batchSize: 32,
  classWeights: [0.75, 2.5],
  labelSmoothing: 0,
  augmentation: AUGMENTATION,
  batchNorm: 'inference',
  versions: { tandem: '0.1.0', tfjs: '4.22.0', onnxruntime: '1.30.0', node: '22.0.0' },
  measured: [
    { split: 'val', engine: 'onnxruntime 1.30.0', evaluation: { ...EVALUATION, accuracy: 0.99 } },
    { split: 'test', engine: 'onnxruntime 1.30.0', evaluation: EVALUATION },
  ],
  mistakes: [{ file: 'glass/a_b_c.jpg', index: 30, label: 0, predicted: 1, confidence: 0.8 }],
  charts: { training: 'training.svg', confusion: 'confusion.svg', mistakes: 'mistakes.jpg' },
  command: 'npx tandem evaluate out --data waste --split test',
};

const CALIBRATION: Int8File = {
  ...{ format: 'tandem-int8', formatVersion: 1, modelSha256: 'e'.repeat(64) },
  ...{ method: 'min-max', images: 4, ranges: {} },
  cost: {
    ...{ images: 600, accuracyFp32: 0.9, accuracyInt8: 0.9, sameTop1: 1, verdict: 'passed' },
    differenceInterval95: [-0.01, 0.01],
  },
};

/** Cells of the row of a table that begins with `first`. */
const row = (card: string, first: string) =>
  card
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((part) => part.trim()))
    .find((cells) => cells[1] === first)
    ?.slice(1, -1);

test('the card states the measured figures, the test split’s first, with its interval', () => {
  const card = modelCard(FACTS);
  expect(card).toContain(
    '**Measured** accuracy on the test split: **80.0 %** (95 % interval 67.0 % to 88.8 %, 50',
  );
  expect(row(card, 'val')?.slice(0, 3)).toEqual(['val', '50', '99.0 %']);
  expect(row(card, 'test')).toEqual([
    'test',
    '50',
    '80.0 %',
    '67.0 % to 88.8 %',
    '0.762',
    // 0.8 ln 0.8 + 0.2 ln 0.2 is -0.5004.
    '0.500',
    '0.0 %',
    'onnxruntime 1.30.0',
  ]);
  expect(card).toContain('Always predicting the most common class would reach 80.0 % on the test split.');
  expect(card).toContain('`npx tandem evaluate out --data waste --split test`');
});

test('the card states the calibration before and after temperature scaling', () => {
  expect(modelCard(FACTS)).not.toContain('Temperature scaling');
  const before = [{ split: 'test', expectedCalibrationError: 0.124, logLoss: 0.6 }] as const;
  const card = modelCard({ ...FACTS, temperature: { value: 0.5123, before } });
  expect(card).toContain('the outputs of the head are divided by 0.512.');
  const table = card.split('Temperature scaling')[1]!;
  expect(row(table, 'test')).toEqual(['test', '12.4 %', '0.0 %', '0.600', '0.500']);
});

test('the card has a row for each class', () => {
  const table = modelCard(FACTS).split('By class, on the test split:')[1]!;
  expect(row(table, 'glass')).toEqual(['glass', '40', '100.0 %', '75.0 %', '59.8 % to 85.8 %', '0.857']);
  expect(row(table, 'paper \\| card')).toEqual([
    'paper \\| card',
    '10',
    '50.0 %',
    '100.0 %',
    '72.2 % to 100.0 %',
    '0.667',
  ]);
});

test('the card states the origin of the model and its training', () => {
  const card = modelCard(FACTS);
  expect(card).toContain(`- Base: \`imagenet\`, Keras Applications, no top, SHA-256 \`${'b'.repeat(64)}\``);
  expect(card).toContain(`- Weights: SHA-256 \`${'a'.repeat(64)}\``);
  expect(card).toContain(`waste, SHA-256 \`${'d'.repeat(64)}\``);
  expect(card).toContain('- Made with: tandem 0.1.0, tfjs 4.22.0, onnxruntime 1.30.0, node 22.0.0');
  expect(row(card, '**all**')).toEqual(['**all**', '500', '50', '50']);
  expect(row(card, 'head')).toEqual(['head', '30 of 30', '28', '0.001', '0', '32', '10.0']);
  expect(row(card, 'fine-tuning')).toEqual([
    'fine-tuning',
    '60 of 100',
    '60',
    '0.0005, cosine to 0',
    '5',
    '32',
    '20.5',
  ]);
  expect(card).toContain('- Class weights: glass 0.75, paper \\| card 2.50');
  expect(card).toContain('- Seed: 7');
  expect(card).toContain('which do not change; scale and offset of un-frozen layers are trained');
});

test('the card states what the checksum of the data covers: the split only if folders split the data set', () => {
  expect(modelCard(FACTS)).toContain(
    'of the bytes and path of every image; the path contains split and class.',
  );
  const bySeed = modelCard({ ...FACTS, data: { ...FACTS.data, splitBy: 'seed' } });
  expect(bySeed).toContain(
    'of the bytes and path of every image; the path contains the class; split by seed 7.',
  );
  const splitShares = { train: 0.8, val: 0.1, test: 0.1 };
  expect(modelCard({ ...FACTS, data: { ...FACTS.data, splitBy: 'seed', splitShares } })).toContain(
    'split by seed 7 into 80.0 % train, 10.0 % val, 10.0 % test.',
  );
  expect(modelCard({ ...FACTS, data: { ...FACTS.data, splitShares } })).toContain(
    'there is no folder for val: seed 7 drew it from the folder of train, by the shares 80.0 % train, 10.0 % val, 10.0 % test.',
  );
});

test('the command that repeats the measurement has --seed, --split-shares and --allow-leakage only where they matter', () => {
  const command = (splitBy: 'folders' | 'seed', leakage: boolean) =>
    evaluateCommand({ name: 'waste', splitBy }, { seed: 7, leakage });
  expect(command('folders', false)).toBe('npx tandem evaluate FOLDER --data waste');
  expect(command('seed', false)).toBe('npx tandem evaluate FOLDER --data waste --seed 7');
  expect(command('folders', true)).toBe('npx tandem evaluate FOLDER --data waste --allow-leakage');
  const facts = { seed: 7, leakage: false, hasTest: false };
  const withShares = (splitShares: SplitShares) =>
    evaluateCommand({ name: 'waste', splitBy: 'seed', splitShares }, { seed: 7, leakage: false });
  expect(withShares(DEFAULT_SHARES)).toBe(command('seed', false));
  expect(withShares({ train: 0.8, val: 0.1, test: 0.1 })).toBe(
    'npx tandem evaluate FOLDER --data waste --seed 7 --split-shares 0.8,0.1,0.1',
  );
  expect(evaluateCommand({ name: 'waste', splitBy: 'folders' }, facts)).toBe(
    'npx tandem evaluate FOLDER --data waste --split val',
  );
  // A val that was drawn: the command measures test.
  const splitShares = { train: 0.8, val: 0.1, test: 0.1 };
  const drawnVal = evaluateCommand(
    { name: 'waste', splitBy: 'folders', splitShares },
    { seed: 7, leakage: false },
  );
  expect(drawnVal).toBe(command('folders', false));
});

test.each([
  ['images-2.v1', 'images-2.v1'],
  ['my images', "'my images'"],
  ["Ann's $HOME; ls", "'Ann'\\''s $HOME; ls'"],
  ['', "''"],
])('a data set named %j survives the shell', (name, quoted) => {
  const command = evaluateCommand({ name, splitBy: 'folders' }, { seed: 7, leakage: true });
  expect(command).toBe(`npx tandem evaluate FOLDER --data ${quoted} --allow-leakage`);
  const words = execFileSync('sh', ['-c', command.replace('npx', String.raw`printf '%s\n'`)], {
    encoding: 'utf8',
  });
  expect(words.split('\n').slice(3, -1)).toEqual(['--data', name, '--allow-leakage']);
});

test('the card states the input range of the model', () => {
  expect(modelCard(FACTS)).toContain('input 224 x 224 x 3, RGB in [0, 1]');
  const shifted = modelCard({ ...FACTS, preprocessing: 'minus-one-to-one' });
  expect(shifted).toContain('input 224 x 224 x 3, RGB in [-1, 1]');
});

test('the card shows the charts that exist, and lists the mistakes', () => {
  const card = modelCard(FACTS);
  expect(Array.from(card.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g), ([, file]) => file)).toEqual([
    'confusion.svg',
    'training.svg',
    'mistakes.jpg',
  ]);
  expect(row(card, 'glass/a\\_b\\_c.jpg')).toEqual([
    'glass/a\\_b\\_c.jpg',
    'glass',
    'paper \\| card',
    '80.0 %',
  ]);
  expect(modelCard({ ...FACTS, mistakes: [] })).not.toContain('Most confident mistakes');
});

test('the reference’s augmentation is described in full', () => {
  expect(describeAugmentation(AUGMENTATION)).toBe(
    'rotation ±10°, zoom ±10 %, shift ±10 % of the width and ±10 % of the height, shear ±0.1°, horizontal flip, vertical flip, brightness 0.8 to 1.2, channel shift ±20 grey levels, nearest fill',
  );
  const words = describeAugmentation({ ...AUGMENTATION, verticalFlip: false, zoomRange: 0.07 });
  expect(words).not.toContain('vertical');
  expect(words).toContain('zoom ±7 %');
});

test('the limits follow from the facts', () => {
  expect(limits(FACTS)).toEqual([
    'Intended for images like those of waste; its accuracy on other images was not measured.',
    'It always predicts one of its 2 classes, even if the image shows none of them.',
    'Weakest class: glass, with a recall of 75.0 %; 10 of its 40 images are classified as paper \\| card.',
    'The test split has fewer than 30 images of: paper \\| card (10). The figures of these classes are uncertain.',
    'The training split has far fewer images of paper \\| card (100) than of glass (400); class weights compensated for this.',
    'Trained for less than the whole recipe: the stage fine-tuning ended after 60 of 100 epochs.',
  ]);
});

test('a limit that does not follow from the facts is not stated', () => {
  const perfect = evaluate(
    Array.from({ length: 60 }, (_, i) => i % 2),
    Float32Array.from(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? [1, 0] : [0, 1])).flat()),
    2,
  );
  const facts: ModelCardFacts = {
    ...FACTS,
    measured: [{ split: 'test', engine: 'fake', evaluation: perfect }],
    data: { ...FACTS.data, counts: { train: [200, 100] } },
    stages: FACTS.stages.slice(0, 1),
  };
  expect(limits(facts)).toHaveLength(2);
});

test('miscalibration, a base without photographs and a missing test split are stated', () => {
  const named = (change: Partial<ModelCardFacts>) => limits({ ...FACTS, ...change }).join('\n');
  const evaluation = { ...EVALUATION, meanConfidence: 0.9 };
  expect(named({ measured: [{ split: 'test', engine: 'fake', evaluation }] })).toContain(
    'It is overconfident: its mean confidence is 90.0 %, its accuracy 80.0 %.',
  );
  expect(
    named({ measured: [{ split: 'val', engine: 'f', evaluation: { ...evaluation, meanConfidence: 0.7 } }] }),
  ).toContain('It is underconfident');
  expect(named({ measured: FACTS.measured.slice(0, 1) })).toContain('No test split was measured');
  const onVal = (change: Partial<ModelCardFacts>) =>
    named({ measured: FACTS.measured.slice(0, 1), ...change });
  const [kept, plain] = FACTS.stages as [StageFacts, StageFacts];
  const temperature = { value: 2, before: [] };
  expect(onVal({ stages: [kept] })).toContain('images also chose the epoch, so their');
  expect(onVal({ stages: [{ ...plain, stoppedEarly: true }] })).toContain('images also chose the epoch, so');
  expect(onVal({ stages: [plain], temperature })).toContain('images also chose the temperature, so their');
  expect(onVal({ stages: [kept], temperature })).toContain('also chose the epoch and the temperature, so');
  expect(onVal({ stages: [plain] })).toContain('only val. It chose nothing in this training;');
  expect(named({ base: { kind: 'demo', origin: 'embedded' } })).toContain(
    'pretrained on procedural surfaces',
  );
  expect(named({ base: { kind: 'seed', origin: 'seed 1' } })).toContain('Its base is random');
  expect(() => modelCard({ ...FACTS, measured: [] })).toThrow('needs a measured split, received none');
});

describe('a report', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-report-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('has its card, figures, charts and sheet of mistakes in the folder of the model', async () => {
    const items = [];
    for (const [name, grey, label] of [
      ['white', 255, 0],
      ['black', 0, 1],
      ['light', 204, 1],
    ] as const) {
      const path = join(folder, `${name}.png`);
      const background = { r: grey, g: grey, b: grey };
      await sharp({ create: { width: 30, height: 40, channels: 3, background } }).toFile(path);
      items.push({ path, label });
    }
    const measured = await evaluateDataset(fakeEngine(FACTS.classes), items, { maxPixels: 10_000 });
    const epoch = { loss: 1, accuracy: 0.5, valLoss: 1, valAccuracy: 0.4, learningRate: 0.01, seconds: 3 };
    const input: ReportInput = {
      folder,
      facts: { ...FACTS, measured: [{ split: 'test', engine: 'fake', evaluation: measured.evaluation }] },
      history: [{ ...epoch, stage: 'head', epoch: 1, at: '2026-01-02T03:04:05.000Z' }],
      items,
      measured,
      nameOf: (path) => path.slice(folder.length + 1),
      maxPixels: 10_000,
    };
    const report = await writeReport(input);
    expect(readdirSync(folder).filter((file) => !file.endsWith('.png'))).toEqual(
      Object.values(REPORT_FILES).sort(),
    );
    expect(report.facts.mistakes).toEqual([
      { file: 'light.png', index: 2, label: 1, predicted: 0, confidence: expect.closeTo(0.8, 4) },
    ]);
    expect(JSON.parse(readFileSync(join(folder, REPORT_FILES.figures), 'utf8'))).toEqual({
      format: 'tandem-evaluation',
      formatVersion: 1,
      ...report.facts,
    });
    expect(readFileSync(report.card, 'utf8')).toBe(modelCard(report.facts));
    const linked = Array.from(
      readFileSync(report.card, 'utf8').matchAll(/\]\(([^)]+)\)/g),
      ([, file]) => file!,
    );
    for (const file of linked) expect(readdirSync(folder)).toContain(file);
    expect(linked).toHaveLength(4);

    // A training that is finished again keeps what its calibration wrote.
    const { card } = await writeReport({ ...input, int8: CALIBRATION });
    expect(readFileSync(card, 'utf8')).toBe(
      withInt8Section(modelCard(report.facts), int8Section(CALIBRATION)),
    );
    expect(readFileSync(card, 'utf8')).toContain('## Precision');
  });
});
