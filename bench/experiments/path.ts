/**
 * What one image costs from socket to answer: CPU milliseconds of the server process and of the model processes, and the
 * times that the answers state. Several checkouts take turns, so that a busy machine slows all of them alike.
 *
 * npx tsx bench/experiments/path.ts [--model latency] [--image FILE.jpg] [--size 320x240] [--clients 4] [--rounds 5]
 *   [--seconds 4] [--cpus 1000] [--roots .,../other]
 *
 * `--cpus` limits each service by a control group of version 1, in millicores; `--cpus 0` sets no limit. Linux.
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
import { type ServiceProcess, startService } from './service-process';

const WARM_UP_SECONDS = 3;
/** Ticks per second of /proc's times; fixed in every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
/** Images whose times are read from their answers, one at a time. */
const TIMED_IMAGES = 100;

/** CPU time of a process with its threads, milliseconds. */
function cpuMs(processId: number): number {
  // The command's name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

interface Figures {
  readonly perSecond: number[];
  readonly serverMs: number[];
  readonly modelMs: number[];
  readonly decodeMs: number[];
  readonly inferenceMs: number[];
}

interface Side {
  readonly root: string;
  readonly service: ServiceProcess;
  readonly figures: Figures;
}

/** One round of one side: CPU time under load, then the stated times without it. */
async function measure({ service, figures }: Side, url: string, file: string, load: string, clients: number) {
  const processes = service.workers();
  const before = [cpuMs(service.processId), sum(processes.map(cpuMs))] as const;
  const connections = `kept:${clients}`;
  const summary = summarize(await runLoad({ url, load, connections, images: [{ file }] }));
  const images = summary.outcomes.right;
  if (images === 0 || images !== summary.due)
    throw new Error(`every image must be answered, received ${JSON.stringify(summary.outcomes)}`);
  figures.serverMs.push((cpuMs(service.processId) - before[0]) / images);
  figures.modelMs.push((sum(processes.map(cpuMs)) - before[1]) / images);
  figures.perSecond.push(summary.throughputPerSecond);
  const body = readFileSync(file);
  const headers = { 'content-type': 'image/jpeg' };
  for (let i = 0; i < TIMED_IMAGES; i++) {
    const response = await fetch(url, { method: 'POST', headers, body });
    const { timeMs } = (await response.json()) as { timeMs: { decode: number; inference: number } };
    figures.decodeMs.push(timeMs.decode);
    figures.inferenceMs.push(timeMs.inference);
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
    },
  });
  const model = modelId(values.model);
  const limitMillis = Number(values.cpus);
  const obstacle = limitMillis === 0 ? undefined : cgroupObstacle();
  if (obstacle !== undefined) throw new Error(`--cpus must be 0 here, received ${values.cpus}: ${obstacle}`);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-path-'));
  const [widthPixels, heightPixels] = values.size.split('x').map(Number);
  const file = join(folder, 'image.jpg');
  await sharp(values.image)
    .resize(widthPixels, heightPixels, { fit: 'fill' })
    .jpeg({ quality: 85 })
    .toFile(file);
  const groups: { remove: () => Promise<void> }[] = [];
  const sides: Side[] = [];
  const roots = values.roots.split(',').map((root) => resolve(root));
  const environment = {
    [ENV.models]: model,
    ...(limitMillis === 0 ? {} : { [ENV.cpuLimitMillis]: values.cpus }),
  };
  try {
    for (const [i, root] of roots.entries()) {
      const group = limitMillis === 0 ? undefined : createCpuGroup(limitMillis, String(i));
      if (group !== undefined) groups.push(group);
      const service = await startService(environment, {
        entry: join(root, 'service', 'main.ts'),
        ...(group === undefined ? {} : { cgroup: group.folder }),
      });
      const figures = { perSecond: [], serverMs: [], modelMs: [], decodeMs: [], inferenceMs: [] };
      sides.push({ root, service, figures });
    }
    const urlOf = ({ service }: Side) => `${service.url}${PATHS.classify}`;
    const clients = Number(values.clients);
    for (const side of sides) {
      const load = `closed:${clients}:${WARM_UP_SECONDS}s`;
      await runLoad({ url: urlOf(side), load, connections: `kept:${clients}`, images: [{ file }] });
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const side of sides)
        await measure(side, urlOf(side), file, `closed:${clients}:${values.seconds}s`, clients);
    }
  } finally {
    for (const { service } of sides) await service.end('SIGINT');
    for (const group of groups) await group.remove();
    rmSync(folder, { recursive: true });
  }
  console.log(`${model}, ${values.size} JPEG, ${values.clients} clients, ${values.cpus} millicores; medians`);
  console.log(
    '| checkout | images/s | CPU ms an image | server | model processes | decoding ms | inference ms |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const { root, figures } of sides) {
    const median = (list: readonly number[]) => percentile(list, 0.5);
    const [server, models] = [median(figures.serverMs), median(figures.modelMs)];
    const row = [median(figures.perSecond), server + models, server, models];
    const stated = [median(figures.decodeMs), median(figures.inferenceMs)];
    console.log(`| ${[root, ...[...row, ...stated].map((value) => value.toFixed(2))].join(' | ')} |`);
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
