/**
 * `tandem explain hpa`: why an HPA decided as it did, and what it would have done with other settings.
 */
import { dirname, join, relative } from 'node:path';

import type { Command } from 'commander';

import { type Change, CHANGES, parseChange } from '../bench/adviser/change';
import type { RecordedFile } from '../bench/adviser/recorded-file';
import { PACKAGE_ROOT } from '../files/package-root';
import { shellWord } from '../files/shell-word';
import { writeFileAtomic } from '../files/write';
import { boundedSeconds, formList, read } from './bench/options';
import { explainChange } from './explain-change';
import { explainCluster } from './explain-cluster';
import { note, path, wholeNumberFrom } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

const DEFAULT_SEEDS = 200;
const MAX_SEEDS = 10_000;
const EXAMPLE_RUN = join(PACKAGE_ROOT, 'docs/experiment/data/latency-hpa-steps-1.json.gz');

interface ExplainOptions {
  readonly kubeconfig?: string;
  /** Seconds. */
  readonly duration?: number;
  readonly whatIf?: Change;
  readonly chart?: string;
  readonly seeds?: number;
}

type Run = NonNullable<RecordedFile['run']>;

/** Simulates a run of `npm run experiments` with other settings, its load included. */
function simulateRun(
  file: string,
  run: Run,
  change: Change,
  { chart, seeds = DEFAULT_SEEDS }: Pick<ExplainOptions, 'chart' | 'seeds'>,
): void {
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

/** @throws RangeError if an option is given that only a simulated run follows */
function refuseOfRuns({ chart, seeds }: Pick<ExplainOptions, 'chart' | 'seeds'>): void {
  const given = chart !== undefined ? '--chart' : seeds !== undefined ? '--seeds' : undefined;
  if (given === undefined) return;
  throw new RangeError(`${given} needs a run of npm run experiments: name one, or leave ${given} out`);
}

function explainFile(file: string, { whatIf: change, ...simulated }: ExplainOptions): void {
  const { readRecordedFile } =
    require('../bench/adviser/recorded-file') as typeof import('../bench/adviser/recorded-file.js');
  const { replayRecording } =
    require('../bench/evidence/hpa-replay') as typeof import('../bench/evidence/hpa-replay.js');
  const { explanationText } =
    require('../bench/adviser/explanation') as typeof import('../bench/adviser/explanation.js');
  const { recording, run } = readRecordedFile(file);
  const syncs = replayRecording(recording);
  if (syncs === undefined) throw new Error(`${file} has no HPA: record a variant that has one`);
  if (change === undefined) {
    console.log(explanationText(recording, syncs));
  } else if (run !== undefined) {
    simulateRun(file, run, change, simulated);
  } else {
    refuseOfRuns(simulated);
    explainChange(recording, syncs, change);
  }
}

async function explainHpa(what: string, options: ExplainOptions): Promise<void> {
  const { kubeconfig, duration, chart, seeds, whatIf } = options;
  if (chart !== undefined && whatIf === undefined) {
    throw new RangeError('--chart draws a change: add --what-if, such as --what-if target=70');
  }
  if (seeds !== undefined && whatIf === undefined) {
    throw new RangeError('--seeds simulates a change: add --what-if, such as --what-if target=70');
  }
  if (kubeconfig === undefined) {
    if (duration !== undefined) throw new RangeError('--duration watches a cluster: add --kubeconfig');
    explainFile(what, options);
    return;
  }
  refuseOfRuns(options);
  await explainCluster(what, { ...options, kubeconfig });
}

/** Adds the command. */
export function addExplain(program: Command): void {
  // As it is written here, so that the examples run in every folder.
  const run = shellWord(relative(process.cwd(), EXAMPLE_RUN));
  const explain = program
    .command('explain')
    .description('explain decisions of the autoscaler')
    .addHelpText('after', `\nExample: npx tandem explain hpa ${run}`);
  explain
    .command('hpa')
    .description(
      'decide each sync of an HPA again by Kubernetes’ rules and print why, with the source line of each rule',
    )
    .argument(
      '<what>',
      'a recording: a run of npm run experiments, or a timeline of tandem bench timeline or tandem bench run; ' +
        'with --kubeconfig an HPA as NAMESPACE/NAME',
      path,
    )
    .option('--kubeconfig <file>', 'explain an HPA of this cluster, read with kubectl', path)
    .option(
      '--duration <duration>',
      'how long to watch the cluster, such as 5m; Ctrl-C ends it early (default: one look)',
      read(boundedSeconds),
    )
    .option(
      '--what-if <changes>',
      'decide with other settings, such as target=70,window=60',
      read(parseChange),
    )
    .option('--chart <file>', 'also draw the change over a run of npm run experiments as SVG', path)
    .option(
      '--seeds <count>',
      `simulations of a run of npm run experiments per setting (default: ${DEFAULT_SEEDS})`,
      wholeNumberFrom(1, MAX_SEEDS),
    )
    .addHelpText(
      'after',
      `\nChanges:\n${formList(Object.entries(CHANGES).map(([name, { meaning }]) => [name, meaning]))}\n` +
        '\nA run of npm run experiments is simulated with the change, its load included. Of other recordings and of a cluster, ' +
        'each sync is decided again from its own pods and CPU samples. If the recorded settings do not lead to the recorded ' +
        'decisions, the command says so, decides nothing and exits with 1.\n' +
        `\nExample: npx tandem explain hpa ${run} --what-if target=70\n` +
        'Example: npx tandem explain hpa tandem/latency-hpa --kubeconfig ~/.kube/config --duration 5m',
    )
    .action(explainHpa);
}
