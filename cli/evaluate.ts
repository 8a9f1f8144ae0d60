/**
 * `tandem evaluate`: measures saved models on labelled images.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

import { type Command, Option } from 'commander';

import { MODEL_IDS } from '../models/catalog';
import { EVALUATED_SPLITS, type EvaluatedSplit, type SplitShares } from '../models/data/dataset-splits';
import {
  DEFAULT_PRECISION,
  describeEngine,
  type EngineKind,
  type Precision,
  PRECISIONS,
  PRECISIONS_OF,
} from '../models/engines/engine';
import { DEMO_MODELS_DIR, readSavedModel } from '../models/weights/saved-model';
import {
  DEFAULT_ENGINE,
  type Defaults,
  engineOption,
  isSavedModel,
  MODEL_ARGUMENT,
  modelFolder,
  note,
  path,
  splitSharesOption,
  wholeNumberFrom,
} from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

/** What `--precision` takes: a precision, or those of graphs side by side. */
const MEASURED = [...PRECISIONS, 'both'] as const;

const precisionsOf = (measured: (typeof MEASURED)[number]) =>
  measured === 'both' ? PRECISIONS_OF.onnxruntime : [measured];

interface EvaluateOptions {
  readonly engine: EngineKind;
  readonly precision: (typeof MEASURED)[number];
  readonly data?: string;
  readonly split?: EvaluatedSplit;
  readonly seed?: number;
  readonly splitShares?: SplitShares;
  readonly allowLeakage?: true;
  readonly card?: true;
  readonly writeCard?: true;
  readonly json?: true;
}

async function evaluateModels(models: string[], options: EvaluateOptions, defaults: Defaults): Promise<void> {
  const {
    data,
    split,
    seed,
    splitShares,
    engine,
    precision,
    allowLeakage = false,
    card,
    writeCard,
    json,
  } = options;
  if (data === undefined) {
    await evaluateDemoModel(models, options, defaults);
    return;
  }
  const ofDemo = card ? '--card' : writeCard ? '--write-card' : undefined;
  if (ofDemo !== undefined) {
    throw new RangeError(`${ofDemo} is for a demo model on its own images: leave out ${ofDemo} or --data`);
  }
  const { progressReporter } = require('./progress') as typeof import('./progress.js');
  const { compareModels, formatComparison } =
    require('../models/report/compare-models') as typeof import('../models/report/compare-models.js');
  const { threads, onnxCacheDir } = defaults;
  const measured = await compareModels(
    models.map((model) => modelFolder(model, defaults)),
    {
      data,
      split,
      allowLeakage,
      engine,
      threads,
      onnxCacheDir,
      precisions: precisionsOf(precision),
      ...(seed === undefined ? {} : { seed }),
      ...(splitShares === undefined ? {} : { splitShares }),
      ...progressReporter({ isTerminal: process.stderr.isTTY, json: false, stream: process.stderr }),
    },
  );
  console.log(json ? JSON.stringify(measured) : formatComparison(measured));
}

/** The folder of a model; the demo's own for a demo model's name that no model in MODELS_DIR has. */
function modelOrDemo(text: string, defaults: Defaults): string {
  const isFound = [text, join(defaults.modelsDir, text)].some(isSavedModel);
  return !isFound && MODEL_IDS.some((id) => id === text)
    ? join(DEMO_MODELS_DIR, text)
    : modelFolder(text, defaults);
}

/**
 * The folder of the demo model that is named: its own images say nothing about other weights of the same name, and its card
 * must not be overwritten with their figures.
 *
 * @throws RangeError if it is another model's, or not one model
 */
function demoFolder(models: readonly string[], defaults: Defaults): string {
  const [first] = models;
  const folder = models.length === 1 ? modelOrDemo(first!, defaults) : undefined;
  const demo = MODEL_IDS.map((id) => join(DEMO_MODELS_DIR, id));
  if (folder !== undefined && demo.some((each) => realpathSync(each) === realpathSync(folder))) return folder;
  const received =
    folder === undefined || folder === first ? models.join(', ') : `${first}, which is ${folder}`;
  throw new RangeError(
    `without --data the model must be one demo model, ${MODEL_IDS.join(' or ')}, received ${received}: name the folder of images with --data, or name one demo model`,
  );
}

async function evaluateDemoModel(
  models: string[],
  {
    split,
    seed,
    splitShares,
    allowLeakage,
    engine: kind,
    precision,
    card,
    writeCard: write,
    json,
  }: EvaluateOptions,
  defaults: Defaults,
): Promise<void> {
  const ofData = {
    '--split': split,
    '--seed': seed,
    '--split-shares': splitShares,
    '--allow-leakage': allowLeakage,
  };
  const unused = Object.entries(ofData).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (unused.length > 0) {
    throw new RangeError(
      `${unused.join(' and ')} cannot be used without --data: name the folder of images with --data, or leave out ${unused.join(' and ')}`,
    );
  }
  const modelDir = demoFolder(models, defaults);
  if (write && precision !== DEFAULT_PRECISION) {
    throw new RangeError(
      `--write-card is for ${DEFAULT_PRECISION}, received --precision ${precision}: \`npm run demo:int8\` writes what int8 costs`,
    );
  }
  if (card && precision === 'both') {
    throw new RangeError(
      '--card shows one precision, received --precision both: leave out --card, or choose one',
    );
  }
  const { compareDemoPrecisions, evaluateDemo, modelCard, resultTable, writeCard } =
    require('../models/demo/evaluate') as typeof import('../models/demo/evaluate.js');
  const { loadEngine } = require('../models/engines/load') as typeof import('../models/engines/load.js');
  const { threads, onnxCacheDir } = defaults;
  const saved = readSavedModel(modelDir);
  const load = (at: Precision) =>
    loadEngine({ kind, modelDir: saved.folder, threads, precision: at, onnxCacheDir });
  if (precision === 'both') {
    const cost = await compareDemoPrecisions(await load('fp32'), await load('int8'), (done, count) => {
      if (done % 50 === 0) note(`${done}/${count} images`);
    });
    const { describeCost } =
      require('../models/report/int8-section') as typeof import('../models/report/int8-section.js');
    console.log(json ? JSON.stringify(cost) : `Measured: ${describeCost(cost)}. Gate: ${cost.verdict}.`);
    return;
  }
  const engine = await load(precision);
  note(describeEngine(engine));
  const measured = await evaluateDemo(saved, engine, (done, count) => {
    if (done % 50 === 0) note(`${done}/${count} images`);
  });
  await engine.dispose();
  if (write) note(`wrote ${writeCard(saved, measured)}`);
  if (json) console.log(JSON.stringify(measured));
  else console.log(card ? modelCard(saved, measured) : resultTable(saved, measured));
}

/** Adds the command. */
export function addEvaluate(program: Command, defaults: () => Defaults): void {
  program
    .command('evaluate')
    .description('measure saved models on labelled images, or a demo model on its own test split')
    .argument('<models...>', MODEL_ARGUMENT)
    .option(
      '--data <folder>',
      'labelled images, in folders as for train (default for one demo model: its own test images)',
      path,
    )
    .addOption(
      new Option(
        '--split <split>',
        'with --data: what to measure (default: test if the folder has splits or a model was trained on these images, else all)',
      ).choices(EVALUATED_SPLITS),
    )
    .option(
      '--seed <number>',
      'with --data: seed that draws the splits, or a val that is missing (default: the seed of a training on these images)',
      wholeNumberFrom(0),
    )
    .addOption(
      splitSharesOption('with --data: shares of the splits that --seed draws, if the training had its own'),
    )
    .option('--allow-leakage', 'with --data: measure even if images of one split are in another split')
    .addOption(engineOption().default(DEFAULT_ENGINE))
    .addOption(
      new Option(
        '--precision <precision>',
        'precision to measure at; both: fp32 and int8 side by side, on the same images',
      )
        .choices(MEASURED)
        .default(DEFAULT_PRECISION),
    )
    .addOption(
      new Option('--card', 'for a demo model: print its model card instead of a table').conflicts('json'),
    )
    .option('--write-card', 'for a demo model: write model-card.md and evaluation.json into its folder')
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nExample: npx tandem evaluate trained/latency trained/other --data photos --split test',
    )
    .action((models: string[], options: EvaluateOptions) => evaluateModels(models, options, defaults()));
}
