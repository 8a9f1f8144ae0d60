/**
 * The commands of models/: train, evaluate, predict, export, pack. Each loads what it needs only when it runs.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Command } from 'commander';

import { MODEL_IDS, PREPROCESSINGS } from '../models/catalog';
import { describeEngine, ENGINE_KINDS, type EngineKind } from '../models/engines/engine';
import { makeOut } from '../files/write';
import { engineKind, splitName, wholeNumber } from './options';
import { percent } from '../charts/percent';
import { describeTrain, type TrainOptions } from './train-options';
import { DEMO_MODELS_DIR, MANIFEST_NAME, readSavedModel } from '../models/weights/saved-model';
import type { EvaluatedSplit } from '../models/data/dataset-splits';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not pay for the others' libraries */

/** What the service's configuration decides for these commands too. */
export interface Defaults {
  readonly threads: number;
  /** Folder of saved models, one a model id. */
  readonly modelsDir: string;
  readonly onnxCacheDir: string;
}

const note = (sentence: string) => console.error(sentence);

const isFolder = (path: string) => existsSync(path) && statSync(path).isDirectory();

/** A saved model's folder, given as such or as a model id of the served ones. */
function modelFolder(text: string, { modelsDir }: Defaults): string {
  if (existsSync(join(text, MANIFEST_NAME))) return text;
  const id = MODEL_IDS.find((known) => known === text);
  if (id === undefined) {
    throw new RangeError(
      `the model must be one of ${MODEL_IDS.join(', ')}, or a folder with a ${MANIFEST_NAME}, received ${text}`,
    );
  }
  return join(modelsDir, id);
}

async function exportModels(
  models: string[],
  { out, h5 }: { out?: string; h5?: string },
  defaults: Defaults,
): Promise<void> {
  if (h5 !== undefined) {
    if (out !== undefined) {
      throw new RangeError(`--out is for graphs, and --h5 names its own file ${h5}: leave out one of them`);
    }
    await exportKeras(models, h5, defaults);
    return;
  }
  const { cachedGraph } =
    require('../models/engines/onnxruntime/graph-cache') as typeof import('../models/engines/onnxruntime/graph-cache.js');
  const { IR_VERSION, OPSET_VERSION } =
    require('../models/onnx/proto') as typeof import('../models/onnx/proto.js');
  if (out !== undefined) makeOut(out);
  const folder = out ?? defaults.onnxCacheDir;
  for (const model of models.length > 0 ? models : MODEL_IDS) {
    const { file, sha256, source } = await cachedGraph(modelFolder(model, defaults), folder);
    if (typeof source !== 'string') throw new Error(`${folder} cannot be written; choose another with --out`);
    console.log(
      `${file}  ${statSync(file).size} bytes  opset ${OPSET_VERSION}  IR ${IR_VERSION}  SHA-256 ${sha256}`,
    );
  }
}

async function pack(models: string[], { out }: { out: string }, defaults: Defaults): Promise<void> {
  const { checkDistinct, packSavedModel } =
    require('../models/weights/pack') as typeof import('../models/weights/pack.js');
  const folders = models.map((model) => modelFolder(model, defaults));
  checkDistinct(folders);
  makeOut(out);
  for (const folder of folders) console.log(await packSavedModel(folder, out));
}

async function exportKeras(models: string[], file: string, defaults: Defaults): Promise<void> {
  const [model] = models;
  if (model === undefined || models.length > 1) {
    throw new RangeError(`--h5 takes one model, received ${models.length}: name one`);
  }
  if (!isFolder(dirname(file)) || isFolder(file)) {
    throw new Error(
      `--h5 must be a file in a folder that is there, received ${file}: ${isFolder(file) ? 'name a file in it' : `make the folder ${dirname(file)}, or choose another`}`,
    );
  }
  const { loadClassifier } =
    require('../models/weights/load-classifier') as typeof import('../models/weights/load-classifier.js');
  const { writeKerasWeights } =
    require('../models/weights/keras-h5') as typeof import('../models/weights/keras-h5.js');
  const { expectedLayers } =
    require('../models/weights/keras-weight-layouts') as typeof import('../models/weights/keras-weight-layouts.js');
  const { readWeights } =
    require('../models/weights/weights') as typeof import('../models/weights/weights.js');
  const folder = modelFolder(model, defaults);
  const classifier = await loadClassifier(folder);
  await writeKerasWeights(file, expectedLayers(classifier), readWeights(classifier));
  classifier.dispose();
  const { preprocessing = 'zero-to-one' } = readSavedModel(folder);
  // A file of weights has no place for the layer that does this here.
  note(`give Keras' model its inputs in ${PREPROCESSINGS[preprocessing].range}`);
  console.log(file);
}

interface EvaluateOptions {
  readonly engine: EngineKind;
  readonly data?: string;
  readonly split?: EvaluatedSplit;
  readonly seed?: number;
  readonly allowLeakage?: true;
  readonly writeCard?: true;
  readonly json?: true;
}

async function evaluateModels(models: string[], options: EvaluateOptions, defaults: Defaults): Promise<void> {
  const { data, split = 'test', seed, engine, allowLeakage = false, writeCard, json } = options;
  if (data === undefined) {
    await evaluateDemoModel(models, options, defaults);
    return;
  }
  if (writeCard) {
    throw new RangeError(
      '--write-card is for a demo model on its own images: leave out --write-card, or leave out --data',
    );
  }
  const { progressReporter } = require('./progress') as typeof import('./progress.js');
  const { compareModels, formatComparison } =
    require('../models/report/compare-models') as typeof import('../models/report/compare-models.js');
  const { threads, onnxCacheDir } = defaults;
  const measured = await compareModels(
    models.map((model) => modelFolder(model, defaults)),
    {
      ...{ data, split, allowLeakage, engine, threads, onnxCacheDir },
      ...(seed === undefined ? {} : { seed }),
      ...progressReporter({ isTerminal: process.stderr.isTTY, json: false, stream: process.stderr }),
    },
  );
  console.log(json ? JSON.stringify(measured) : formatComparison(measured));
}

async function evaluateDemoModel(
  models: string[],
  { split, seed, allowLeakage, engine: kind, writeCard: write, json }: EvaluateOptions,
  { threads, onnxCacheDir }: Defaults,
): Promise<void> {
  const ofData = { '--split': split, '--seed': seed, '--allow-leakage': allowLeakage };
  const unused = Object.entries(ofData).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (unused.length > 0) {
    throw new RangeError(
      `${unused.join(' and ')} must come with --data, received none: give the images’ folder with --data, or leave out ${unused.join(' and ')}`,
    );
  }
  const id = MODEL_IDS.find((known) => known === models[0]);
  if (id === undefined || models.length > 1) {
    throw new RangeError(
      `without --data the model must be one demo model, ${MODEL_IDS.join(' or ')}, received ${models.join(', ')}: give the images’ folder with --data, or name one demo model`,
    );
  }
  const { evaluateDemo, modelCard, writeCard } =
    require('../models/demo/evaluate') as typeof import('../models/demo/evaluate.js');
  const { loadEngine } = require('../models/engines/load') as typeof import('../models/engines/load.js');
  const saved = readSavedModel(join(DEMO_MODELS_DIR, id));
  const engine = await loadEngine({ kind, modelDir: saved.folder, threads, onnxCacheDir });
  note(describeEngine(engine));
  const measured = await evaluateDemo(saved, engine, (done, count) => {
    if (done % 50 === 0) note(`${done}/${count} images`);
  });
  await engine.dispose();
  if (write) note(`wrote ${writeCard(saved, measured)}`);
  console.log(json ? JSON.stringify(measured) : modelCard(saved, measured));
}

async function predict(
  model: string,
  files: string[],
  { engine: kind, top, json }: { engine: EngineKind; top: number; json?: true },
  defaults: Defaults,
): Promise<void> {
  const { predictFiles } =
    require('../models/evaluation/predict') as typeof import('../models/evaluation/predict.js');
  const { loadEngine } = require('../models/engines/load') as typeof import('../models/engines/load.js');
  const { MAX_TRAINING_PIXELS } =
    require('../models/data/decode') as typeof import('../models/data/decode.js');
  const { threads, onnxCacheDir } = defaults;
  const folder = modelFolder(model, defaults);
  const engine = await loadEngine({ kind, modelDir: folder, threads, onnxCacheDir });
  note(describeEngine(engine));
  for await (const prediction of predictFiles(engine, files, { top, maxPixels: MAX_TRAINING_PIXELS })) {
    if (json) console.log(JSON.stringify(prediction));
    else if ('error' in prediction) note(`${prediction.file}: ${prediction.error}`);
    else {
      const classes = prediction.top.map(({ class: name, probability }) => `${name} ${percent(probability)}`);
      console.log(`${prediction.file}: ${classes.join(', ')}`);
    }
    if ('error' in prediction) process.exitCode = 1;
  }
  await engine.dispose();
}

/** Adds the commands; `defaults` is asked when one runs. */
export function addModelCommands(program: Command, defaults: () => Defaults): void {
  describeTrain(program.command('train')).action(async (model: string, options: TrainOptions) => {
    const { train } = require('./train') as typeof import('./train.js');
    await train(model, options, defaults());
  });
  program
    .command('evaluate')
    .description('measure saved models on images with known classes, or a demo model on its own test split')
    .argument('<models...>', `folders of saved models, or model ids: ${MODEL_IDS.join(', ')}`)
    .option('--data <folder>', 'images, as for train (default: the demo’s own)')
    .option('--split <split>', 'with --data: val, test or val+test (default: test)', splitName)
    .option(
      '--seed <number>',
      'with --data: of the splits, where the images have none (default: the training’s)',
      wholeNumber('--seed', 0),
    )
    .option('--allow-leakage', 'with --data: go on although images of one split are in another')
    .option('--engine <kind>', `one of ${ENGINE_KINDS.join(', ')}`, engineKind, 'onnxruntime')
    .option('--write-card', 'of a demo model: write model-card.md and evaluation.json beside it')
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nExample: npx tandem evaluate build/models/latency latency --data photos --split test',
    )
    .action((models: string[], options: EvaluateOptions) => evaluateModels(models, options, defaults()));
  program
    .command('predict')
    .description('classify image files; a line for each')
    .argument('<model>', `folder of a saved model, or a model id: ${MODEL_IDS.join(', ')}`)
    .argument('<files...>', 'JPEG, PNG or WebP')
    .option('--top <count>', 'classes an image', wholeNumber('--top', 1), 3)
    .option('--engine <kind>', `one of ${ENGINE_KINDS.join(', ')}`, engineKind, 'onnxruntime')
    .option('--json', 'a JSON line for each')
    .addHelpText('after', '\nExample: npx tandem predict latency photo.jpg')
    .action((model: string, files: string[], options: { engine: EngineKind; top: number; json?: true }) =>
      predict(model, files, options, defaults()),
    );
  program
    .command('export')
    .description('export saved models to ONNX, or one to an h5 file of Keras; prints a line for each')
    .argument('[models...]', `folders of saved models, or model ids (default: ${MODEL_IDS.join(', ')})`)
    .option('--out <folder>', 'where the graphs go (default: the service’s ONNX_CACHE_DIR)')
    .option('--h5 <file>', 'write the weights for keras.applications instead')
    .addHelpText('after', '\nExample: npx tandem export latency --out build/onnx')
    .action((models: string[], options: { out?: string; h5?: string }) =>
      exportModels(models, options, defaults()),
    );
  program
    .command('pack')
    .description('copy saved models with the bases they start from, so that the copies stand alone')
    .argument('<models...>', `folders of saved models, or model ids: ${MODEL_IDS.join(', ')}`)
    .requiredOption('--out <folder>', 'where a folder for each model goes, named by its id')
    .addHelpText('after', '\nExample: npx tandem pack build/models/latency --out build/packed')
    .action((models: string[], options: { out: string }) => pack(models, options, defaults()));
}
