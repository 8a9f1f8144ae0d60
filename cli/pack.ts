/**
 * `tandem pack`: copies saved models so that the copies stand alone.
 */
import type { Command } from 'commander';

import { makeOut } from '../files/write';
import { type Defaults, MODEL_ARGUMENT, modelFolder, path } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

async function pack(models: string[], { out }: { out: string }, defaults: Defaults): Promise<void> {
  const { foldersByName } =
    require('../models/weights/distinct-names') as typeof import('../models/weights/distinct-names.js');
  const { packSavedModel } = require('../models/weights/pack') as typeof import('../models/weights/pack.js');
  const folders = models.map((model) => modelFolder(model, defaults));
  foldersByName(folders, 'pack each with its own --out');
  makeOut(out);
  for (const folder of folders) console.log(await packSavedModel(folder, out));
}

/** Adds the command. */
export function addPack(program: Command, defaults: () => Defaults): void {
  program
    .command('pack')
    .description('copy saved models together with the base weights that they start from')
    .argument('<models...>', MODEL_ARGUMENT)
    .requiredOption('--out <folder>', 'folder for the copies, one folder per model, with its name', path)
    .addHelpText('after', '\nExample: npx tandem pack trained/latency --out build/packed')
    .action((models: string[], options: { out: string }) => pack(models, options, defaults()));
}
