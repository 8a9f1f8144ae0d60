/**
 * `tandem train`: its options. Loads no library but commander; the work is in train-action.ts.
 */
import { Argument, type Command, Option } from 'commander';

import { ARCHITECTURE_IDS, MODEL_IDS, type ModelId, PREPROCESSING_IDS } from '../models/catalog';
import {
  BATCH_NORM_MODES,
  DEFAULT_SEED,
  KEPT_EPOCHS,
  type Recipe,
  RECIPE_NAMES,
  RECIPES,
  TUNED_RECIPES,
} from '../models/recipes';
import type { TrainOptions } from './train-action';
import {
  type Defaults,
  MAX_THREADS,
  modelName,
  numberFrom,
  path,
  splitSharesOption,
  wholeNumberFrom,
  wholeNumberOfAtLeast,
} from './options';

type ModelValue = readonly [ModelId, number | string];

/** One value where all models share it; else each with its model. */
function valuesText(values: readonly ModelValue[]): string {
  const texts = new Set(values.map(([, value]) => String(value)));
  if (values.length === MODEL_IDS.length && texts.size === 1) return [...texts].join('');
  return values.map(([id, value]) => `${value} for ${id}`).join(', ');
}

/** The default of an option that replaces a value of the recipe, from the tables of recipes. */
export function recipeDefault(read: (recipe: Recipe) => number | string): string {
  const of = (recipes: Readonly<Record<ModelId, Recipe>>) =>
    MODEL_IDS.map((id): ModelValue => [id, read(recipes[id])]);
  const tuned = of(TUNED_RECIPES).filter(([id, value]) => value !== read(RECIPES[id]));
  const texts = [valuesText(of(RECIPES))];
  if (tuned.length > 0) texts.push(`${valuesText(tuned)} with --recipe tuned`);
  return `(default: ${texts.join('; ')})`;
}

/** The learning rate schedule of a recipe in words. */
function scheduleText({ head, fineTune }: Recipe): string {
  const { schedule: first = 'constant' } = head;
  const { schedule: second = 'constant' } = fineTune;
  return first === second ? first : `${first} in the head, ${second} in fine-tuning`;
}

/** Adds the command's arguments and options. */
export function describeTrain(command: Command): Command {
  const learningRate = numberFrom(1e-9, 100);
  return command
    .description(
      'train a classifier on a folder of images: first the head, then the head and the last backbone layers',
    )
    .addArgument(new Argument('<model>', 'model whose recipe to follow').choices(MODEL_IDS))
    .requiredOption(
      '--data <folder>',
      'folder with one subfolder per class, or with train, val and test, each with one subfolder per class',
      path,
    )
    .requiredOption(
      '--out <folder>',
      'folder for the model and its checkpoints, which stay there for --resume and --finish',
      path,
    )
    .option(
      '--name <name>',
      'name of the trained model, under which it is served (default: that of the recipe’s model)',
      modelName,
    )
    .addOption(
      new Option('--recipe <name>', 'recipe; docs/training.md compares them')
        .choices(RECIPE_NAMES)
        .default('reference'),
    )
    .option(
      '--weights <start>',
      'base weights: imagenet, demo, a Keras file (.h5 or .keras), or seed:N',
      path,
      'imagenet',
    )
    .addOption(
      new Option('--architecture <id>', 'architecture (default: the model’s)').choices(ARCHITECTURE_IDS),
    )
    .option(
      '--head-epochs <count>',
      `epochs of the head ${recipeDefault(({ head }) => head.epochs)}`,
      wholeNumberFrom(0),
    )
    .option(
      '--head-learning-rate <rate>',
      `learning rate of the head ${recipeDefault(({ head }) => head.learningRate)}`,
      learningRate,
    )
    .option(
      '--fine-tune-epochs <count>',
      `epochs of fine-tuning ${recipeDefault(({ fineTune }) => fineTune.epochs)}`,
      wholeNumberFrom(0),
    )
    .option(
      '--fine-tune-learning-rate <rate>',
      `learning rate of fine-tuning ${recipeDefault(({ fineTune }) => fineTune.learningRate)}`,
      learningRate,
    )
    .option(
      '--layers-unfrozen <count>',
      `number of last backbone layers that fine-tuning trains ${recipeDefault(({ fineTune }) => fineTune.layersUnfrozen)}`,
      wholeNumberOfAtLeast(0),
    )
    .addOption(
      new Option(
        '--preprocessing <range>',
        `range to which the model rescales its inputs, which arrive in [0, 1] ${recipeDefault(({ preprocessing }) => preprocessing)}`,
      ).choices(PREPROCESSING_IDS),
    )
    .option(
      '--batch-size <count>',
      `images per step ${recipeDefault(({ batchSize }) => batchSize)}`,
      wholeNumberFrom(1),
    )
    .option(
      '--label-smoothing <share>',
      `label smoothing: share of each target to spread evenly over all classes ${recipeDefault(({ labelSmoothing = 0 }) => labelSmoothing)}`,
      numberFrom(0, 0.99),
    )
    .addOption(
      new Option(
        '--schedule <name>',
        `learning rate schedule within both stages ${recipeDefault(scheduleText)}`,
      ).choices(['constant', 'cosine']),
    )
    .option('--no-augment', 'train on the images as they are')
    .addOption(
      new Option(
        '--batch-norm <mode>',
        'un-frozen BatchNorm layers during training: inference leaves their moving statistics unchanged, batch updates them',
      )
        .choices(BATCH_NORM_MODES)
        .default('inference'),
    )
    .option('--balance-classes', 'weight the loss so that rare classes count as much as common ones')
    .option(
      '--early-stopping <epochs>',
      'end a stage after this many epochs without a lower validation loss',
      wholeNumberFrom(1),
    )
    .addOption(
      new Option(
        '--keep <which>',
        'weights to keep from each stage: those of the last epoch, or those with the best validation accuracy',
      )
        .choices(['last', 'best'])
        .default('last'),
    )
    .option(
      '--temperature-scaling',
      'after training, divide the outputs of the head by a number fitted on val, so that confidence comes closer to accuracy; which class is most probable does not change',
    )
    .addOption(splitSharesOption('shares of the splits of images without split folders'))
    .option('--allow-leakage', 'train even if images of one split are in another split')
    .option(
      '--seed <number>',
      'seed for the initial weights of the head, the image order and the augmentation',
      wholeNumberFrom(0),
      DEFAULT_SEED,
    )
    .option(
      '--threads <count>',
      'CPU threads; with 1, the same seed gives the same weights bit for bit (default: the CPU limit)',
      wholeNumberFrom(1, MAX_THREADS),
    )
    .option(
      '--resume',
      'continue from the last complete epoch in --out; the stage it is in, and later ones, may get more epochs than before',
    )
    .addOption(
      new Option(
        '--finish <which>',
        'end the training in --out here, with the weights of its last or best epoch; --resume can go on later',
      )
        .choices(KEPT_EPOCHS)
        .conflicts('resume'),
    )
    .option(
      '--json',
      'report progress and failures as JSON Lines on stderr; the last event, the result, also on stdout',
    )
    .addHelpText(
      'after',
      '\nIt needs tfjs-node: run `npm run build:tfjs-node` once, on Linux on x86-64 with Node 20 or 22.\n' +
        '\nExample: npx tandem train latency --data photos --out trained/latency\nAfter Ctrl-C, continue with the same command and --resume.',
    );
}

/** Adds the command; training's libraries load when it runs. */
export function addTrain(program: Command, defaults: () => Defaults): void {
  describeTrain(program.command('train')).action(async (model: string, options: TrainOptions) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loads tfjs
    const { train } = require('./train-action') as typeof import('./train-action.js');
    await train(model, options, defaults());
  });
}
