import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { RECIPES, TUNED_RECIPES } from '../../models/recipes';
import { baseFacts } from '../../models/report/model-facts';
import { CHECKPOINT_NAME } from '../../models/training/checkpoint';
import { resolveBase } from '../../models/training/resolve-base';
import {
  checkEffect,
  howToGoOn,
  recipeNamed,
  recipeOf,
  train,
  type TrainOptions,
} from '../../cli/train-action';
import { describeTrain, recipeDefault } from '../../cli/train';

/** The options as commander parses them. */
async function optionsOf(...words: string[]): Promise<TrainOptions> {
  let found: TrainOptions | undefined;
  const command = describeTrain(new Command('train'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action((_model: string, options: TrainOptions) => void (found = options));
  await command.parseAsync(['latency', '--data', 'd', '--out', 'o', ...words], { from: 'user' });
  return found!;
}

test('without options the recipe is the one in RECIPES', async () => {
  const options = await optionsOf();
  expect(recipeOf(RECIPES.latency, options)).toEqual(RECIPES.latency);
  expect(recipeOf(RECIPES.accuracy, options)).toEqual(RECIPES.accuracy);
  expect(options).toMatchObject({ weights: 'imagenet', augment: true, batchNorm: 'inference', keep: 'last' });
});

test('on a Node that training cannot run on, that is what the command says first', async () => {
  const options = await optionsOf('--resume');
  // Read-only, so that Jest cannot restore it.
  const before = Object.getOwnPropertyDescriptor(process, 'versions')!;
  Object.defineProperty(process, 'versions', { ...before, value: { ...process.versions, node: '24.1.0' } });
  try {
    await expect(train('latency', options, { threads: 1, onnxCacheDir: 'none' })).rejects.toThrow(
      /^training and engine tfjs-node need Node 20 or 22, this is Node 24\.1\.0: repeat the command with Node 22$/,
    );
  } finally {
    Object.defineProperty(process, 'versions', before);
  }
});

test('a setting that the last commands of a training depend on is refused before the training', async () => {
  const options = await optionsOf();
  process.env['TANDEM_CREATE_NAMESPACE'] = 'perhaps';
  const before = Object.getOwnPropertyDescriptor(process, 'versions')!;
  Object.defineProperty(process, 'versions', { ...before, value: { ...process.versions, node: '22.13.0' } });
  try {
    await expect(train('latency', options, { threads: 1, onnxCacheDir: 'none' })).rejects.toThrow(
      'TANDEM_CREATE_NAMESPACE must be one of true, false, received perhaps',
    );
  } finally {
    Object.defineProperty(process, 'versions', before);
    delete process.env['TANDEM_CREATE_NAMESPACE'];
  }
});

test('the help has the defaults of the recipes', () => {
  expect(recipeDefault(({ head }) => head.epochs)).toBe(
    '(default: 39 for accuracy, 30 for latency; 10 for latency with --recipe tuned)',
  );
  expect(recipeDefault(({ batchSize }) => batchSize)).toBe('(default: 32)');
  const help = describeTrain(new Command('train')).configureHelp({ helpWidth: 1000 }).helpInformation();
  expect(help).not.toMatch(/undefined|the recipe’s\)/);
  expect(help).toMatch(/--label-smoothing .* \(default: 0; 0\.1 for latency with --recipe tuned\)/);
  expect(help).toMatch(
    /--schedule .* within both stages \(default: constant; cosine in the head, constant in fine-tuning for accuracy, cosine for latency with --recipe tuned\)/,
  );
});

test('shares of the splits are read, and refused with what they must be', async () => {
  const splitShares = { train: 0.8, val: 0.1, test: 0.1 };
  expect(await optionsOf('--split-shares', '0.8,0.1,0.1')).toMatchObject({ splitShares });
  await expect(optionsOf('--split-shares', '0.8,0.1')).rejects.toThrow(
    'splitShares must be 3 numbers for train, val, test, received 2.',
  );
});

test('the trained model may have a name of its own', async () => {
  expect(await optionsOf('--name', 'flowers-2')).toMatchObject({ name: 'flowers-2' });
  expect(await optionsOf()).not.toHaveProperty('name');
});

test('--recipe tuned names the tuned recipe of each model', async () => {
  const { recipe } = await optionsOf('--recipe', 'tuned');
  expect(recipeNamed(recipe, 'latency')).toBe(TUNED_RECIPES.latency);
  expect(recipeNamed(recipe, 'accuracy')).toBe(TUNED_RECIPES.accuracy);
  expect(recipeNamed('reference', 'accuracy')).toBe(RECIPES.accuracy);
});

test('the tuned recipe of accuracy is the reference’s but for what was measured: a cosine for the head', () => {
  const { head, ...rest } = TUNED_RECIPES.accuracy;
  const { head: referenceHead, ...referenceRest } = RECIPES.accuracy;
  expect(head).toEqual({ ...referenceHead, schedule: 'cosine' });
  expect(rest).toEqual(referenceRest);
});

test('a training that was stopped says how to go on, and names --finish only if there is a checkpoint', () => {
  const out = mkdtempSync(join(tmpdir(), 'tandem-stopped-'));
  try {
    // A history is there from the start.
    writeFileSync(join(out, 'history.jsonl'), '');
    expect(howToGoOn(out)).toBe('stopped before the first epoch ended; repeat the command');
    writeFileSync(join(out, CHECKPOINT_NAME), '');
    expect(howToGoOn(out)).toMatch(/--resume, or end with it and --finish best$/);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('options override every number of the recipe', async () => {
  const options = await optionsOf(
    ...['--head-epochs', '2', '--head-learning-rate', '0.1', '--fine-tune-epochs', '0'],
    ...['--fine-tune-learning-rate', '1e-4', '--layers-unfrozen', '9', '--batch-size', '16'],
    ...['--label-smoothing', '0.1', '--schedule', 'cosine'],
    ...['--preprocessing', 'minus-one-to-one'],
  );
  expect(recipeOf(RECIPES.latency, options)).toEqual({
    head: { epochs: 2, learningRate: 0.1, schedule: 'cosine' },
    fineTune: { epochs: 0, learningRate: 0.0001, layersUnfrozen: 9, schedule: 'cosine' },
    preprocessing: 'minus-one-to-one',
    batchSize: 16,
    labelSmoothing: 0.1,
  });
});

test.each([
  [
    ['--head-epochs', '0', '--fine-tune-epochs', '0'],
    '--head-epochs and --fine-tune-epochs must not both be 0',
  ],
  [
    ['--fine-tune-epochs', '0', '--layers-unfrozen', '9'],
    '--layers-unfrozen 9 has no effect with --fine-tune-epochs 0: leave out',
  ],
  [
    ['--fine-tune-epochs', '0', '--fine-tune-learning-rate', '0.1'],
    '--fine-tune-learning-rate 0.1 has no effect',
  ],
  [['--fine-tune-epochs', '0', '--batch-norm', 'batch'], '--batch-norm batch has no effect'],
  [
    ['--head-epochs', '0', '--head-learning-rate', '0.1'],
    '--head-learning-rate 0.1 has no effect with --head-epochs 0',
  ],
])('%j train nothing, or do nothing, and are refused', async (words, message) => {
  const options = await optionsOf(...words);
  expect(() => checkEffect(recipeOf(RECIPES.latency, options), options)).toThrow(message);
});

test('a stage without epochs is accepted without options of its own', async () => {
  for (const flag of ['--head-epochs', '--fine-tune-epochs']) {
    const options = await optionsOf(flag, '0');
    expect(() => checkEffect(recipeOf(RECIPES.latency, options), options)).not.toThrow();
  }
});

test.each([
  ['--head-epochs <count>', '1.5', 'It must be a whole number from 0'],
  ['--layers-unfrozen <count>', '-1', 'It must be a whole number of at least 0'],
  ['--batch-size <count>', '0', 'It must be a whole number from 1'],
  ['--head-learning-rate <rate>', '-1', 'It must be a number from'],
  ['--label-smoothing <share>', '1', 'It must be a number from 0 to 0.99'],
  ['--seed <number>', '', 'It must be a whole number from 0'],
  ['--threads <count>', '100000', 'It must be a whole number from 1 to 256'],
  [
    '--architecture <id>',
    'vgg16',
    'Allowed choices are resnet101v2, resnet50v2, mobilenetv2, mobilenetv2_050',
  ],
  ['--batch-norm <mode>', 'frozen', 'Allowed choices are inference, batch'],
  ['--name <name>', 'Flowers', 'It must be at most 63 of a-z, 0-9 and -, not starting or ending with -'],
  ['--recipe <name>', 'best', 'Allowed choices are reference, tuned'],
  ['--preprocessing <range>', 'caffe', 'Allowed choices are zero-to-one, minus-one-to-one'],
  ['--keep <which>', 'all', 'Allowed choices are last, best'],
])('%s %j is refused, and the error says what it must be', async (option, value, remedy) => {
  const [flag] = option.split(' ');
  await expect(optionsOf(flag!, value)).rejects.toThrow(
    new RegExp(`^error: option '${option}' argument '${value}' is invalid. ${remedy}.*\\.$`),
  );
});

describe('--weights', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-weights-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const resolve = (text: string) => resolveBase(text, 'mobilenetv2', folder, () => undefined);

  test('accepts a seed', async () => {
    const base = await resolve('seed:12');
    expect(base).toEqual({ kind: 'seed', seed: 12 });
    expect(baseFacts(base)).toEqual({ kind: 'seed', origin: 'seed 12' });
  });

  test('accepts the demo base by checksum, and refuses an architecture without one', async () => {
    const base = await resolve('demo');
    expect(base).toMatchObject({ kind: 'demo', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await expect(resolveBase('demo', 'resnet50v2', folder, () => undefined)).rejects.toThrow(
      '--weights demo needs --architecture resnet101v2 or mobilenetv2, received resnet50v2: choose one of them, or --weights imagenet',
    );
  });

  test('accepts a file, which the card names without its folder', async () => {
    const file = join(folder, 'start.h5');
    writeFileSync(file, 'abc');
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const base = await resolve(file);
    expect(base).toEqual({ kind: 'file', file, sha256 });
    expect(baseFacts(base)).toEqual({ kind: 'file', sha256, origin: 'start.h5' });
  });

  test('refuses anything else', async () => {
    await expect(resolve('seed:x')).rejects.toThrow(
      /^--weights must be imagenet, demo, seed:N or an existing Keras file \(.h5 or .keras\), received seed:x$/,
    );
    await expect(resolve(folder)).rejects.toThrow(
      `--weights must be imagenet, demo, seed:N or an existing Keras file (.h5 or .keras), received ${folder}, which is not a file: name the file itself`,
    );
  });
});

test('the help of train names what must be built first', () => {
  const said: string[] = [];
  describeTrain(new Command('train'))
    .configureOutput({ writeOut: (text) => void said.push(text) })
    .outputHelp();
  expect(said.join('')).toContain('run `npm run build:tfjs-node` once');
});
