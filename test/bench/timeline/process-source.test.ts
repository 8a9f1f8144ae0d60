import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { processSource, type WatchedProcess } from '../../../bench/timeline/process-source';
import type { Series } from '../../../bench/timeline/recorder';
import { startServer } from '../load/server';

const SERVICE: Readonly<Record<string, string>> = {
  '/metrics': 'inference_request_duration_seconds_count{model="a"} 7\n',
  '/v2/health/ready': '',
};

let folder: string;
let series: Series;
let failures: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-cgroup-'));
  series = { replicas: [], pods: [], podMetrics: [], autoscaler: [], events: [], counters: [] };
  failures = [];
});

/** Watches `first`, which answers at these paths only, and other processes; `before` is called before each read. */
async function watch(
  answers: Readonly<Record<string, string>>,
  first: Partial<WatchedProcess> = {},
  others: readonly WatchedProcess[] = [],
  before: readonly (() => void)[] = [() => undefined],
): Promise<void> {
  const server = await startServer(({ url }, response) => {
    const body = answers[url!];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  const source = processSource([{ name: 'first', url: server.url.slice(0, -1), ...first }, ...others]);
  for (const [i, prepare] of before.entries()) {
    prepare();
    await source(1000 * i, series, (read) => failures.push(read));
  }
  await server.close();
}

test('processes give the series of pods: readiness, counters and the CPU use of their control group', async () => {
  writeFileSync(join(folder, 'memory.current'), '1048576\n');
  const useCpu = (microseconds: number) => () =>
    writeFileSync(join(folder, 'cpu.stat'), `usage_usec ${microseconds}\n`);
  const absent = { name: 'absent', url: 'http://127.0.0.1:1' };
  await watch(SERVICE, { cgroup: folder }, [absent], [useCpu(1_000_000), useCpu(1_250_000)]);
  expect(series.replicas.map(({ desired, ready }) => [desired, ready])).toEqual([
    [2, 1],
    [2, 1],
  ]);
  expect(series.counters).toEqual([
    { atMs: 0, pod: 'first', answered: 7 },
    { atMs: 1000, pod: 'first', answered: 7 },
  ]);
  expect(series.podMetrics).toHaveLength(1);
  expect(series.podMetrics[0]).toMatchObject({
    pod: 'first',
    windowMs: 1000,
    cpuMillis: 250,
    memoryBytes: 1_048_576,
  });
  expect(failures).toEqual(['metrics of absent', 'metrics of absent']);
});

const STAT = 'usage_usec 1\nnr_periods 10\nnr_throttled 3\n';
const GROUP = { periods: 10, throttledPeriods: 3 };

test.each([
  ['has no throttling', SERVICE['/metrics']!, { answered: 7, ...GROUP }],
  ['has its own', 'cgroup_cpu_periods_total 4\ncgroup_cpu_throttled_periods_total 1\n', { periods: 4 }],
])('throttled periods are the control group’s where /metrics %s', async (_, metrics, counters) => {
  writeFileSync(join(folder, 'cpu.stat'), STAT);
  await watch({ ...SERVICE, '/metrics': metrics }, { cgroup: folder });
  expect(series.counters).toMatchObject([counters]);
  expect(failures).toEqual([]);
});

test('of a server that is not Tandem’s, readiness and answers are absent, and its control group is read', async () => {
  writeFileSync(join(folder, 'cpu.stat'), STAT);
  await watch({}, { cgroup: folder });
  expect(series.replicas).toEqual([{ atMs: 0, desired: 1, current: 1 }]);
  expect(series.counters).toEqual([{ atMs: 0, pod: 'first', ...GROUP }]);
  expect(failures).toEqual(['metrics of first']);
});

test.each(['cpuacct', 'cpu', 'cpu,cpuacct', 'cpuacct,cpu'])(
  'memory and CPU of a control group of version 1 are read where it is named under %s',
  async (controller) => {
    const [cpu, memory] = [controller, 'memory'].map((name) => join(folder, name, 'x')) as [string, string];
    for (const each of [cpu, memory]) mkdirSync(each, { recursive: true });
    writeFileSync(join(memory, 'memory.usage_in_bytes'), '4096\n');
    writeFileSync(join(cpu, 'cpu.stat'), STAT);
    const useCpu = (nanoseconds: number) => () =>
      writeFileSync(join(cpu, 'cpuacct.usage'), `${nanoseconds}\n`);
    await watch(SERVICE, { cgroup: cpu }, [], [useCpu(1e9), useCpu(1.5e9)]);
    expect(failures).toEqual([]);
    expect(series.podMetrics).toMatchObject([{ cpuMillis: 500, memoryBytes: 4096 }]);
    expect(series.counters[0]).toMatchObject(GROUP);
  },
);

test('the throttled periods of version 1 are found where the controllers of CPU are two trees', async () => {
  const [accounting, cpu] = ['cpuacct', 'cpu'].map((name) => join(folder, name, 'x')) as [string, string];
  for (const each of [accounting, cpu]) mkdirSync(each, { recursive: true });
  writeFileSync(join(accounting, 'cpuacct.usage'), '1\n');
  writeFileSync(join(cpu, 'cpu.stat'), STAT);
  await watch(SERVICE, { cgroup: accounting });
  expect(series.counters).toMatchObject([GROUP]);
});

test('a control group without CPU time is a failure, no sample without a figure', async () => {
  writeFileSync(join(folder, 'memory.current'), '1048576\n');
  writeFileSync(join(folder, 'cpu.stat'), 'nr_periods 10\nnr_throttled 3\n');
  await watch(SERVICE, { cgroup: folder }, [], [() => undefined, () => undefined]);
  expect(series.podMetrics).toEqual([]);
  expect(failures).toEqual(['control group of first', 'control group of first']);
});
