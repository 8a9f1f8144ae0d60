/**
 * Faults of limits: memory, open files and processes run out.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import sharp from 'sharp';

import { PATHS } from '../../service/contract';
import { makeBombs, MAX_BOMB_BYTES } from './bombs';
import { type Group, killedIn } from './groups';
import { isAlive, type Pod, POD_MEMORY_BYTES, type RunFault } from './pods';
import type { Stage } from './stage';
import { workersOf } from './workers';

const MIB = 1024 * 1024;

/** Waits until the pod serves again, and claims that its server is the same process. */
async function claimRecovery(stage: Stage, pod: Pod): Promise<void> {
  const started = performance.now();
  await stage.waitFor(
    'the pod is ready or its server has ended',
    async () => !pod.isAlive() || (await pod.isReady()),
  );
  stage.figure('readyMs', performance.now() - started);
  stage.claim('the server’s process lives', pod.isAlive());
}

export const decoderBombs: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const { memory } = pod.groups!;
  const [worker, killedBefore] = [workersOf(pod)[0], killedIn(memory)];
  memory.write('memory.max_usage_in_bytes', 0);
  const answers: { name: string; status: number; ms: number; bytes: number }[] = [];
  await stage.inject(async () => {
    for await (const { name, bytes } of makeBombs()) {
      const started = performance.now();
      const status = await pod.classify(bytes);
      answers.push({ name, status, ms: performance.now() - started, bytes: bytes.length });
      if (status >= 500 || status === 0) await stage.waitFor('the pod is ready again', () => pod.isReady());
    }
  });
  await stage.seen(() => answers.length > 0 && answers.every(({ bytes }) => bytes <= MAX_BOMB_BYTES), 0);
  const killed = killedIn(memory) - killedBefore;
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  const figures = {
    bombs: answers.length,
    decoded: count(200),
    refused: count(422),
    slowestMs: Math.max(...answers.map(({ ms }) => ms)),
    maxMiB: Number(memory.read('memory.max_usage_in_bytes')) / MIB,
    limitMiB: POD_MEMORY_BYTES / MIB,
    killed,
  };
  for (const [name, value] of Object.entries(figures)) stage.figure(name, value);
  for (const { name, status } of answers)
    stage.claim(`${name} gets 200 or 422: ${status}`, status === 200 || status === 422);
  stage.claim(`the kernel kills no process: ${killed}`, killed === 0);
  stage.claim('the model process is not replaced', workersOf(pod)[0] === worker);
};

/** Memory that is left when the limit falls. */
const LEFT_MIB = 16;
/** Needs all of its 36 million pixels at once, so the model process grows by more than is left. */
const LARGE_IMAGE_SIDE = 6_000;

const residentBytes = (memory: Group) => Number(/^total_rss (\d+)$/m.exec(memory.read('memory.stat'))![1]);

const oomAdjustment = (processId: number) => Number(readFileSync(`/proc/${processId}/oom_score_adj`, 'utf8'));

export const memoryLimit: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const { memory } = pod.groups!;
  const before = killedIn(memory);
  const isPreferred = workersOf(pod).every(
    (worker) => oomAdjustment(worker) > oomAdjustment(pod.processId) || oomAdjustment(worker) === 1000,
  );
  stage.claim('the kernel prefers to end a model process', isPreferred);
  const image = await sharp({
    create: { width: LARGE_IMAGE_SIDE, height: LARGE_IMAGE_SIDE, channels: 3, background: 'white' },
  })
    .jpeg({ progressive: true, quality: 1 })
    .toBuffer();
  const restore = () => memory.write('memory.limit_in_bytes', POD_MEMORY_BYTES);
  stage.onEnd(restore);
  await stage.inject(() => memory.write('memory.limit_in_bytes', residentBytes(memory) + LEFT_MIB * MIB));
  await stage.seen(async () => {
    // Again, should the service refuse it: a busy machine makes the work seem too much.
    await pod.classify(image);
    return killedIn(memory) > before;
  });
  restore();
  stage.figure('killed', killedIn(memory) - before);
  await claimRecovery(stage, pod);
};

const FREE_FILES = 8;
const CONNECTIONS = 60;
/** Several restarts of the model process fail in this time. */
const EXHAUSTED_MS = 3_000;

export const descriptors: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const openFiles = () => readdirSync(`/proc/${pod.processId}/fd`).length;
  const [, before, hard] = /^Max open files +(\d+) +(\d+)/m.exec(
    readFileSync(`/proc/${pod.processId}/limits`, 'utf8'),
  )!;
  const setLimit = (limit: number | string) =>
    void spawnSync('prlimit', ['--pid', String(pod.processId), `--nofile=${limit}:${hard}`]);
  const limit = openFiles() + FREE_FILES;
  const sockets = new Set<ReturnType<typeof connect>>();
  const release = () => {
    for (const socket of sockets) socket.destroy();
    if (pod.isAlive()) setLimit(before!);
  };
  stage.onEnd(release);
  await stage.inject(() => {
    setLimit(limit);
    for (let i = 0; i < CONNECTIONS; i++)
      sockets.add(connect(pod.port, '127.0.0.1').on('error', () => undefined));
  });
  // libuv keeps one descriptor back to refuse connections with.
  await stage.seen(() => openFiles() >= limit - 1);
  stage.figure('limit', limit);
  stage.figure('files', openFiles());
  for (const worker of workersOf(pod)) process.kill(worker, 'SIGKILL');
  await sleep(EXHAUSTED_MS);
  release();
  await claimRecovery(stage, pod);
};

export const processes: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const { pids } = pod.groups!;
  const refusals = () => Number(/^max (\d+)$/m.exec(pids.read('pids.events'))![1]);
  const before = refusals();
  stage.onEnd(() => pids.write('pids.max', 'max'));
  await stage.inject(async () => {
    // First: the killed process is replaced in a moment.
    pids.write('pids.max', 1);
    const victims = workersOf(pod);
    for (const victim of victims) process.kill(victim, 'SIGKILL');
    await stage.waitFor('the model process is gone', () => !victims.some(isAlive));
  });
  await stage.seen(() => refusals() > before);
  const live = await pod.status(PATHS.live);
  stage.claim(`liveness answers meanwhile: ${live}`, live === 200);
  stage.figure('refusals', refusals() - before);
  pids.write('pids.max', 'max');
  await claimRecovery(stage, pod);
};
