/**
 * `tandem pull`: makes saved models from published classifiers. Loads no library but commander; the work is in
 * pull-action.ts.
 */
import { Argument, type Command } from 'commander';

import { path } from './options';
import type { PullOptions } from './pull-action';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

/** What can be pulled. */
const SETS = ['imagenet'] as const;

async function pull(options: PullOptions): Promise<void> {
  const { pullImagenet } = require('./pull-action') as typeof import('./pull-action.js');
  console.log((await pullImagenet(options)).join('\n'));
}

/** Adds the command. */
export function addPull(program: Command): void {
  program
    .command('pull')
    .description(
      'make saved models from Keras’ published classifiers of photographs: MobileNetV2 and ResNet101V2, with the classes of ImageNet',
    )
    .addArgument(new Argument('<set>', 'what the classifiers were trained on').choices(SETS))
    .option(
      '--from <place>',
      'folder, or URL of a mirror, that has Keras’ files under their own names (default: where Keras publishes them)',
      path,
    )
    .option(
      '--out <folder>',
      'folder for the models, one folder per model id (default: imagenet in the cache, where npm start finds them)',
      path,
    )
    .addHelpText('after', '\nExample: npx tandem pull imagenet')
    .action((_set: string, options: PullOptions) => pull(options));
}
