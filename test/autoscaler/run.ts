/**
 * Compares `bench/autoscaler/` with Kubernetes' own ReplicaCalculator and HorizontalController: `npm run test:autoscaler`.
 * Exits with 1 if a decision differs, if the inputs never led to one of the rules, or if a source line that an explanation
 * names has moved.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { Command, InvalidArgumentError } from 'commander';

import { PACKAGE_ROOT } from '../../files/package-root';
import { movedLines } from './moved-lines';
import { type Oracle, ORACLES } from './oracles';

const GOLDENS = join(PACKAGE_ROOT, 'test/fixtures/autoscaler');
const MAX_SHOWN = 3;

/**
 * The lines of an oracle's run. Its process writes them to file descriptor 3, because Go's test has standard output. It ends
 * where the lines are read no further.
 */
async function* linesOf(
  program: string,
  goTest: string,
  count: number,
  seed: number,
): AsyncGenerator<string> {
  const child = spawn(
    program,
    ['-test.run', `^${goTest}$`, '-test.timeout', '0', '-count', String(count), '-seed', String(seed)],
    { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] },
  );
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit');
  let isReadWhole = false;
  try {
    yield* createInterface({ input: child.stdio[3] as Readable });
    isReadWhole = true;
  } finally {
    if (!isReadWhole) child.kill();
  }
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`${goTest} failed: run it again with --seed ${seed}.\n${output}`);
}

/** Runs one oracle, prints its figures and says whether all decisions are the same and all rules came up. */
async function run(program: string, oracle: Oracle, count: number, seed: number): Promise<boolean> {
  const started = performance.now();
  const missing = new Set(oracle.rules);
  let decisions = 0;
  let differences = 0;
  for await (const line of linesOf(program, oracle.goTest, count, seed)) {
    const { difference, rules, ...compared } = oracle.compare(line);
    decisions += compared.decisions;
    for (const rule of rules) missing.delete(rule);
    if (difference && differences++ < MAX_SHOWN) console.log(JSON.stringify(difference, null, 2));
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const figures = [`${count} ${oracle.name} from seed ${seed}`, `${decisions} decisions`];
  console.log(`${figures.join(', ')}: ${differences} differ (${seconds} s)`);
  if (missing.size > 0) console.log(`never came up: ${[...missing].join(', ')}`);
  return differences === 0 && missing.size === 0;
}

/** Writes the first lines, and after them those that bring a rule which these lack. */
async function writeGoldens(program: string, oracle: Oracle, seed: number): Promise<void> {
  const missing = new Set(oracle.rules);
  const lines: string[] = [];
  for await (const line of linesOf(program, oracle.goTest, oracle.count, seed)) {
    const fresh = oracle.compare(line).rules.filter((rule) => missing.delete(rule));
    if (lines.length < oracle.goldens || fresh.length > 0) lines.push(`${line}\n`);
    if (lines.length >= oracle.goldens && missing.size === 0) break;
  }
  mkdirSync(GOLDENS, { recursive: true });
  writeFileSync(join(GOLDENS, `${oracle.name}.jsonl.gz`), gzipSync(lines.join(''), { level: 9 }));
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number.');
  return Number(text);
}

interface Options {
  readonly podSets: number;
  readonly scenarios: number;
  readonly seed: number;
  readonly writeGoldens?: true;
}

async function main(program: string, source: string, options: Options): Promise<void> {
  const moved = movedLines((file) =>
    readFileSync(join(source, 'pkg/controller/podautoscaler', file), 'utf8'),
  );
  for (const line of moved) console.log(line);
  if (moved.length > 0) process.exitCode = 1;
  const counts: Record<string, number> = { 'pod-sets': options.podSets, scenarios: options.scenarios };
  for (const oracle of ORACLES) {
    if (options.writeGoldens) await writeGoldens(program, oracle, options.seed);
    else if (!(await run(program, oracle, counts[oracle.name]!, options.seed))) process.exitCode = 1;
  }
}

const [podSets, scenarios] = ORACLES.map(({ count }) => count);
void new Command('npm run test:autoscaler --')
  .argument('<oracle>', "the oracle's test binary; run.sh builds and passes it")
  .argument('<source>', "the folder of Kubernetes' source that it is built from")
  .option('--pod-sets <count>', 'pod sets for the ReplicaCalculator', wholeNumber, podSets)
  .option(
    '--scenarios <count>',
    'scenarios of 1 h or more for the HorizontalController',
    wholeNumber,
    scenarios,
  )
  .option('--seed <number>', 'seed of the first one', wholeNumber, 1)
  .option('--write-goldens', 'record the goldens of npm test instead of comparing')
  .action(main)
  .parseAsync();
