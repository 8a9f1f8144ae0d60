/**
 * `tandem export`: writes saved models as ONNX graphs, or one as a Keras weight file.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Command } from 'commander';

import { makeOut } from '../files/write';
import { MODEL_IDS, PREPROCESSINGS } from '../models/catalog';
import { readSavedModel } from '../models/weights/saved-model';
import { type Defaults, isFolder, MODEL_ARGUMENT, modelFolder, note, path } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

async function exportModels(
  models: string[],
  { out, h5 }: { out?: string; h5?: string },
  defaults: Defaults,
): Promise<void> {
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
  const { IR_VERSION, OPSET_VERSION } =
    require('../models/onnx/proto') as typeof import('../models/onnx/proto.js');
  if (out !== undefined) makeOut(out);
  const folder = out ?? defaults.onnxCacheDir;
  for (const model of models.length > 0 ? models : MODEL_IDS) {
    const { file, sha256, source } = await cachedGraph(modelFolder(model, defaults), folder);
    if (typeof source !== 'string')
      throw new Error(`${folder} is not writable: choose another folder with --out`);
    console.log(
      `${file}  ${statSync(file).size} bytes  opset ${OPSET_VERSION}  IR ${IR_VERSION}  SHA-256 ${sha256}`,
    );
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
    .argument('[models...]', `${MODEL_ARGUMENT} (default: all model ids)`)
    .option('--out <folder>', 'folder for the graphs (default: the service’s ONNX_CACHE_DIR)', path)
    .option(
      '--h5 <file>',
      'instead of ONNX, write the weights of one model to an h5 file that keras.applications can load',
      path,
    )
    .addHelpText('after', '\nExample: npx tandem export latency --out build/onnx')
    .action((models: string[], options: { out?: string; h5?: string }) =>
      exportModels(models, options, defaults()),
    );
}
