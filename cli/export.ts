/**
 * `tandem export`: writes saved models as ONNX graphs, or one as a Keras weight file.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Command } from 'commander';

import { makeOut, writeFileAtomic } from '../files/write';
import { PREPROCESSINGS } from '../models/catalog';
import type { Precision } from '../models/engines/engine';
import { GATE_TEXT } from '../models/evaluation/precision-gate';
import { readSavedModel } from '../models/weights/saved-model';
import {
  type Defaults,
  isFolder,
  MODEL_ARGUMENT,
  modelFolder,
  namesIn,
  note,
  path,
  precisionOption,
} from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

interface ExportOptions {
  readonly out?: string;
  readonly h5?: string;
  readonly precision?: Precision;
  readonly calibrate?: string;
  readonly force?: true;
}

/** Refuses options that would have no effect. */
function checkOptions({ h5, precision, calibrate, force }: ExportOptions): void {
  const unused: [boolean, string][] = [
    [
      h5 !== undefined && precision !== undefined,
      '--precision has no effect on a Keras weight file: leave out one of --h5 and --precision',
    ],
    [calibrate !== undefined && precision !== 'int8', '--calibrate is for int8: add --precision int8'],
    [
      force === true && calibrate === undefined,
      '--force overrules the gate of --calibrate: add --calibrate, or leave out --force',
    ],
  ];
  for (const [isUnused, message] of unused) if (isUnused) throw new RangeError(message);
}

/** The precisions that a model has what it needs for. */
function availablePrecisions(folder: string): Precision[] {
  const { readInt8File } =
    require('../models/engines/onnxruntime/int8-file') as typeof import('../models/engines/onnxruntime/int8-file.js');
  return readInt8File(readSavedModel(folder)) === undefined ? ['fp32'] : ['fp32', 'int8'];
}

async function calibrateModels(
  folders: readonly string[],
  options: ExportOptions,
  { threads, onnxCacheDir }: Defaults,
) {
  const { progressReporter } = require('./progress') as typeof import('./progress.js');
  const { calibrateModel } =
    require('../models/report/calibrate-model') as typeof import('../models/report/calibrate-model.js');
  for (const folder of folders) {
    await calibrateModel(folder, {
      ...{ data: options.calibrate!, force: options.force === true, threads, onnxCacheDir },
      ...progressReporter({ isTerminal: process.stderr.isTTY, json: false, stream: process.stderr }),
    });
  }
}

/** One per graph: a folder may hold graphs of models with other classes. */
const labelsFile = (graph: string) => `${graph.replace(/\.onnx$/, '')}.labels.txt`;

async function exportModels(models: string[], options: ExportOptions, defaults: Defaults): Promise<void> {
  const { out, h5, precision, calibrate } = options;
  checkOptions(options);
  if (h5 !== undefined) {
    if (out !== undefined) {
      throw new RangeError(
        `--out is the folder of graphs, and --h5 names its own file ${h5}: leave out one of them`,
      );
    }
    await exportKerasWeights(models, h5, defaults);
    return;
  }
  const { cachedGraph } =
    require('../models/engines/onnxruntime/graph-cache') as typeof import('../models/engines/onnxruntime/graph-cache.js');
  const { labelsText } = require('../models/onnx/metadata') as typeof import('../models/onnx/metadata.js');
  const { IR_VERSION, OPSET_VERSION } =
    require('../models/onnx/proto') as typeof import('../models/onnx/proto.js');
  if (out !== undefined) makeOut(out);
  const folder = out ?? defaults.onnxCacheDir;
  const modelDirs = (models.length > 0 ? models : namesIn(defaults.modelsDir)).map((model) =>
    modelFolder(model, defaults),
  );
  if (calibrate !== undefined) await calibrateModels(modelDirs, options, defaults);
  for (const modelDir of modelDirs) {
    for (const each of precision === undefined ? availablePrecisions(modelDir) : [precision]) {
      const { file, sha256, notStored } = await cachedGraph(modelDir, folder, each);
      if (notStored !== undefined)
        throw new Error(`${folder} cannot be written to (${notStored}): choose another folder with --out`);
      console.log(
        `${file}  ${statSync(file).size} bytes  opset ${OPSET_VERSION}  IR ${IR_VERSION}  SHA-256 ${sha256}`,
      );
      const labels = labelsFile(file);
      writeFileAtomic(labels, labelsText(readSavedModel(modelDir).classes));
      note(`class names: ${labels}`);
    }
  }
}

async function exportKerasWeights(models: string[], file: string, defaults: Defaults): Promise<void> {
  const [model] = models;
  if (model === undefined || models.length > 1) {
    throw new RangeError(`--h5 takes one model, received ${models.length}: name one model`);
  }
  if (!isFolder(dirname(file)) || isFolder(file)) {
    throw new Error(
      `--h5 must be a file in an existing folder, received ${file}: ${isFolder(file) ? 'name a file in it' : `create the folder ${dirname(file)}, or choose another`}`,
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
  // A weight file cannot hold the preprocessing layer.
  note(`the Keras model needs inputs in ${PREPROCESSINGS[preprocessing].range}`);
  console.log(file);
}

/** Adds the command. */
export function addExport(program: Command, defaults: () => Defaults): void {
  program
    .command('export')
    .description(
      'export saved models to ONNX and print one line per graph, or export one model to a Keras weight file',
    )
    .argument('[models...]', `${MODEL_ARGUMENT} (default: all of them)`)
    .option('--out <folder>', 'folder for the graphs (default: the service’s ONNX_CACHE_DIR)', path)
    .option(
      '--h5 <file>',
      'instead of ONNX, write the weights of one model to an h5 file that keras.applications can load',
      path,
    )
    .addOption(precisionOption('precision of the graphs (default: fp32, and int8 for calibrated models)'))
    .option(
      '--calibrate <folder>',
      'with --precision int8: labelled images, in folders as for train. The ranges of the activations are chosen on training images, and the cost of int8 is measured on the others; both are kept beside the model',
      path,
    )
    .option('--force', 'with --calibrate: keep int8 even if it costs more accuracy than its gate allows')
    .addHelpText(
      'after',
      `\nThe gate of int8 asks for ${GATE_TEXT}.\n\nExample: npx tandem export latency --out build/exported\nExample: npx tandem export trained/latency --precision int8 --calibrate photos`,
    )
    .action((models: string[], options: ExportOptions) => exportModels(models, options, defaults()));
}
