/**
 * The command `tandem`. Each subcommand loads its libraries only when it runs.
 */
import { Command } from 'commander';

import { readConfig } from '../service/config';
import { checkNodeVersion } from '../service/node-version';
import { addBenchCommand } from './bench';
import { addEvaluate } from './evaluate';
import { addExport } from './export';
import { addFit } from './fit';
import { addPack } from './pack';
import { addPredict } from './predict';
import { addSynth } from './synth';
import { addTrain } from './train';

const defaults = () => readConfig(process.env);

const program = new Command('tandem')
  .description(
    'Train, measure and export two image classifiers, and write and size their Kubernetes manifests.',
  )
  .addHelpText('after', '\nExample: npx tandem predict latency photo.jpg')
  .showHelpAfterError('(add --help for the options)');
addTrain(program, defaults);
addEvaluate(program, defaults);
addPredict(program, defaults);
addExport(program, defaults);
addPack(program, defaults);
addSynth(program);
addFit(program);
addBenchCommand(program);

async function main(): Promise<void> {
  checkNodeVersion();
  await program.parseAsync();
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
