/**
 * Options of `tandem train`, as text and as values. Loads no library.
 */
import type { Command } from 'commander';

import {
  ARCHITECTURE_IDS,
  type ArchitectureId,
  MODEL_IDS,
  type Preprocessing,
  PREPROCESSING_IDS,
} from '../models/catalog';
import { number, oneOf, wholeNumber } from './options';
import {
  BATCH_NORM_MODES,
  type BatchNormMode,
  DEFAULT_SEED,
  RECIPE_NAMES,
  type RecipeName,
} from '../models/recipes';

/** As many as a large machine has cores; a mistyped number would start as many threads before any work. */
const MOST_THREADS = 256;

/** The command's options as commander gives them. */
export interface TrainOptions {
  readonly data: string;
  readonly out: string;
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
  readonly allowLeakage?: true;
  readonly seed: number;
  readonly threads?: number;
  readonly resume?: true;
  readonly json?: true;
}

/** Adds the command's arguments and options. */
export function describeTrain(command: Command): Command {
  const rate = (flag: string) => number(flag, 1e-9, 100, false);
  return command
    .description('train a classifier on a folder of images with the model’s two-stage recipe')
    .argument('<model>', `whose recipe, one of ${MODEL_IDS.join(', ')}`)
    .requiredOption(
      '--data <folder>',
      'a folder a class, or train, val and test with a folder a class in each',
    )
    .requiredOption('--out <folder>', 'where the saved model goes, and checkpoints until then')
    .option(
      '--recipe <name>',
      `one of ${RECIPE_NAMES.join(', ')}; docs/training.md compares them`,
      oneOf('--recipe', RECIPE_NAMES),
      'reference',
    )
    .option('--weights <start>', 'imagenet, demo, an h5 file of Keras, or seed:N', 'imagenet')
    .option(
      '--architecture <id>',
      `one of ${ARCHITECTURE_IDS.join(', ')} (default: the model’s)`,
      oneOf('--architecture', ARCHITECTURE_IDS),
    )
    .option('--head-epochs <count>', 'instead of the recipe’s', wholeNumber('--head-epochs', 0))
    .option('--head-learning-rate <rate>', 'instead of the recipe’s', rate('--head-learning-rate'))
    .option('--fine-tune-epochs <count>', 'instead of the recipe’s', wholeNumber('--fine-tune-epochs', 0))
    .option('--fine-tune-learning-rate <rate>', 'instead of the recipe’s', rate('--fine-tune-learning-rate'))
    .option(
      '--layers-unfrozen <count>',
      'last layers of the backbone that fine-tuning trains',
      wholeNumber('--layers-unfrozen', 0),
    )
    .option(
      '--preprocessing <range>',
      `what the model makes of inputs in [0, 1], one of ${PREPROCESSING_IDS.join(', ')}`,
      oneOf('--preprocessing', PREPROCESSING_IDS),
    )
    .option('--batch-size <count>', 'images a step', wholeNumber('--batch-size', 1))
    .option(
      '--label-smoothing <share>',
      'of each target, spread over the classes',
      number('--label-smoothing', 0, 0.99, false),
    )
    .option(
      '--schedule <name>',
      'of the learning rate in a stage: constant or cosine',
      oneOf('--schedule', ['constant', 'cosine']),
    )
    .option('--no-augment', 'take the images as they are')
    .option(
      '--batch-norm <mode>',
      'un-frozen BatchNorm in training: inference (Keras’ guide) or batch',
      oneOf('--batch-norm', BATCH_NORM_MODES),
      'inference',
    )
    .option('--balance-classes', 'let rare classes count as much as common ones')
    .option(
      '--early-stopping <epochs>',
      'end a stage after so many epochs without a lower validation loss',
      wholeNumber('--early-stopping', 1),
    )
    .option(
      '--keep <which>',
      'weights of each stage: of its last epoch, or of its best on val',
      oneOf('--keep', ['last', 'best']),
      'last',
    )
    .option('--allow-leakage', 'go on although images of one split are in another')
    .option(
      '--seed <number>',
      'of the start, the order and the augmentation',
      wholeNumber('--seed', 0),
      DEFAULT_SEED,
    )
    .option(
      '--threads <count>',
      'with 1 the same seed gives the same weights, bit for bit (default: the CPU limit’s)',
      number('--threads', 1, MOST_THREADS, true),
    )
    .option('--resume', 'go on from the last complete epoch')
    .option('--json', 'progress as JSON Lines')
    .addHelpText(
      'after',
      '\nExample: npx tandem train latency --data photos --out build/models/latency\nInterrupted with Ctrl-C, it goes on with the same words and --resume.',
    );
}
