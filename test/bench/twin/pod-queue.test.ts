import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { cpuQuota, runFor } from '../../../bench/twin/cpu-quota';
import { MAX_QUEUE_MS, podQueue, WEIGHT } from '../../../bench/twin/pod-queue';
import { PACKAGE_ROOT } from '../../../files/package-root';
import { POD } from './subject';

test('images are answered one after the other, in their order', () => {
  const queue = podQueue(POD, 0);
  expect([queue.offer(0, 20), queue.offer(5, 20), queue.offer(100, 20)]).toEqual([20, 40, 120]);
});

test('two processes answer two images side by side', () => {
  const queue = podQueue({ ...POD, cpuLimitMillis: 2000, processes: 2 }, 0);
  expect([queue.offer(0, 20), queue.offer(0, 20), queue.offer(0, 20)]).toEqual([20, 20, 40]);
});

test('cores beyond the processes make no image faster', () => {
  const queue = podQueue({ ...POD, cpuLimitMillis: 2000, processes: 1 }, 0);
  expect(queue.offer(0, 32)).toBe(32);
  expect(queue.usedCpuMs(16)).toBe(16);
});

test('an image is refused when the work ahead is estimated to exceed the bound', () => {
  const queue = podQueue(POD, 0);
  const answers = Array.from({ length: 120 }, () => queue.offer(0, 20));
  expect(answers.filter((end) => !Number.isNaN(end))).toHaveLength(MAX_QUEUE_MS / 20 + 1);
  expect(queue.offer(1000, 20)).toBe((MAX_QUEUE_MS / 20 + 2) * 20);
});

test('the estimate follows what images took', () => {
  const queue = podQueue(POD, 0);
  for (let i = 0; i < 40; i++) queue.offer(1000 * i, 200);
  const answers = Array.from({ length: 40 }, () => queue.offer(60_000, 200));
  expect(answers.filter((end) => !Number.isNaN(end))).toHaveLength(11);
});

test('the CPU time that was used grows with the work, and a refusal costs a little', () => {
  const queue = podQueue(POD, 0);
  queue.offer(0, 20);
  queue.offer(0, 20);
  expect([0, 10, 30, 60].map((ms) => queue.usedCpuMs(ms))).toEqual([0, 10, 30, 40]);
  for (let i = 0; i < 200; i++) queue.offer(60, 20);
  expect(queue.usedCpuMs(60)).toBe(40 + 99 * POD.refusalCpuMs);
});

test('below one core the limit less what an idle pod uses is the quota', () => {
  const queue = podQueue({ ...POD, cpuLimitMillis: 210 }, 0);
  expect(queue.offer(0, 50)).toBe(runFor(cpuQuota(200, 0), 0, 50, 1));
});

test('the bound and the weight are those of the service', () => {
  const source = (file: string) => readFileSync(join(PACKAGE_ROOT, 'service/inference', file), 'utf8');
  expect(source('model-queue.ts')).toContain(`MAX_QUEUE_MS = ${MAX_QUEUE_MS / 1000}_000;`);
  expect(source('service-time.ts')).toContain(`WEIGHT = ${WEIGHT};`);
});
