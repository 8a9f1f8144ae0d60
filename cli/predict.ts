/**
 * `tandem predict`: classifies image files.
 */
import { type Command, Option } from 'commander';

import { FILE_FORMAT_NAMES } from '../models/data/image-formats';
import { describeEngine, enginesAt, type EngineKind, PRECISIONS_OF } from '../models/engines/engine';
import { ENV } from '../service/contract';
import {
  DEFAULT_ENGINE,
  type Defaults,
  engineOption,
  MODEL_ARGUMENT,
  modelFolder,
  note,
  wholeNumberFrom,
} from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

interface PredictOptions {
  readonly engine?: EngineKind;
  readonly top: number;
  readonly csv?: true;
  readonly json?: true;
}

/** Shows progress only where the results are not on the same terminal: they show it as well. */
function progressOf(total: number): (done: number) => void {
  if (process.stdout.isTTY || total === 1) return () => undefined;
  const { progressReporter } = require('./progress') as typeof import('./progress.js');
  const { isTTY: isTerminal } = process.stderr;
  const { onCount } = progressReporter({ isTerminal, json: false, stream: process.stderr });
  return (done) => onCount({ task: 'classifying', done, total });
}

/** @throws RangeError with the remedy if the engine cannot compute in the precision of the environment */
function checkPrecision(kind: EngineKind, { precision }: Defaults): void {
  if (precision === undefined || PRECISIONS_OF[kind].includes(precision)) return;
  throw new RangeError(
    `${ENV.precision} must be ${PRECISIONS_OF[kind].join(' or ')} with --engine ${kind}, received "${precision}": ` +
      `choose --engine ${enginesAt(precision)}, or unset ${ENV.precision}`,
  );
}

async function predict(
  model: string,
  paths: string[],
  { engine: chosen, top: asked, csv, json }: PredictOptions,
  defaults: Defaults,
): Promise<void> {
  const kind = chosen ?? defaults.engine ?? DEFAULT_ENGINE;
  checkPrecision(kind, defaults);
  const { imageFiles } = require('./image-files') as typeof import('./image-files.js');
  const { csvHeader, csvLine, textLine } = require('./predict-text') as typeof import('./predict-text.js');
  const { predictFiles } =
    require('../models/evaluation/predict') as typeof import('../models/evaluation/predict.js');
  const { loadEngine } = require('../models/engines/load') as typeof import('../models/engines/load.js');
  const { MAX_TRAINING_PIXELS } =
    require('../models/data/decode') as typeof import('../models/data/decode.js');
  const { threads, onnxCacheDir, precision } = defaults;
  const folder = modelFolder(model, defaults);
  const { files, leftOut } = imageFiles(paths);
  if (leftOut.length > 0)
    note(`left out ${leftOut.length} files whose names end like no image, such as ${leftOut[0]}`);
  const engine = await loadEngine({ kind, modelDir: folder, threads, onnxCacheDir, precision });
  note(describeEngine(engine));
  const top = Math.min(asked, engine.classes.length);
  const onDone = progressOf(files.length);
  if (csv) console.log(csvHeader(top));
  let done = 0;
  for await (const prediction of predictFiles(engine, files, { top, maxPixels: MAX_TRAINING_PIXELS })) {
    const isError = 'error' in prediction;
    if (json) console.log(JSON.stringify(prediction));
    else if (csv) console.log(csvLine(prediction, top));
    else if (isError) note(textLine(prediction));
    else console.log(textLine(prediction));
    if (isError) process.exitCode = 1;
    onDone(++done);
  }
  await engine.dispose();
}

/** Adds the command. */
export function addPredict(program: Command, defaults: () => Defaults): void {
  program
    .command('predict')
    .description('classify images; print one line per file')
    .argument('<model>', MODEL_ARGUMENT)
    .argument('<paths...>', `${FILE_FORMAT_NAMES} files, folders of them, or patterns such as 'photos/*.jpg'`)
    .option('--top <count>', 'number of classes to print per image', wholeNumberFrom(1), 3)
    .addOption(engineOption(`engine to run the model with (default: ${ENV.engine}, or ${DEFAULT_ENGINE})`))
    .addOption(new Option('--csv', 'print CSV: a header, then one line per file').conflicts('json'))
    .option('--json', 'print one line of JSON per file')
    .addHelpText(
      'after',
      '\nExample: npx tandem predict latency models/demo/samples/weave.jpg\nExample: npx tandem predict trained/latency photos --top 1 --csv > predictions.csv',
    )
    .action((model: string, paths: string[], options: PredictOptions) =>
      predict(model, paths, options, defaults()),
    );
}
