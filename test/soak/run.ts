/**
 * Checks that resident memory, open files, threads and tensors do not grow over many mixed requests.
 *
 * npm run test:soak -- [--requests 10000] [--warm-up 5000] [--engine onnxruntime] [--seed 1]
 *
 * The slope is that of a line through the medians of windows of requests, so that garbage collection does not distort it.
 * It is reported per process; the limit applies to the sum.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';

import sharp from 'sharp';

import { percentile } from '../../statistics/percentile';
import { slope } from '../../statistics/slope';
import { programArguments } from '../../bench/experiments/program-arguments';
import { startService } from '../../bench/experiments/service-process';
import { verdict } from '../../bench/experiments/verdict';
import { INPUT_SHAPE, MODEL_IDS } from '../../models/catalog';
import { type Random, seededRandom } from '../../statistics/seeded-random';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { claimsOf, count, DISCONNECTED, newCounts } from './claims';

const MAX_SLOPE_MIB = 5;
const CLIENTS = 4;
const SAMPLE_EVERY = 25;
const WINDOW_SAMPLES = 20;

interface Asked {
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** Status of the right answer. @default 200 */
  readonly status?: number;
  /** The client disconnects before the answer. */
  readonly abort?: boolean;
}

/** A mixture of valid and invalid requests, in about the shares in which they are listed. */
async function mixture(): Promise<(random: Random) => Asked> {
  const folder = join(DEMO_MODELS_DIR, 'samples');
  const jpegs = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
  const pngs = await Promise.all(jpegs.map((image) => sharp(image).png().toBuffer()));
  const webps = await Promise.all(jpegs.map((image) => sharp(image).webp().toBuffer()));
  const gifs = await Promise.all(jpegs.map((image) => sharp(image).gif().toBuffer()));
  const large = await sharp(jpegs[0]).resize(3000, 2000).jpeg().toBuffer();
  const one = (random: Random, images: readonly Buffer[]) => images[random.integer(images.length)]!;
  const form = (image: Buffer) =>
    Buffer.concat([
      Buffer.from(
        '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n',
      ),
      image,
      Buffer.from('\r\n--b--\r\n'),
    ]);
  const latency = `${PATHS.classify}?model=latency`;
  const jpeg = (random: Random): Asked => ({ path: latency, type: 'image/jpeg', body: one(random, jpegs) });
  const tensor = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name: 'image',
          datatype: 'FP32',
          shape: [1, ...INPUT_SHAPE],
          data: new Array(INPUT_SHAPE.reduce((product, size) => product * size, 1)).fill(0.5),
        },
      ],
    }),
  );
  const sorts: readonly (readonly [number, (random: Random) => Asked])[] = [
    [40, jpeg],
    [15, (random) => ({ path: latency, type: 'image/png', body: one(random, pngs) })],
    [10, (random) => ({ path: latency, type: 'image/webp', body: one(random, webps) })],
    [
      12,
      (random) => ({
        path: latency,
        type: 'multipart/form-data; boundary=b',
        body: form(one(random, jpegs)),
      }),
    ],
    [3, (random) => ({ ...jpeg(random), path: `${PATHS.classify}?model=accuracy` })],
    [1, () => ({ path: latency, type: 'image/jpeg', body: large })],
    [3, () => ({ path: PATHS.infer.replace(':id', 'latency'), type: 'application/json', body: tensor })],
    [5, (random) => ({ ...jpeg(random), body: one(random, jpegs).subarray(0, 5_000), status: 422 })],
    // The bytes decide, not the declared type.
    [4, (random) => ({ path: latency, type: 'image/jpeg', body: one(random, gifs), status: 415 })],
    [3, (random) => ({ ...jpeg(random), path: `${PATHS.classify}?model=none`, status: 404 })],
    [4, (random) => ({ ...jpeg(random), abort: true })],
  ];
  const total = sorts.reduce((sum, [share]) => sum + share, 0);
  return (random) => {
    let at = random.uniform() * total;
    return sorts.find(([share]) => (at -= share) < 0)![1](random);
  };
}

function ask(url: string, agent: Agent, { path, type, body, abort }: Asked): Promise<number> {
  return new Promise((resolve) => {
    const asking = request(
      `${url}${path}`,
      { method: 'POST', agent, headers: { 'content-type': type, 'content-length': body.length } },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode!));
        response.once('error', () => resolve(DISCONNECTED));
      },
    );
    asking.once('error', () => resolve(DISCONNECTED));
    asking.end(body, () => {
      if (abort) setTimeout(() => asking.destroy(), 2);
    });
  });
}

const statusOf = (processId: number, field: string) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${processId}/status`, 'utf8'))![1]);

/** Resources that a process holds. */
const handlesOf = (processId: number) => ({
  files: readdirSync(`/proc/${processId}/fd`).length,
  threads: statusOf(processId, 'Threads'),
});
type Handles = ReturnType<typeof handlesOf>;
const described = (all: readonly Handles[]) =>
  all.map(({ files, threads }) => `${files} files, ${threads} threads`).join('; ');
/** libvips ends idle threads and starts them again. */
const IDLE_THREADS = 1;
const isHeld = (before: Handles, after: Handles) =>
  after.files === before.files && after.threads <= before.threads + IDLE_THREADS;

const windowsOf = (values: readonly number[]) =>
  Array.from({ length: Math.floor(values.length / WINDOW_SAMPLES) }, (_, i) =>
    percentile(values.slice(i * WINDOW_SAMPLES, (i + 1) * WINDOW_SAMPLES), 0.5),
  );

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      requests: { type: 'string', default: '10000' },
      'warm-up': { type: 'string', default: '5000' },
      engine: { type: 'string', default: 'onnxruntime' },
      seed: { type: 'string', default: '1' },
    },
  });
  const requests = Number(values.requests);
  const draw = await mixture();
  const random = seededRandom(Number(values.seed), 'soak');
  const service = await startService({
    [ENV.models]: MODEL_IDS.join(','),
    [ENV.engine]: values.engine,
    [ENV.cpuLimitMillis]: '1000',
    [ENV.logLevel]: 'info',
  });
  const processes = [service.processId, ...service.workers()];
  const names = ['HTTP', ...MODEL_IDS];
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const counts = newCounts();
  const samples: number[][] = processes.map(() => []);
  const put = async (times: number, sampling: boolean) => {
    let asked = 0;
    const client = async () => {
      while (asked < times) {
        asked++;
        if (sampling && asked % SAMPLE_EVERY === 0)
          processes.forEach((id, i) => samples[i]!.push(statusOf(id, 'VmRSS') / 1024));
        const asking = draw(random);
        count(counts.due, asking.abort ? DISCONNECTED : (asking.status ?? 200));
        count(counts.received, await ask(service.url, agent, asking));
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  };
  const tensors = async () =>
    (await (await fetch(`${service.url}${PATHS.metrics}`)).text())
      .split('\n')
      .filter((text) => text.startsWith('inference_worker_tensors{'))
      .join(' ');
  await put(Number(values['warm-up']), false);
  counts.due.clear();
  counts.received.clear();
  const handles = () => processes.slice(1).map(handlesOf);
  const [handlesBefore, tensorsBefore] = [handles(), await tensors()];
  await put(requests, true);
  const [handlesAfter, tensorsAfter] = [handles(), await tensors()];
  const same = String(service.workers()) === String(processes.slice(1));
  agent.destroy();
  const exit = await service.end('SIGINT');

  console.log(
    `answers by status (0: the client disconnected): ${JSON.stringify([...counts.received].sort())}`,
  );
  const perRun = (series: readonly number[]) => {
    const windows = windowsOf(series);
    return slope(windows) * windows.length;
  };
  samples.forEach((series, i) => {
    const [first, last] = [windowsOf(series)[0]!, windowsOf(series).at(-1)!];
    console.log(
      `${names[i]}: ${first.toFixed(1)} to ${last.toFixed(1)} MiB, slope ${perRun(series).toFixed(2)} MiB in ${requests} requests`,
    );
  });
  const sums = samples[0]!.map((_, at) => samples.reduce((sum, series) => sum + series[at]!, 0));
  const total = perRun(sums);
  verdict([
    [
      `resident memory grows by at most ${MAX_SLOPE_MIB} MiB in ${requests} requests: ${total.toFixed(2)} MiB`,
      total <= MAX_SLOPE_MIB,
    ],
    [
      `the model processes hold what they held: ${described(handlesBefore)}, then ${described(handlesAfter)}`,
      handlesBefore.every((before, i) => isHeld(before, handlesAfter[i]!)),
    ],
    [`tensors stay: ${tensorsBefore || 'not counted by this engine'}`, tensorsBefore === tensorsAfter],
    ['no model process was replaced', same],
    ...claimsOf(counts),
    [`the service ended with exit code ${exit}`, exit === 0],
  ]);
}

void main();
