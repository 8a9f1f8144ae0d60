/**
 * What one image costs from socket to answer: CPU milliseconds of the server process and of the model processes, and the
 * times that the answers state. The services take turns, so that a busy machine slows all of them alike.
 *
 * npx tsx bench/experiments/path.ts [--model latency] [--image FILE.jpg] [--size 320x240] [--clients 4] [--rounds 5]
 *   [--seconds 4] [--cpus 1000] [--roots .,../other] [--parallel 1x2,2x1]
 *
 * `--cpus` limits each service by a control group of version 1, in millicores; `--cpus 0` sets no limit. `--roots` compares
 * checkouts, `--parallel` processes x threads of this one. Linux.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import sharp from 'sharp';

import { modelId } from '../../models/catalog';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { percentile } from '../../statistics/percentile';
import { summarize } from '../load/documents';
import { runLoad } from '../load/generator';
import { cgroupObstacle, createCpuGroup } from './cpu-group';
import { PARALLEL_ENV } from './parallel-service';
import { type ServiceProcess, startService } from './service-process';

const WARM_UP_SECONDS = 3;
/** Ticks per second of /proc's times; fixed in every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** CPU time of a process with its threads, milliseconds. */
function cpuMs(processId: number): number {
  // The command's name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Memory of a process, with its share of what it shares, MiB. */
const pssMebibytes = (processId: number) =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8'))![1]) / 1024;

/** What is measured, with the heading of its column. */
const FIGURES = {
  perSecond: 'images/s',
  cpuMs: 'CPU ms an image',
  serverMs: 'server',
  modelMs: 'model processes',
  decodeMs: 'decoding ms',
  inferenceMs: 'inference ms',
  oneClientMs: 'one client, p50 ms',
  pssMebibytes: 'PSS MiB',
} as const;
type Figure = keyof typeof FIGURES;

/** A service to start. */
interface Candidate {
  readonly name: string;
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

interface Side {
  readonly name: string;
  readonly service: ServiceProcess;
  readonly figures: Readonly<Record<Figure, number[]>>;
}

/** What takes turns: checkouts, or processes x threads of this one. */
function candidatesOf(roots: string, parallel: string | undefined): Candidate[] {
  if (parallel === undefined)
    return roots.split(',').map((root) => {
      return { name: root, entry: join(resolve(root), 'service', 'main.ts'), environment: {} };
    });
  return parallel.split(',').map((name) => {
    const [processes = '', threads = ''] = name.split('x');
    return {
      name,
      entry: join(__dirname, 'parallel-service.ts'),
      environment: { [PARALLEL_ENV.processes]: processes, [PARALLEL_ENV.threads]: threads },
    };
  });
}

const urlOf = ({ service }: Side) => `${service.url}${PATHS.classify}`;

/** Rate and CPU time with several clients at once. */
async function measureLoad(side: Side, file: string, clients: number, seconds: number): Promise<void> {
  const { service, figures } = side;
  const processes = service.workers();
  const before = [cpuMs(service.processId), sum(processes.map(cpuMs))] as const;
  const load = { load: `closed:${clients}:${seconds}s`, connections: `kept:${clients}` };
  const summary = summarize(await runLoad({ url: urlOf(side), ...load, images: [{ file }] }));
  const images = summary.outcomes.right;
  if (images === 0 || images !== summary.due)
    throw new Error(`every image must be answered, received ${JSON.stringify(summary.outcomes)}`);
  const serverMs = (cpuMs(service.processId) - before[0]) / images;
  const modelMs = (sum(processes.map(cpuMs)) - before[1]) / images;
  figures.serverMs.push(serverMs);
  figures.modelMs.push(modelMs);
  figures.cpuMs.push(serverMs + modelMs);
  figures.perSecond.push(summary.throughputPerSecond);
  figures.pssMebibytes.push(sum([service.processId, ...processes].map(pssMebibytes)));
}

/** Times with one client. */
async function measureOne(side: Side, file: string, seconds: number): Promise<void> {
  const body = readFileSync(file);
  const headers = { 'content-type': 'image/jpeg' };
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const started = performance.now();
    const response = await fetch(urlOf(side), { method: 'POST', headers, body });
    const { timeMs } = (await response.json()) as { timeMs: { decode: number; inference: number } };
    side.figures.oneClientMs.push(performance.now() - started);
    side.figures.decodeMs.push(timeMs.decode);
    side.figures.inferenceMs.push(timeMs.inference);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'latency' },
      image: { type: 'string', default: join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg') },
      size: { type: 'string', default: '320x240' },
      clients: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      cpus: { type: 'string', default: '1000' },
      roots: { type: 'string', default: '.' },
      parallel: { type: 'string' },
    },
  });
  const model = modelId(values.model);
  const limitMillis = Number(values.cpus);
  const obstacle = limitMillis === 0 ? undefined : cgroupObstacle();
  if (obstacle !== undefined) throw new Error(`--cpus must be 0 here, received ${values.cpus}: ${obstacle}`);
  const [clients, seconds] = [Number(values.clients), Number(values.seconds)];
  const folder = mkdtempSync(join(tmpdir(), 'tandem-path-'));
  const file = join(folder, 'image.jpg');
  const [widthPixels, heightPixels] = values.size.split('x').map(Number);
  const resized = sharp(values.image).resize(widthPixels, heightPixels, { fit: 'fill' });
  await resized.jpeg({ quality: 85 }).toFile(file);
  const limit = limitMillis === 0 ? {} : { [ENV.cpuLimitMillis]: values.cpus };
  const groups: ReturnType<typeof createCpuGroup>[] = [];
  const sides: Side[] = [];
  try {
    for (const [i, { name, entry, environment }] of candidatesOf(values.roots, values.parallel).entries()) {
      if (limitMillis !== 0) groups.push(createCpuGroup(limitMillis, `-${i}`));
      const service = await startService(
        { [ENV.models]: model, ...limit, ...environment },
        { entry, cgroups: groups[i]?.folders ?? [] },
      );
      const figures = Object.fromEntries(Object.keys(FIGURES).map((figure) => [figure, [] as number[]]));
      const side: Side = { name, service, figures: figures as Record<Figure, number[]> };
      sides.push(side);
      const load = { load: `closed:${clients}:${WARM_UP_SECONDS}s`, connections: `kept:${clients}` };
      await runLoad({ url: urlOf(side), ...load, images: [{ file }] });
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const side of sides) {
        await measureLoad(side, file, clients, seconds);
        await measureOne(side, file, seconds / 2);
      }
    }
  } finally {
    for (const { service } of sides) await service.end('SIGINT');
    for (const group of groups) await group.remove();
    rmSync(folder, { recursive: true });
  }
  console.log(`${model}, ${values.size} JPEG, ${clients} clients, ${limitMillis} millicores; medians`);
  console.log(`| service | ${Object.values(FIGURES).join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(Object.keys(FIGURES).length)}`);
  for (const { name, figures } of sides) {
    const medians = Object.values(figures).map((list) => percentile(list, 0.5).toFixed(2));
    console.log(`| ${[name, ...medians].join(' | ')} |`);
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
