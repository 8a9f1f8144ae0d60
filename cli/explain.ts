/**
 * `tandem explain hpa`: why an HPA decided as it did, and what it would have done with other settings.
 */
import { dirname } from 'node:path';

import type { Command } from 'commander';

import { type Change, CHANGES, parseChange } from '../bench/adviser/change';
import { writeFileAtomic } from '../files/write';
import { formList, read } from './bench-options';
import { note, path, wholeNumberFrom } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

const DEFAULT_SEEDS = 200;
const MAX_SEEDS = 10_000;
const EXAMPLE_RUN = 'docs/experiment/data/latency-hpa-steps-1.json.gz';

interface ExplainOptions {
  readonly whatIf?: Change;
  readonly chart?: string;
  readonly seeds: number;
}

function explainHpa(file: string, { whatIf: change, chart, seeds }: ExplainOptions): void {
  const { readRecordedFile } =
    require('../bench/adviser/recorded-file') as typeof import('../bench/adviser/recorded-file.js');
  const { replayRecording } =
    require('../bench/evidence/hpa-replay') as typeof import('../bench/evidence/hpa-replay.js');
  const { explanationText } =
    require('../bench/adviser/explanation') as typeof import('../bench/adviser/explanation.js');
  if (chart !== undefined && change === undefined) {
    throw new RangeError('--chart draws a change: add --what-if, such as --what-if target=70');
  }
  const { recording, run } = readRecordedFile(file);
  const syncs = replayRecording(recording);
  if (syncs === undefined) throw new Error(`${file} has no HPA: record a variant that has one`);
  if (change === undefined) {
    console.log(explanationText(recording, syncs));
    return;
  }
  if (run === undefined) {
    throw new Error(
      `${file} has no objective and no profile beside it: --what-if needs a run of npm run experiments`,
    );
  }
  const { readEvidence } =
    require('../bench/evidence/evidence') as typeof import('../bench/evidence/evidence.js');
  const { profileOf } =
    require('../bench/adviser/model-profile') as typeof import('../bench/adviser/model-profile.js');
  const { whatIf } = require('../bench/adviser/what-if') as typeof import('../bench/adviser/what-if.js');
  const { whatIfText } =
    require('../bench/adviser/what-if-text') as typeof import('../bench/adviser/what-if-text.js');
  const profile = profileOf(readEvidence(dirname(file)), run.model);
  const answer = whatIf(run, profile, change, seeds);
  console.log(whatIfText(answer));
  if (answer.changed === undefined) process.exitCode = 1;
  if (chart === undefined) return;
  const { changed } = answer;
  if (changed === undefined) {
    note(`${chart} is not written`);
    return;
  }
  const { whatIfChart } =
    require('../bench/adviser/what-if-chart') as typeof import('../bench/adviser/what-if-chart.js');
  writeFileAtomic(chart, whatIfChart(run, { ...answer, changed }));
}

/** Adds the command. */
export function addExplain(program: Command): void {
  const explain = program
    .command('explain')
    .description('explain recorded decisions of the autoscaler')
    .addHelpText('after', `\nExample: npx tandem explain hpa ${EXAMPLE_RUN}`);
  explain
    .command('hpa')
    .description(
      'decide each recorded sync of an HPA again by Kubernetes’ rules and print why, with the source line of each rule',
    )
    .argument(
      '<file>',
      'a run of npm run experiments, or a timeline of tandem bench timeline or tandem bench run',
      path,
    )
    .option(
      '--what-if <changes>',
      'simulate the run with other settings instead, such as target=70,window=60',
      read(parseChange),
    )
    .option('--chart <file>', 'also draw the change over the record as SVG', path)
    .option('--seeds <count>', 'simulations per setting', wholeNumberFrom(1, MAX_SEEDS), DEFAULT_SEEDS)
    .addHelpText(
      'after',
      `\nChanges:\n${formList(Object.entries(CHANGES).map(([name, { meaning }]) => [name, meaning]))}\n` +
        '\nA change is simulated only where the simulation with the recorded settings stays close to the record; else the ' +
        `exit code is 1.\n\nExample: npx tandem explain hpa ${EXAMPLE_RUN} --what-if target=70`,
    )
    .action(explainHpa);
}
