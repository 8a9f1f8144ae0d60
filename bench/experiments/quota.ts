/**
 * How long do requests of known CPU time take under a CPU limit? `npm run bench:quota` sends them to a process in a control
 * group, one at a time and with random pauses, under each limit in turns.
 *
 * npm run bench:quota -- [--limits 137,200,275,400,550,700,850,1000] [--cpu 3,10,30] [--rounds 3] [--seconds 12.5]
 *   [--seed 1] [--out docs/twin/data/quota.json]
 *
 * `--limits` are in millicores, `--cpu` in milliseconds, and `--seconds` are those of each limit in one round. `npm run docs`
 * makes the table of docs/twin.md from the figures. Linux, root and control groups of version 1; six minutes on a quiet
 * machine.
 */
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { makeFolder, writeFileAtomic } from '../../files/write';
import { mean } from '../../statistics/mean';
import { percentile } from '../../statistics/percentile';
import { type Random, seededRandom } from '../../statistics/seeded-random';
import { commitOf } from '../evidence/commit';
import { thisMachine } from '../timeline/recorder';
import { iterationsPerMs, startBurner } from './burner';
import { cgroupObstacle, createCpuGroup } from './cpu-group';
import { programArguments } from './program-arguments';
import {
  type MeasuredCell,
  QUOTA_FILE,
  QUOTA_SCHEMA,
  QUOTA_VERSION,
  type QuotaDocument,
} from './quota-document';

/** Requests would use so many times the limit if none waited, so that under most limits some wait and some do not. */
const LOAD_FACTOR = 1.25;
/** Between two measurements: two periods, after which nothing is owed. */
const REST_MS = 200;

/** One cell in one round. */
interface Turn {
  readonly elapsedMs: readonly number[];
  readonly pausesMs: readonly number[];
  /** CPU time of the group. */
  readonly cpuMs: number;
  readonly periods: number;
  readonly throttledPeriods: number;
}

/** Where a turn takes place. */
interface Place {
  readonly group: ReturnType<typeof createCpuGroup>;
  /** Sends a request and waits for its answer. */
  readonly request: () => Promise<void>;
  readonly random: Random;
}

async function takeTurn({ group, request, random }: Place, pauseMs: number, seconds: number): Promise<Turn> {
  const elapsedMs: number[] = [];
  const pausesMs: number[] = [];
  const [before, cpuBeforeMs] = [group.throttling(), group.cpuMs()];
  let answeredMs = performance.now();
  const endMs = answeredMs + 1000 * seconds;
  while (answeredMs < endMs) {
    await sleep(random.between(0, 2 * pauseMs));
    const sentMs = performance.now();
    pausesMs.push(sentMs - answeredMs);
    await request();
    answeredMs = performance.now();
    elapsedMs.push(answeredMs - sentMs);
  }
  const after = group.throttling();
  return {
    ...{ elapsedMs, pausesMs, cpuMs: group.cpuMs() - cpuBeforeMs },
    periods: after.periods - before.periods,
    throttledPeriods: after.throttledPeriods - before.throttledPeriods,
  };
}

/** A turn of each CPU time under one limit. The process is a new one, and so is the phase of the quota's periods. */
async function takeTurns(
  limitMillis: number,
  cpuTimesMs: readonly number[],
  { round, seconds, seed }: { readonly round: number; readonly seconds: number; readonly seed: number },
): Promise<Turn[]> {
  const burner = startBurner();
  const group = createCpuGroup(1000 * availableParallelism(), `-${limitMillis}-${round}`);
  const random = seededRandom(seed, `${limitMillis}m in round ${round}`);
  // Longer requests get more time, so that there are enough of them too.
  const weights = cpuTimesMs.map(Math.sqrt);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const turns: Turn[] = [];
  try {
    group.add(burner.processId);
    const perMs = await iterationsPerMs(burner, group.cpuMs);
    group.setLimitMillis(limitMillis);
    for (const [i, cpuMs] of cpuTimesMs.entries()) {
      await sleep(REST_MS);
      const pauseMs = Math.max(0, (cpuMs * 1000) / (limitMillis * LOAD_FACTOR) - cpuMs);
      const request = () => burner.burn(Math.round(cpuMs * perMs));
      turns.push(await takeTurn({ group, request, random }, pauseMs, (seconds * weights[i]!) / sum));
    }
  } finally {
    burner.end();
    await group.remove();
  }
  return turns;
}

/** To a microsecond. */
const rounded = (ms: number) => Number(ms.toFixed(3));
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

function cellOf(limitMillis: number, nominalCpuMs: number, turns: readonly Turn[]): MeasuredCell {
  const elapsedMs = turns.flatMap((turn) => turn.elapsedMs);
  return {
    ...{ limitMillis, nominalCpuMs, requests: elapsedMs.length },
    cpuMs: rounded(total(turns.map(({ cpuMs }) => cpuMs)) / elapsedMs.length),
    pauseMs: rounded(mean(turns.flatMap(({ pausesMs }) => pausesMs))),
    meanMs: rounded(mean(elapsedMs)),
    p95Ms: rounded(percentile(elapsedMs, 0.95)),
    roundMeansMs: turns.map((turn) => rounded(mean(turn.elapsedMs))),
    periods: total(turns.map(({ periods }) => periods)),
    throttledPeriods: total(turns.map(({ throttledPeriods }) => throttledPeriods)),
  };
}

const turnText = (cpuMs: number, { elapsedMs }: Turn) =>
  `${cpuMs} ms of CPU took ${mean(elapsedMs).toFixed(1)} ms (p95 ${percentile(elapsedMs, 0.95).toFixed(1)} ms, ${elapsedMs.length} requests)`;

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      limits: { type: 'string', default: '137,200,275,400,550,700,850,1000' },
      cpu: { type: 'string', default: '3,10,30' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '12.5' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: QUOTA_FILE },
    },
  });
  const obstacle = cgroupObstacle();
  if (obstacle !== undefined) throw new Error(`CPU limits cannot be set here: ${obstacle}`);
  const [limitsMillis, cpuTimesMs] = [values.limits, values.cpu].map((list) => list.split(',').map(Number));
  const [rounds, seconds, seed] = [values.rounds, values.seconds, values.seed].map(Number);
  const commit = commitOf();
  console.log(`measuring quotas: ${values.limits}m, ${rounds} rounds of ${seconds} s each`);
  const startedAt = new Date().toISOString();
  const turnsOf = new Map(limitsMillis!.map((limitMillis) => [limitMillis, [] as Turn[][]]));
  for (let round = 1; round <= rounds!; round++) {
    for (const [limitMillis, taken] of turnsOf) {
      const turns = await takeTurns(limitMillis, cpuTimesMs!, { round, seconds: seconds!, seed: seed! });
      taken.push(turns);
      const texts = turns.map((turn, i) => turnText(cpuTimesMs![i]!, turn));
      console.log(`round ${round}, ${limitMillis}m: ${texts.join('; ')}`);
    }
  }
  const document: QuotaDocument = {
    ...{ schema: QUOTA_SCHEMA, version: QUOTA_VERSION, startedAt, commit, machine: thisMachine() },
    ...{ seed: seed!, seconds: seconds!, rounds: rounds! },
    cells: [...turnsOf].flatMap(([limitMillis, taken]) =>
      cpuTimesMs!.map((cpuMs, i) =>
        cellOf(
          limitMillis,
          cpuMs,
          taken.map((turns) => turns[i]!),
        ),
      ),
    ),
  };
  makeFolder(dirname(values.out));
  writeFileAtomic(values.out, `${JSON.stringify(document, null, 1)}\n`);
  console.log(`quotas done: ${values.out}`);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
