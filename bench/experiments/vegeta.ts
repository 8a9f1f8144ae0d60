/**
 * Does the load generator agree with vegeta on send-to-answer time?
 *
 * npx tsx bench/experiments/vegeta.ts [--rate 50] [--seconds 20] [--repetitions 5] [--out FILE]
 *
 * Needs Go and access to its module proxy. Both send to the same server at the same constant rate, on a fresh connection
 * per request, in turns. Within a repetition the server gives both the same sequence of service times, so that p99 does
 * not differ by chance. Medians over the repetitions are compared. Exits with 1 if p50 or p99 differ by more than 5 %, or
 * if a run of ours was invalid.
 *
 * `--out` keeps the runs as JSON. From docs/benchmarking/vegeta.json, measured with `--seconds 10 --repetitions 7`,
 * `npm run docs` writes the sentence in docs/benchmarking.md.
 */
import { execFileSync, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { PACKAGE_ROOT } from '../../files/package-root';
import { percentile } from '../../statistics/percentile';
import { seededRandom } from '../../statistics/seeded-random';
import { commitOf } from '../evidence/commit';
import { runLoad } from '../load/generator';
import { decodeRequests } from '../load/run-document';
import { thisMachine } from '../timeline/recorder';
import { writePerformanceData } from './performance-data';
import { programArguments } from './program-arguments';
import {
  mediansOf,
  type Pair,
  type Percentiles,
  VEGETA_SCHEMA,
  VEGETA_VERSION,
  type VegetaDocument,
} from './vegeta-document';
import { verdict } from './verdict';

const VEGETA = 'github.com/tsenart/vegeta/v12@v12.13.0';
const CACHE = join(PACKAGE_ROOT, 'node_modules/.cache/vegeta');
const MAX_DIFFERENCE = 0.05;
/** The server answers after 20 ms and an exponential time of this mean, so that p99 lies far from p50. */
const MEAN_EXTRA_MS = 15;
const FIXED_MS = 20;

/** The server, in a process of its own. A path is `/SEED/NAME`; each path starts the seed's sequence anew. */
function serve(): void {
  const sequences = new Map<string, ReturnType<typeof seededRandom>>();
  const server = createServer((request, response) => {
    const path = request.url!;
    const random = sequences.get(path) ?? seededRandom(Number(path.split('/')[1]), 'service times');
    sequences.set(path, random);
    request.resume();
    setTimeout(() => response.end('{}'), FIXED_MS - MEAN_EXTRA_MS * Math.log(1 - random.uniform()));
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit(0));
}

function vegeta(url: string, rate: number, seconds: number): Percentiles {
  const command = [
    `echo "GET ${url}"`,
    `"${CACHE}/vegeta" attack -rate=${rate}/s -duration=${seconds}s -keepalive=false`,
    `"${CACHE}/vegeta" report -type=json`,
  ].join(' | ');
  const { latencies } = JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8' })) as {
    latencies: Record<'50th' | '99th', number>;
  };
  // Nanoseconds.
  return { p50Ms: latencies['50th'] / 1e6, p99Ms: latencies['99th'] / 1e6, broken: [] };
}

async function ours(url: string, rate: number, seconds: number): Promise<Percentiles> {
  const document = await runLoad({ url, load: `constant:${rate}:${seconds}s` });
  const { latencyMs, lagMs } = decodeRequests(document.requests);
  // The latency of a request that was sent early counts from there.
  const sinceSendMs = Array.from(latencyMs, (ms, i) => ms - Math.max(0, lagMs[i]!));
  return {
    p50Ms: percentile(sinceSendMs, 0.5),
    p99Ms: percentile(sinceSendMs, 0.99),
    broken: document.validity.broken.map(({ rule, detail }) => `${rule} ${detail}`),
  };
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      rate: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '20' },
      repetitions: { type: 'string', default: '5' },
      out: { type: 'string' },
    },
  });
  const [rate, seconds, repetitions] = [values.rate, values.seconds, values.repetitions].map(Number) as [
    number,
    number,
    number,
  ];
  // Before the runs: the code may be edited meanwhile.
  const [startedAt, commit] = [new Date().toISOString(), values.out === undefined ? '' : commitOf()];
  execFileSync('go', ['install', VEGETA], { env: { ...process.env, GOBIN: CACHE }, stdio: 'inherit' });
  const server = fork(__filename, ['serve'], {
    execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
  });
  const port = await new Promise((resolve) => server.once('message', resolve));
  const url = (seed: number, name: string) => `http://127.0.0.1:${port}/${seed}/${name}`;
  const runs: Pair[] = [];
  for (let seed = 1; seed <= repetitions; seed++) {
    const run = {
      vegeta: vegeta(url(seed, 'vegeta'), rate, seconds),
      ours: await ours(url(seed, 'ours'), rate, seconds),
    };
    runs.push(run);
    console.log(JSON.stringify(run));
  }
  server.disconnect();
  if (values.out !== undefined) {
    const document: VegetaDocument = {
      ...{ schema: VEGETA_SCHEMA, version: VEGETA_VERSION, startedAt, commit, machine: thisMachine() },
      ...{ vegeta: VEGETA, arguments: { rate, seconds, repetitions }, runs },
    };
    writePerformanceData(values.out, document);
  }
  const invalid = runs.filter(({ ours: { broken } }) => broken.length > 0).length;
  verdict([
    ...mediansOf(runs).map(({ name, oursMs, vegetaMs }) => {
      const ratio = oursMs / vegetaMs;
      const claim = `${name} is within 5 % of vegeta's: ${oursMs.toFixed(2)} ms over ${vegetaMs.toFixed(2)} ms is ${ratio.toFixed(3)}`;
      return [claim, Math.abs(ratio - 1) <= MAX_DIFFERENCE] as const;
    }),
    [`every run of ours was valid: ${runs.length - invalid} of ${runs.length}`, invalid === 0],
  ]);
}

if (process.argv[2] === 'serve') serve();
else void main();
