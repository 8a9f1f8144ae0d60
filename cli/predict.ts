/**
 * `tandem predict`: classifies image files.
 */
import type { Command } from 'commander';

import { percent } from '../charts/percent';
import { IMAGE_FORMAT_NAMES } from '../models/data/image-formats';
import { describeEngine, type EngineKind } from '../models/engines/engine';
import { type Defaults, engineOption, MODEL_ARGUMENT, modelFolder, note, wholeNumberFrom } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

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

/** Adds the command. */
export function addPredict(program: Command, defaults: () => Defaults): void {
  program
    .command('predict')
    .description('classify image files; print one line per file')
    .argument('<model>', MODEL_ARGUMENT)
    .argument('<files...>', `${IMAGE_FORMAT_NAMES} files`)
    .option('--top <count>', 'number of classes to print per image', wholeNumberFrom(1), 3)
    .addOption(engineOption())
    .option('--json', 'print one line of JSON per file')
    .addHelpText('after', '\nExample: npx tandem predict latency models/demo/samples/weave.jpg')
    .action((model: string, files: string[], options: { engine: EngineKind; top: number; json?: true }) =>
      predict(model, files, options, defaults()),
    );
}
