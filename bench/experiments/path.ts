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
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { table } from '../../charts/markdown';
import { modelId } from '../../models/catalog';
import { ENV } from '../../service/contract';
import { percentile } from '../../statistics/percentile';
import { cgroupObstacle, createCpuGroup } from './cpu-group';
import { PARALLEL_ENV } from './parallel-service';
import { programArguments } from './program-arguments';
import { costUnderLoad, oneClientTimes, warmUp } from './service-cost';
import { type ServiceProcess, startService } from './service-process';
import { SAMPLE, writeJpeg } from './sized-jpeg';

const WARM_UP_SECONDS = 3;

/** What is measured, with the heading of its column. */
const FIGURES = {
  perSecond: 'images/s',
  cpuMs: 'CPU ms per image',
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

/** Adds one round's figures of a service. */
async function measure(
  { service, figures }: Side,
  file: string,
  clients: number,
  seconds: number,
): Promise<void> {
  const measured = {
    ...(await costUnderLoad(service, file, clients, seconds)),
    ...(await oneClientTimes(service, file, seconds / 2)),
  };
  for (const figure of Object.keys(FIGURES) as Figure[]) figures[figure].push(...[measured[figure]].flat());
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      model: { type: 'string', default: 'latency' },
      image: { type: 'string', default: SAMPLE },
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
  await writeJpeg(values.image, values.size, file);
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
      await warmUp(service, file, clients, WARM_UP_SECONDS);
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const side of sides) await measure(side, file, clients, seconds);
    }
  } finally {
    for (const { service } of sides) await service.end('SIGINT');
    for (const group of groups) await group.remove();
    rmSync(folder, { recursive: true });
  }
  console.log(`${model}, ${values.size} JPEG, ${clients} clients, ${limitMillis} millicores; medians`);
  const rows = sides.map(({ name, figures }) => [
    name,
    ...Object.values(figures).map((list) => percentile(list, 0.5).toFixed(2)),
  ]);
  console.log(table(['service', ...Object.values(FIGURES)], rows));
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
