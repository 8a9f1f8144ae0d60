import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { processSource } from '../../../bench/timeline/process-source';
import type { Series } from '../../../bench/timeline/recorder';

test('processes give the series of pods: readiness, counters and the CPU use of their control group', async () => {
  const cgroup = mkdtempSync(join(tmpdir(), 'tandem-cgroup-'));
  writeFileSync(join(cgroup, 'memory.current'), '1048576\n');
  const useCpu = (microseconds: number) =>
    writeFileSync(join(cgroup, 'cpu.stat'), `usage_usec ${microseconds}\n`);
  const server = createServer(({ url }, response) => {
    if (url === '/metrics') response.end('inference_request_duration_seconds_count{model="a"} 7\n');
    else response.writeHead(url === '/v2/health/ready' ? 200 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source = processSource([
    { name: 'first', url, cgroup },
    { name: 'absent', url: 'http://127.0.0.1:1' },
  ]);
  const series: Series = { replicas: [], pods: [], podMetrics: [], autoscaler: [], events: [], counters: [] };
  const failures: string[] = [];
  const failed = (read: string) => failures.push(read);
  useCpu(1_000_000);
  await source(0, series, failed);
  useCpu(1_250_000);
  await source(1000, series, failed);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(series.replicas.map(({ desired, ready }) => [desired, ready])).toEqual([
    [2, 1],
    [2, 1],
  ]);
  expect(series.counters.map(({ pod, answered }) => [pod, answered])).toEqual([
    ['first', 7],
    ['first', 7],
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
