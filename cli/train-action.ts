/**
 * What `tandem train` does: from the options to a trained, measured and documented model.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import {
  type ArchitectureId,
  type ModelId,
  type ModelName,
  MODELS,
  modelId,
  type Preprocessing,
} from '../models/catalog';
import { multipliesBytes } from '../models/engines/onnxruntime/cpu';
import { readInt8File } from '../models/engines/onnxruntime/int8-file';
import { checkNodeForTfjs } from '../models/engines/tfjs';
import { readContext, readSettings } from '../infra/settings';
import { findBetterEpoch } from './better-epoch';
import { stopOnInterrupt } from './ending';
import { progressReporter } from './progress';
import { resultEvent, resultLines } from './train-result';
import {
  type BatchNormMode,
  AUGMENTATION,
  type KeptEpoch,
  type Recipe,
  type RecipeName,
  RECIPES,
  TUNED_RECIPES,
} from '../models/recipes';
import type { SplitShares } from '../models/data/dataset-splits';
import { CHECKPOINT_NAME, keptCheckpoints } from '../models/training/checkpoint';
import { formatJsonLine, HISTORY_NAME, readHistory } from '../models/training/history';
import { lockOut } from '../models/training/out-folder';
import { reportTraining } from '../models/report/report-training';
import { readSavedModel } from '../models/weights/saved-model';
import { runTraining, type TrainingPlan } from '../models/training/run-training';

/** The command's options as commander reads them. */
export interface TrainOptions {
  readonly data: string;
  readonly out: string;
  readonly name?: ModelName;
  readonly recipe: RecipeName;
  readonly weights: string;
  readonly architecture?: ArchitectureId;
  readonly headEpochs?: number;
  readonly headLearningRate?: number;
  readonly fineTuneEpochs?: number;
  readonly fineTuneLearningRate?: number;
  readonly layersUnfrozen?: number;
  readonly preprocessing?: Preprocessing;
  readonly batchSize?: number;
  readonly labelSmoothing?: number;
  readonly schedule?: 'constant' | 'cosine';
  readonly augment: boolean;
  readonly batchNorm: BatchNormMode;
  readonly balanceClasses?: true;
  readonly earlyStopping?: number;
  readonly keep: 'last' | 'best';
  readonly temperatureScaling?: true;
  readonly splitShares?: SplitShares;
  readonly allowLeakage?: true;
  readonly seed: number;
  readonly threads?: number;
  readonly resume?: true;
  readonly finish?: KeptEpoch;
  readonly json?: true;
}

/** A model's recipe by name. */
export const recipeNamed = (name: RecipeName, model: ModelId): Recipe =>
  (name === 'reference' ? RECIPES : TUNED_RECIPES)[model];

/** The recipe, with the options' values in place of its own. */
export function recipeOf(recipe: Recipe, options: TrainOptions): Recipe {
  const { schedule, labelSmoothing = recipe.labelSmoothing } = options;
  const scheduled = schedule === undefined ? {} : { schedule };
  return {
    head: {
      ...recipe.head,
      ...scheduled,
      epochs: options.headEpochs ?? recipe.head.epochs,
      learningRate: options.headLearningRate ?? recipe.head.learningRate,
    },
    fineTune: {
      ...recipe.fineTune,
      ...scheduled,
      epochs: options.fineTuneEpochs ?? recipe.fineTune.epochs,
      learningRate: options.fineTuneLearningRate ?? recipe.fineTune.learningRate,
      layersUnfrozen: options.layersUnfrozen ?? recipe.fineTune.layersUnfrozen,
    },
    preprocessing: options.preprocessing ?? recipe.preprocessing,
    batchSize: options.batchSize ?? recipe.batchSize,
    ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
  };
}

/**
 * Refuses a training of no epochs, and options of a stage that has none.
 *
 * @throws RangeError naming the options and the remedy
 */
export function checkEffect(recipe: Recipe, options: TrainOptions): void {
  if (recipe.head.epochs === 0 && recipe.fineTune.epochs === 0) {
    throw new RangeError(
      '--head-epochs and --fine-tune-epochs must not both be 0, received 0 and 0, which trains nothing: give one of them at least 1',
    );
  }
  const ofHead = { '--head-learning-rate': options.headLearningRate };
  const ofFineTuning = {
    '--fine-tune-learning-rate': options.fineTuneLearningRate,
    '--layers-unfrozen': options.layersUnfrozen,
    '--batch-norm': options.batchNorm === 'batch' ? options.batchNorm : undefined,
  };
  const stages = [
    { epochs: recipe.head.epochs, flag: '--head-epochs', own: ofHead },
    { epochs: recipe.fineTune.epochs, flag: '--fine-tune-epochs', own: ofFineTuning },
  ];
  for (const { flag, own } of stages.filter(({ epochs }) => epochs === 0)) {
    const unused = Object.entries(own).find(([, value]) => value !== undefined);
    if (unused === undefined) continue;
    throw new RangeError(
      `${unused.join(' ')} has no effect with ${flag} 0: leave out ${unused[0]}, or give ${flag} at least 1`,
    );
  }
}

/** How to go on after Ctrl-C. */
export const howToGoOn = (out: string): string =>
  existsSync(join(out, CHECKPOINT_NAME))
    ? 'stopped; continue with the same command and --resume, or end with it and --finish best'
    : 'stopped before the first epoch ended; repeat the command';

/** Trains, measures, and prints the result. On SIGINT it stops resumably, with `EXIT_INTERRUPTED`. */
export async function train(
  model: string,
  options: TrainOptions,
  defaults: { readonly threads: number; readonly onnxCacheDir: string },
): Promise<void> {
  // Before anything is asked or read: no option can help.
  checkNodeForTfjs();
  const id = modelId(model);
  const recipe = recipeOf(recipeNamed(options.recipe, id), options);
  checkEffect(recipe, options);
  // A setting that is refused must not lose the commands that a long training ends with.
  const { createNamespace } = readSettings(process.env, readContext());
  const architecture = options.architecture ?? MODELS[id].architecture;
  const progress = progressReporter({
    isTerminal: process.stderr.isTTY,
    json: options.json ?? false,
    stream: process.stderr,
    epochs: { head: recipe.head.epochs, fineTune: recipe.fineTune.epochs },
  });
  const { data, out, weights, batchNorm, keep, seed, threads = defaults.threads } = options;
  let unlock: (() => void) | undefined;
  const restoreInterrupt = stopOnInterrupt(() => howToGoOn(out), progress.note);
  try {
    const plan: TrainingPlan = {
      ...{
        model: options.name ?? id,
        architecture,
        data,
        out,
        weights,
        recipe,
        batchNorm,
        keep,
        seed,
        threads,
      },
      augmentation: options.augment ? AUGMENTATION : undefined,
      balanceClasses: options.balanceClasses ?? false,
      earlyStoppingEpochs: options.earlyStopping,
      splitShares: options.splitShares,
      allowLeakage: options.allowLeakage ?? false,
      resume: options.resume ?? false,
      finish: options.finish,
      demo: false,
    };
    unlock = lockOut(plan);
    const trained = await runTraining(plan, progress);
    const { facts, card } = await reportTraining(plan, trained, {
      onnxCacheDir: defaults.onnxCacheDir,
      temperatureScaling: options.temperatureScaling ?? false,
      progress,
    });
    const betterEpoch =
      options.finish === 'last'
        ? undefined
        : findBetterEpoch({
            stages: facts.stages,
            val: facts.data.counts.val,
            history: readHistory(join(out, HISTORY_NAME)).entries,
          });
    const result = {
      ...{ out, recipe: id, card, kept: keptCheckpoints(out), data, betterEpoch },
      int8Cost: readInt8File(readSavedModel(out))?.cost,
      fastInt8: multipliesBytes(),
      hasNamespace: createNamespace,
    };
    if (options.json === true) {
      const event = formatJsonLine(resultEvent(facts, result));
      for (const stream of [process.stderr, process.stdout]) stream.write(event);
    } else console.log(resultLines(facts, result).join('\n'));
  } finally {
    unlock?.();
    restoreInterrupt();
  }
}
