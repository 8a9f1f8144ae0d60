/**
 * `tandem plan`: the deployment that meets a latency objective at the least CPU requested.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { type Command, Option } from 'commander';

import type { OpenLoad } from '../bench/load/load';
import { durationSeconds, LOAD_FORMS, MAX_REQUESTS, meanRequests, parseLoad } from '../bench/load/load';
import { HISTORY_QUERY, readHistory } from '../bench/load/prometheus-history';
import { formatSlo, parseSlo, percentileName, type Slo } from '../bench/load/slo';
import { PACKAGE_ROOT } from '../files/package-root';
import { makeOut, writeFileAtomic } from '../files/write';
import { CLUSTER, clusterOf, MAX_NODES } from '../infra/scheduler/cluster';
import { MODEL_IDS, type ModelId } from '../models/catalog';
import { formList, read } from './bench/options';
import { note, numberFrom, path, wholeNumberFrom } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

const DEFAULT_NODE = CLUSTER[0]!;
const DEFAULT_DATA = 'docs/experiment/data';
/** Length of the load that `--rate` stands for. */
const RATE_SECONDS = 300;
/** With fewer requests on average a seed may draw none. */
const MIN_REQUESTS = 20;
/** The lowest rate that `--rate` can mean at any percentile, per second. */
const MIN_RATE_PER_SECOND = Math.ceil((100 * MIN_REQUESTS) / RATE_SECONDS) / 100;
/** The highest one with a load of as many requests as may be expected of a load. */
const MAX_RATE_PER_SECOND = Math.floor(MAX_REQUESTS / 2 / RATE_SECONDS);

interface PlanOptions {
  readonly slo: Slo;
  /** Requests per second. */
  readonly rate?: number;
  readonly load?: string;
  readonly prometheus?: string;
  readonly nodes: number;
  readonly cpuMillis: number;
  readonly model?: ModelId;
  readonly data: string;
  readonly explain?: string;
  readonly emit?: string;
}

/** @throws RangeError if a load has so few requests that one of them decides the percentile */
function checkRequests(load: OpenLoad, { percentile }: Slo, text: string): void {
  const needed = Math.max(MIN_REQUESTS, Math.ceil(Number((1 / (1 - percentile)).toFixed(6))));
  const expected = meanRequests(load);
  if (expected >= needed) return;
  throw new RangeError(
    `a plan for ${percentileName(percentile)} needs at least ${needed} requests, received ` +
      `${Number(expected.toFixed(2))} in ${durationSeconds(load)} s of ${text}: give a higher rate` +
      (text.startsWith('--rate')
        ? `, ${Math.ceil((100 * needed) / RATE_SECONDS) / 100} or more`
        : ' or a longer load'),
  );
}

function loadOf({ rate, load, prometheus }: PlanOptions): { readonly text: string; readonly load: OpenLoad } {
  if ([rate, load, prometheus].filter((given) => given !== undefined).length !== 1) {
    throw new RangeError(
      'the load must be given once: --rate 40, or --load such as --load ramp:5-40:20m, or --prometheus FILE',
    );
  }
  if (prometheus !== undefined) return { text: basename(prometheus), load: readHistory(prometheus) };
  const text = load ?? `poisson:${rate}:${RATE_SECONDS}s`;
  const parsed = parseLoad(text);
  if (parsed.kind === 'closed') {
    throw new RangeError(`--load must be an open loop, received "${text}": clients that wait have no rate`);
  }
  return { text, load: parsed };
}

/** What `npm run bench:parallelism` measured of memory; nothing where it never ran. */
function memoryCells() {
  const { PARALLELISM_FILE } =
    require('../bench/experiments/performance-data') as typeof import('../bench/experiments/performance-data.js');
  const { parseParallelism } =
    require('../bench/experiments/parallelism-document') as typeof import('../bench/experiments/parallelism-document.js');
  return existsSync(PARALLELISM_FILE) ? parseParallelism(readFileSync(PARALLELISM_FILE, 'utf8')).cells : [];
}

/** What the answer takes for granted, in sentences. */
function assumptionsOf({ rate, cpuMillis }: PlanOptions): string[] {
  const memory = Math.floor(DEFAULT_NODE.memoryAllocatableBytes / 2 ** 20);
  return [
    ...(rate === undefined
      ? []
      : [
          `The load: ${rate} images per second on average, at random times (Poisson), for ${RATE_SECONDS} s. ` +
            'For a rate that changes, use --load.',
        ]),
    `Each node gives pods ${cpuMillis}m CPU (--cpu-millis) and ${memory}Mi memory.`,
  ];
}

/**
 * Refuses, before the simulation, a wrong setting and a folder that cannot be written to.
 *
 * @throws Error naming the setting, or the option if its folder cannot be written to
 */
function checkEmit(folder: string, environment: NodeJS.ProcessEnv): void {
  const { readContext, readSettings } = require('../infra/settings') as typeof import('../infra/settings.js');
  const { unknownSettingLines } =
    require('../infra/unknown-settings') as typeof import('../infra/unknown-settings.js');
  for (const line of unknownSettingLines(environment)) note(line);
  readSettings(environment, readContext());
  makeOut(folder, '--emit');
}

const missingIn = (data: string, missing: readonly string[]) =>
  missing.map((sentence) => `${data}: ${sentence}`);

function plan(options: PlanOptions): void {
  const { slo, nodes: count, cpuMillis, model, data, explain, emit } = options;
  const { text, load } = loadOf(options);
  checkRequests(load, slo, options.rate === undefined ? text : `--rate ${options.rate}`);
  if (emit !== undefined) checkEmit(emit, process.env);
  const { readEvidence } =
    require('../bench/evidence/evidence') as typeof import('../bench/evidence/evidence.js');
  const { profilesOf } =
    require('../bench/adviser/validation') as typeof import('../bench/adviser/validation.js');
  const { planBound } = require('../bench/adviser/bounds') as typeof import('../bench/adviser/bounds.js');
  const { advise } = require('../bench/adviser/advise') as typeof import('../bench/adviser/advise.js');
  const { idealOf } = require('../bench/adviser/ideal') as typeof import('../bench/adviser/ideal.js');
  const { rivalsOf } = require('../bench/adviser/rivals') as typeof import('../bench/adviser/rivals.js');
  const { adviceMarkdown, plainText } =
    require('../bench/adviser/advice-text') as typeof import('../bench/adviser/advice-text.js');
  const { withPrecisions } =
    require('../bench/adviser/precision-rows') as typeof import('../bench/adviser/precision-rows.js');
  const evidence = readEvidence(data);
  const { fits, profiles, missing } = profilesOf(evidence);
  const models = model === undefined ? MODEL_IDS : [model];
  if (!profiles.some((profile) => models.includes(profile.model)))
    throw new Error(missingIn(data, missing).join('\n'));
  for (const sentence of missingIn(data, missing)) note(sentence);
  const nodes = clusterOf({
    nodes: count,
    cpuAllocatableMillis: cpuMillis,
    memoryAllocatableBytes: DEFAULT_NODE.memoryAllocatableBytes,
    controlPlane: false,
  });
  const bound = planBound(evidence, fits, slo.percentile);
  const wish = { slo, load, nodes: count, bound };
  const rows = evidence.machine ? withPrecisions(profiles, evidence.machine, memoryCells()) : profiles;
  const advice = advise(rows, wish, nodes, models);
  const { best } = advice;
  const comparison = best && { ideal: idealOf(best.candidate, wish), rivals: rivalsOf(best, wish) };
  const markdown = adviceMarkdown(advice, text, comparison, assumptionsOf(options));
  console.log(plainText(markdown));
  if (explain !== undefined) writeFileAtomic(explain, `${markdown}\n`);
  if (best === undefined) {
    process.exitCode = 1;
    return;
  }
  if (emit === undefined) {
    note('to write its manifests, add --emit FOLDER');
    return;
  }
  const { emit: writeManifests, variantOf } =
    require('../bench/adviser/emit') as typeof import('../bench/adviser/emit.js');
  const variant = variantOf(best.candidate, `tandem plan, ${text}, ${formatSlo(slo)}`);
  const files = writeManifests(variant, emit, process.env);
  console.log(`\nThe row for infra/variants.ts:\n${JSON.stringify(variant, undefined, 2)}`);
  for (const file of files) note(`wrote ${join(emit, file)}`);
}

/** Adds the command. */
export function addPlan(program: Command): void {
  program
    .command('plan')
    .description(
      'find the model, precision, requests, limits and replicas or autoscaler that meet a latency objective at the least CPU requested: simulated from measured profiles',
    )
    .requiredOption('--slo <objective>', 'latency objective, such as p95=300ms', read(parseSlo))
    .option('--rate <number>', 'images per second', numberFrom(MIN_RATE_PER_SECOND, MAX_RATE_PER_SECOND))
    .option('--load <load>', 'a load that changes, in the form of tandem bench load')
    .option(
      '--prometheus <file>',
      'requests per second over time: the JSON answer of Prometheus’ query_range',
      path,
    )
    .option('--nodes <count>', 'number of equal nodes', wholeNumberFrom(1, MAX_NODES), CLUSTER.length)
    .option(
      '--cpu-millis <millicores>',
      'allocatable CPU per node, millicores',
      wholeNumberFrom(1),
      DEFAULT_NODE.cpuAllocatableMillis,
    )
    .addOption(
      new Option(
        '--model <model>',
        'only this model (default: both); docs/twin.md says how to plan a model of your own',
      ).choices(MODEL_IDS),
    )
    .addOption(
      new Option('--data <folder>', 'recordings that the profiles come from')
        .argParser(path)
        .default(join(PACKAGE_ROOT, DEFAULT_DATA), DEFAULT_DATA),
    )
    .option('--explain <file>', 'also write the answer as Markdown', path)
    .option('--emit <folder>', 'also write the manifests, and print the row of the variant', path)
    .addHelpText(
      'after',
      `\nLoads:\n${formList(LOAD_FORMS.filter(([form]) => !form.startsWith('closed')))}\n` +
        `\nA query for --prometheus: ${HISTORY_QUERY}\n` +
        '\nThe exit code is 1 if no deployment meets the objective.\n' +
        '\nExample: npx tandem plan --slo p95=400ms --rate 10 --nodes 3',
    )
    .action(plan);
}
