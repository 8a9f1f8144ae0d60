/**
 * `tandem compare`: its options. Loads no library but commander; the work is in compare-action.ts.
 */
import { type Command, Option } from 'commander';

import { ARCHITECTURE_IDS } from '../models/catalog';
import { DEFAULT_SEED } from '../models/recipes';
import type { CompareOptions } from './compare-action';
import { type Defaults, MAX_THREADS, path, wholeNumberFrom } from './options';

/** What may be measured: the images that trained the heads may not. */
const MEASURED_SPLITS = ['val', 'test', 'val+test'] as const;

/** Adds the command's options. */
export function describeCompare(command: Command): Command {
  return command
    .description(
      'choose a base: train a head on each base whose weights are on this machine, and measure accuracy, latency and memory',
    )
    .requiredOption('--data <folder>', 'labelled images, in folders as for train', path)
    .option(
      '--out <folder>',
      'folder for the report, and for what a stopped comparison goes on from',
      path,
      'build/compare',
    )
    .option(
      '--weights <file...>',
      'Keras files of bases (.h5 or .keras); the architecture is recognised by the layers (default: the cached weights, else the demo’s base)',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), path(text)],
    )
    .option('--download', 'fetch the ImageNet weights that are missing')
    .option(
      '--bases <id...>',
      `bases to compare: ${ARCHITECTURE_IDS.join(', ')}, or one of them with -160 for images of 160 x 160 pixels (default: all whose weights are on this machine)`,
    )
    .addOption(
      new Option('--split <split>', 'what to measure (default: test, or val if there is no test)').choices(
        MEASURED_SPLITS,
      ),
    )
    .option('--allow-leakage', 'compare even if images of one split are in another split')
    .option(
      '--seed <number>',
      'seed for the splits of images without split folders, the initial weights of the heads and the image order',
      wholeNumberFrom(0),
      DEFAULT_SEED,
    )
    .option(
      '--threads <count>',
      'CPU threads of the features and of the accuracy; latency is measured on one (default: the CPU limit)',
      wholeNumberFrom(1, MAX_THREADS),
    )
    .option('--json', 'print the result as JSON; progress and failures are JSON Lines on stderr')
    .addHelpText(
      'after',
      '\nExample: npx tandem compare --data photos --out build/compare\nAfter Ctrl-C, continue with the same command.',
    );
}

/** Adds the command; its libraries load when it runs. */
export function addCompare(program: Command, defaults: () => Defaults): void {
  describeCompare(program.command('compare')).action(async (options: CompareOptions) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loads tfjs
    const { compare } = require('./compare-action') as typeof import('./compare-action.js');
    await compare(options, defaults());
  });
}
