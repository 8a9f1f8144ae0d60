/**
 * How many processes and threads are best for each model, precision and CPU limit? `npm run bench:parallelism` measures
 * them in turns in control groups and judges the service's rule.
 *
 * npx tsx bench/experiments/parallelism.ts [--models accuracy,latency] [--precisions fp32,int8] [--cpus 500,1000,2000]
 *   [--rounds 2] [--seconds N] [--write]
 *
 * `--write` keeps the figures in docs/performance/data/, from which `npm run docs` makes the table. Linux, root and control
 * groups of version 1; five minutes on two cores.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

import { MODEL_IDS, type ModelId, modelId } from '../../models/catalog';
import { PRECISIONS_OF } from '../../models/engines/engine';
import { ENV } from '../../service/contract';
import type { Parallelism } from '../../service/inference/parallelism';
import { percentile } from '../../statistics/percentile';
import { thisMachine } from '../timeline/recorder';
import { cgroupObstacle, createCpuGroup } from './cpu-group';
import { PARALLEL_ENV } from './parallel-service';
import {
  type Cell,
  claimOf,
  compare,
  limitsFor,
  PARALLELISM_SCHEMA,
  PARALLELISM_VERSION,
  type ParallelismDocument,
  parallelismText,
  shapesOf,
  shapeText,
} from './parallelism-document';
import { PARALLELISM_FILE, writePerformanceData } from './performance-data';
import { programArguments } from './program-arguments';
import { costUnderLoad, oneClientTimes, warmUp } from './service-cost';
import { type ServiceProcess, startService } from './service-process';
import { SAMPLE, writeJpeg } from './sized-jpeg';
import { verdict } from './verdict';

const IMAGE = '320x240';
const CLIENTS = 4;
const WARM_UP_SECONDS = 1;
/** Time under load per cell and round: enough for a dozen images at half a core. */
const SECONDS: Readonly<Record<ModelId, number>> = { accuracy: 2.5, latency: 1.5 };

/** A service with a shape of its own. */
interface Side {
  readonly shape: Parallelism;
  readonly service: ServiceProcess;
}

/** Starts a service of each shape, adds it to `sides`, and moves it into the group: starting is faster outside. */
async function startSides(
  { model, precision }: Pick<Cell, 'model' | 'precision'>,
  shapes: readonly Parallelism[],
  { file, group, sides }: { file: string; group: ReturnType<typeof createCpuGroup>; sides: Side[] },
): Promise<void> {
  for (const shape of shapes) {
    const service = await startService(
      {
        ...{ [ENV.models]: model, [ENV.precision]: precision },
        [PARALLEL_ENV.processes]: String(shape.processes),
        [PARALLEL_ENV.threads]: String(shape.threads),
      },
      { entry: join(__dirname, 'parallel-service.ts') },
    );
    sides.push({ shape, service });
    await warmUp(service, file, CLIENTS, WARM_UP_SECONDS);
    for (const id of [service.processId, ...service.workers()]) group.add(id);
  }
}

type Figures = Pick<Cell, 'perSecond' | 'oneClientMs' | 'cpuMs' | 'pssMebibytes'>;

async function measureOnce(service: ServiceProcess, file: string, seconds: number) {
  const { perSecond, cpuMs, pssMebibytes } = await costUnderLoad(service, file, CLIENTS, seconds);
  const { oneClientMs } = await oneClientTimes(service, file, seconds / 2);
  return { perSecond, cpuMs, pssMebibytes, oneClientMs: percentile(oneClientMs, 0.5) };
}

/** Measures in turns, so that a busy machine slows all services alike. */
async function measureRounds(sides: readonly Side[], file: string, rounds: number, seconds: number) {
  const turns: Record<keyof Figures, number>[][] = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { service }] of sides.entries()) turns[i]!.push(await measureOnce(service, file, seconds));
  }
  return sides.map(({ shape }, i): Parallelism & Figures => ({
    ...shape,
    perSecond: turns[i]!.map(({ perSecond }) => perSecond),
    oneClientMs: turns[i]!.map(({ oneClientMs }) => oneClientMs),
    cpuMs: turns[i]!.map(({ cpuMs }) => cpuMs),
    pssMebibytes: turns[i]!.map(({ pssMebibytes }) => pssMebibytes),
  }));
}

/** Measures one model at one precision under each limit. */
async function measureModel(
  subject: Pick<Cell, 'model' | 'precision'>,
  limitsMillis: readonly number[],
  { file, rounds, seconds }: { readonly file: string; readonly rounds: number; readonly seconds: number },
): Promise<Cell[]> {
  const shapes = new Map(limitsMillis.flatMap(shapesOf).map((shape) => [shapeText(shape), shape]));
  // One group for all services, because those whose turn it is not do nothing.
  const group = createCpuGroup(limitsMillis[0]!);
  const sides: Side[] = [];
  const cells: Cell[] = [];
  try {
    await startSides(subject, [...shapes.values()], { file, group, sides });
    for (const cpuLimitMillis of limitsMillis) {
      group.setLimitMillis(cpuLimitMillis);
      const wanted = shapesOf(cpuLimitMillis).map(shapeText);
      const now = sides.filter(({ shape }) => wanted.includes(shapeText(shape)));
      for (const cell of await measureRounds(now, file, rounds, seconds)) {
        cells.push({ ...subject, cpuLimitMillis, ...cell });
      }
      console.error(`measured ${subject.model} at ${subject.precision} and ${cpuLimitMillis} millicores`);
    }
  } finally {
    for (const { service } of sides) await service.end('SIGINT');
    await group.remove();
  }
  return cells;
}

async function main(): Promise<void> {
  const cores = availableParallelism();
  const { values } = programArguments(__filename, {
    options: {
      models: { type: 'string', default: MODEL_IDS.join(',') },
      precisions: { type: 'string', default: PRECISIONS_OF.onnxruntime.join(',') },
      cpus: { type: 'string', default: limitsFor(cores).join(',') },
      rounds: { type: 'string', default: '2' },
      seconds: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const obstacle = cgroupObstacle();
  if (obstacle !== undefined) throw new Error(`CPU limits cannot be set here: ${obstacle}`);
  const limitsMillis = values.cpus.split(',').map(Number);
  const precisions = PRECISIONS_OF.onnxruntime.filter((precision) =>
    values.precisions.split(',').includes(precision),
  );
  const startedAt = new Date().toISOString();
  const folder = mkdtempSync(join(tmpdir(), 'tandem-parallelism-'));
  const file = join(folder, 'image.jpg');
  const cells: Cell[] = [];
  try {
    await writeJpeg(SAMPLE, IMAGE, file);
    for (const model of values.models.split(',').map(modelId)) {
      const seconds = values.seconds === undefined ? SECONDS[model] : Number(values.seconds);
      for (const precision of precisions) {
        const options = { file, rounds: Number(values.rounds), seconds };
        cells.push(...(await measureModel({ model, precision }, limitsMillis, options)));
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const document: ParallelismDocument = {
    ...{ schema: PARALLELISM_SCHEMA, version: PARALLELISM_VERSION, startedAt, machine: thisMachine() },
    ...{ image: IMAGE, clients: CLIENTS, cells },
  };
  if (values.write) writePerformanceData(PARALLELISM_FILE, document);
  console.log(`${parallelismText(document)}\n`);
  verdict(compare(document).map((comparison) => [claimOf(comparison), comparison.isJustified]));
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
