/** The container image under the limits of `dist/`: it classifies an image, starts in time and ends after SIGTERM. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';
import { VARIANTS } from '../../infra/variants';
import { type ModelId, MODELS } from '../../models/catalog';
import { HEAD_NAME } from '../../models/architectures/classifier';
import { checksummed, DEMO_MODELS_DIR, writeSavedModel } from '../../models/weights/saved-model';
import { ENV, PATHS, RUN_AS_USER_ID } from '../../service/contract';
import type { Classification } from '../../service/api/schemas';
import { parallelismOf } from '../../service/inference/parallelism';
import { expectHeldBack } from '../support/held-back';
import { type Container, imageOf, podman, startContainer } from './container';

const ROOT = join(__dirname, '../..');
const SAMPLE = 'spirals';
const photo = readFileSync(join(ROOT, `models/demo/samples/${SAMPLE}.jpg`));

const limitsOf = (model: ModelId) => {
  const { limits } = VARIANTS.find(({ name }) => name === `${model}-hpa`)!.resources;
  return { cpuMillis: parseCpuMillis(limits.cpu), memoryBytes: parseMemoryBytes(limits.memory) };
};

async function classify({ url }: Container, model: string): Promise<Classification> {
  const response = await fetch(`${url}${PATHS.classify}?model=${model}`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg' },
    body: photo,
  });
  const body = await response.text();
  expect({ status: response.status, body }).toMatchObject({ status: 200 });
  return JSON.parse(body) as Classification;
}

/** Stops a container as a kubelet does; returns its exit code and the milliseconds that it took. */
function terminate({ id }: Container): { exitCode: number; ms: number } {
  const started = performance.now();
  podman('kill', '--signal', 'TERM', id);
  const exitCode = Number(podman('wait', id));
  return { exitCode, ms: performance.now() - started };
}

let running: Container | undefined;
afterEach(() => {
  if (running !== undefined) podman('rm', '--force', running.id);
  running = undefined;
});

const CASES = (['onnxruntime', 'tfjs-node'] as const).flatMap((engine) =>
  (['latency', 'accuracy'] as const).map((model) => ({ engine, model })),
);

test.each(CASES)(
  '$model on $engine classifies an image within the limits of its HPA variant and exits with 0 on SIGTERM',
  async ({ engine, model }) => {
    const limits = limitsOf(model);
    running = await startContainer(imageOf(engine), { [ENV.models]: model }, limits);
    const { id } = running;
    const { demo, top } = await classify(running, model);
    expect({ demo, class: top[0]!.class }).toEqual({ demo: true, class: SAMPLE });

    const inside = (...command: string[]) => podman('exec', id, ...command);
    expect(inside('id', '-u')).toBe(String(RUN_AS_USER_ID));
    expect(() => inside('touch', '/app/new')).toThrow('Read-only file system');
    const metadata = await (await fetch(`${running.url}${PATHS.server}/models/${model}`)).json();
    const { threads } = parallelismOf(MODELS[model].architecture, limits.cpuMillis);
    expect(JSON.stringify(metadata)).toContain(engine);
    expect(JSON.stringify(metadata)).toMatch(new RegExp(`"threads":"?${threads}\\b`));

    const { exitCode, ms } = terminate(running);
    expect(exitCode).toBe(0);
    const { startMs } = running;
    console.log(
      `${model} on ${engine}, ${limits.cpuMillis}m: ready after ${Math.round(startMs)} ms, ended after ${Math.round(ms)} ms`,
    );
  },
);

test('below one CPU it serves with one thread, and its control group throttles it', async () => {
  const limitMillis = 200;
  running = await startContainer(
    imageOf('onnxruntime'),
    { [ENV.models]: 'latency' },
    { ...limitsOf('latency'), cpuMillis: limitMillis },
  );
  const { id, startMs } = running;
  console.log(`latency on onnxruntime, ${limitMillis}m: ready after ${Math.round(startMs)} ms`);
  expect((await classify(running, 'latency')).top[0]!.class).toBe(SAMPLE);
  // An endless loop stands for more work than the limit allows.
  const script = `
    const { readFileSync, existsSync } = require('fs');
    const root = '/sys/fs/cgroup';
    const v2 = existsSync(root + '/cgroup.controllers');
    const read = (file) => readFileSync(root + file, 'utf8');
    const field = (name) => Number(new RegExp('^' + name + ' (.*)$', 'm').exec(read(v2 ? '/cpu.stat' : '/cpu/cpu.stat'))[1]);
    const usedMs = () => v2 ? field('usage_usec') / 1e3 : Number(read('/cpuacct/cpuacct.usage')) / 1e6;
    const before = [performance.now(), usedMs(), field('nr_throttled')];
    while (performance.now() < before[0] + 5000);
    const seconds = (performance.now() - before[0]) / 1000;
    console.log(JSON.stringify([(usedMs() - before[1]) / seconds, field('nr_throttled') - before[2]]));`;
  const [usedMillis, throttledPeriods] = JSON.parse(podman('exec', id, 'node', '-e', script)) as [
    number,
    number,
  ];
  expectHeldBack({ limitMillis, usedMillis, throttledPeriods });
});

test('a user’s model is packed with its base and served with its own class names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-own-'));
  const image = imageOf('own');
  try {
    const classes = ['cat', 'dog', 'bird'];
    const file = join(DEMO_MODELS_DIR, 'mobilenetv2.safetensors.gz');
    const base = { kind: 'demo', ...checksummed(folder, relative(folder, file)) } as const;
    const fields = { model: 'latency', architecture: 'mobilenetv2', classes, demo: false, base } as const;
    const values = new Float32Array(1280 * classes.length).fill(0.01);
    const head = { shape: [1280, classes.length], values };
    const bias = { shape: [classes.length], values: new Float32Array(classes.length) };
    const tensors = new Map([
      [`${HEAD_NAME}/kernel`, head],
      [`${HEAD_NAME}/bias`, bias],
    ]);
    writeSavedModel(folder, fields, tensors, {});
    execFileSync(
      'npm',
      ['run', '--silent', 'image', '--', '--latency', folder, '--builder', 'buildah', '--image', image],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    running = await startContainer(image, {}, limitsOf('latency'));
    expect(await classify(running, 'latency')).toMatchObject({ demo: false });
    const metadataOf = async (model: string) =>
      (await fetch(`${running!.url}${PATHS.server}/models/${model}`)).json();
    expect(await metadataOf('latency')).toMatchObject({ classes });
    expect(await metadataOf('accuracy')).toMatchObject({ status: 404 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 900_000);
