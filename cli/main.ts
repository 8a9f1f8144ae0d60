/**
 * The command `tandem`. Each subcommand loads its libraries only when it runs.
 */
import { Command, Help } from 'commander';

import { PACKAGE_VERSION } from '../files/package-version';
import { readConfig } from '../service/config';
import { EXIT_INTERRUPTED } from '../service/contract';
import { checkNodeVersion } from '../service/node-version';
import { addBenchCommand } from './bench/bench';
import { addCompare } from './compare';
import { addCompletion } from './completion';
import { addEvaluate } from './evaluate';
import { asksForJson, EXIT_UNDECIDED, fail, ignoreBrokenPipe, printUsageErrors } from './ending';
import { addExplain } from './explain';
import { addExport } from './export';
import { addFit } from './fit';
import { addOpenApi } from './openapi';
import { addPack } from './pack';
import { addPlan } from './plan';
import { addPredict } from './predict';
import { addPull } from './pull';
import { addServe } from './serve';
import { addSynth } from './synth';
import { addTrain } from './train';
import { improveUsageErrors, isRequired } from './usage-errors';
import { addVariants } from './variants';

const defaults = () => readConfig(process.env);

const EXAMPLE_AND_CODES = `
Example: npx tandem predict latency models/demo/samples/weave.jpg

Exit codes:
  0    success
  1    error (see the line that begins with "error:"), an image that cannot be read
       (predict), or the answer no: nothing meets the objective (plan, bench capacity),
       a pod does not run (fit --exit-code), other settings cannot be explained
       (explain hpa --what-if)
  ${EXIT_UNDECIDED}    no answer: the measurement was INVALID or too short (bench capacity)
  ${EXIT_INTERRUPTED}  stopped by Ctrl-C; serve, and bench timeline without --duration, end with 0`;

const program = new Command('tandem')
  .description(
    'Train, measure and export two image classifiers, write their Kubernetes manifests, say which pods fit, and measure a service under load.',
  )
  .version(PACKAGE_VERSION, '--version', 'print the version')
  .configureHelp({
    optionDescription(option) {
      const description = Help.prototype.optionDescription.call(this, option);
      return isRequired(option) ? `${description} (required)` : description;
    },
  })
  .addHelpText('after', EXAMPLE_AND_CODES);
printUsageErrors(program, asksForJson(process.argv));
addCompare(program, defaults);
addTrain(program, defaults);
addEvaluate(program, defaults);
addPredict(program, defaults);
addExport(program, defaults);
addPack(program, defaults);
addPull(program);
addServe(program);
addSynth(program);
addFit(program);
addVariants(program);
addOpenApi(program, () => defaults().models);
addBenchCommand(program);
addExplain(program);
addPlan(program);
addCompletion(program);
improveUsageErrors(program);

async function main(): Promise<void> {
  ignoreBrokenPipe();
  checkNodeVersion();
  await program.parseAsync();
}

main().catch(fail);
