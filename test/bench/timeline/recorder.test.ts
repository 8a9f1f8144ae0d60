/** The recorder against an API server that answers with recorded objects. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { readerOf } from '../../../bench/timeline/api-reader';
import { parseGoDurationMs, podMetricSample } from '../../../bench/timeline/api-objects';
import { kubernetesSource, pathsOf } from '../../../bench/timeline/kubernetes-source';
import { isThisMachine, startRecorder, thisMachine } from '../../../bench/timeline/recorder';
import { parseTimeline, type Subject } from '../../../bench/timeline/timeline-document';

const WATCHED = {
  namespace: 'tandem',
  name: 'latency-hpa',
  selector: { 'app.kubernetes.io/instance': 'latency-hpa' },
  hasAutoscaler: true,
};
const PATHS = pathsOf(WATCHED);

const SUBJECT: Subject = {
  ...{ variant: 'latency-hpa', deploymentSpec: {}, autoscalerSpec: {}, nodes: [] },
  machine: thisMachine(),
};

const pod = (name: string, ready: 'True' | 'False') => ({
  metadata: { name, uid: `uid-${name}`, creationTimestamp: '2026-11-25T10:00:00Z' },
  spec: { nodeName: 'node-1' },
  status: {
    phase: 'Running',
    startTime: '2026-11-25T10:00:01Z',
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: '2026-11-25T10:00:04Z' }],
    containerStatuses: [{ imageID: 'sha256:abc' }],
  },
});

/** Successive answers of each path. */
let answers: Record<string, (read: number) => unknown>;
let server: Server;
beforeEach(async () => {
  answers = {
    [PATHS.deployment]: (read) => ({
      spec: { replicas: read < 2 ? 2 : 3 },
      status: { replicas: 2, readyReplicas: read < 2 ? 1 : 2 },
    }),
    [PATHS.pods]: (read) => ({
      items: [pod('latency-hpa-a', 'True'), ...(read < 2 ? [pod('latency-hpa-b', 'False')] : [])],
    }),
    [PATHS.podMetrics]: (read) => ({
      items: [
        {
          metadata: { name: 'latency-hpa-a' },
          timestamp: read < 3 ? '2026-11-25T10:00:20Z' : '2026-11-25T10:00:35Z',
          window: '14.25s',
          containers: [{ usage: { cpu: '123400001n', memory: '120Mi' } }],
        },
      ],
    }),
    [PATHS.autoscaler]: () => ({
      spec: {},
      status: {
        ...{ currentReplicas: 2, desiredReplicas: 3, lastScaleTime: '2026-11-25T10:00:30Z' },
        currentMetrics: [{ resource: { name: 'cpu', current: { averageUtilization: 71 } } }],
        conditions: [{ type: 'AbleToScale', status: 'True', reason: 'SucceededRescale', message: 'ok' }],
      },
    }),
    [PATHS.events]: (read) => ({
      items: ['latency-hpa', 'latency-hpa-a', 'accuracy-hpa'].map((name) => ({
        metadata: { creationTimestamp: '2026-11-25T10:00:30Z' },
        involvedObject: { kind: 'HorizontalPodAutoscaler', name },
        ...{ reason: 'SuccessfulRescale', message: 'New size: 3', count: read < 2 ? 1 : 2 },
        lastTimestamp: '2026-11-25T10:00:30Z',
      })),
    }),
    [PATHS.counters('latency-hpa-a')]: (read) =>
      `# HELP x\ninference_request_duration_seconds_count{model="latency"} ${10 * read}\n` +
      `inference_request_duration_seconds_count_other 9\ninference_rejected_total{model="latency",reason="OVERLOADED"} 2\n` +
      `inference_rejected_total{model="latency",reason="CLIENT_GONE"} 1\ncgroup_cpu_periods_total 50\n` +
      `cgroup_cpu_throttled_periods_total 5\ncgroup_cpu_throttled_seconds_total 0.25\nprocess_cpu_seconds_total 1.5\n`,
  };
  const reads = new Map<string, number>();
  server = createServer((request, response) => {
    const path = request.url!;
    const read = (reads.get(path) ?? 0) + 1;
    reads.set(path, read);
    const answer = answers[path]?.(read);
    if (answer === undefined) response.writeHead(404).end('not found');
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Records until the Deployment was read a number of times. */
async function record(times: number, counterIntervalMs = 0) {
  const reader = readerOf({ port: (server.address() as AddressInfo).port });
  const source = kubernetesSource(reader.read, WATCHED, counterIntervalMs);
  let reads = 0;
  let enough!: () => void;
  const reached = new Promise<void>((resolve) => (enough = resolve));
  const recorder = startRecorder(
    async (...args) => {
      await source(...args);
      if (++reads === times) enough();
    },
    SUBJECT,
    1,
  );
  await reached;
  const timeline = await recorder.stop(true);
  reader.close();
  return parseTimeline(JSON.stringify(timeline));
}

test('replicas and counters are recorded at each read; pods, autoscaler and events when they change', async () => {
  const { replicas, pods, autoscaler, events, counters, failures } = await record(3);
  expect(replicas.map(({ desired, ready }) => [desired, ready]).slice(0, 3)).toEqual([
    [2, 1],
    [3, 2],
    [3, 2],
  ]);
  expect(pods.map(({ pod: name, phase, ready }) => [name, phase, ready])).toEqual([
    ['latency-hpa-a', 'Running', true],
    ['latency-hpa-b', 'Running', false],
    ['latency-hpa-b', 'Gone', false],
  ]);
  expect(pods[0]).toMatchObject({
    ...{ node: 'node-1', startedAt: '2026-11-25T10:00:01Z', readyChangedAt: '2026-11-25T10:00:04Z' },
    imageId: 'sha256:abc',
  });
  expect(autoscaler).toHaveLength(1);
  expect(autoscaler[0]).toMatchObject({ cpuPercent: 71, desiredReplicas: 3 });
  expect(events.map(({ object, count }) => [object.split('/')[1], count])).toEqual([
    ['latency-hpa', 1],
    ['latency-hpa-a', 1],
    ['latency-hpa', 2],
    ['latency-hpa-a', 2],
  ]);
  expect(counters[1]).toMatchObject({ pod: 'latency-hpa-a', answered: 20, rejected: 3, throttledPeriods: 5 });
  // The second pod leaves before its counters can be read.
  expect(new Set(failures.map(({ read }) => read))).toEqual(new Set(['metrics of latency-hpa-b']));
});

test('a sample of the metrics API is recorded once, with its own time and window', async () => {
  const { podMetrics } = await record(4);
  expect(podMetrics.map(({ timestamp }) => timestamp)).toEqual([
    '2026-11-25T10:00:20Z',
    '2026-11-25T10:00:35Z',
  ]);
  expect(podMetrics[0]).toEqual({
    ...{ pod: 'latency-hpa-a', timestamp: '2026-11-25T10:00:20Z', windowMs: 14_250 },
    ...{ cpuMillis: 124, memoryBytes: 120 * 1024 ** 2 },
  });
});

test('a pod’s own metrics cost it CPU, so they are read no more often than asked', async () => {
  const { replicas, counters } = await record(3, 60_000);
  expect(replicas.length).toBeGreaterThanOrEqual(3);
  expect(counters.map(({ pod: name }) => name)).toEqual(['latency-hpa-a']);
});

test('the counters of a pod with a port for its metrics are read there', async () => {
  const [name, port] = ['latency-hpa-a', '9090'];
  const env = [{ name: 'METRICS_PORT', value: port }];
  answers[PATHS.pods] = () => ({ items: [{ ...pod(name, 'True'), spec: { containers: [{ env }] } }] });
  answers[PATHS.counters(name, port)] = answers[PATHS.counters(name)]!;
  answers[PATHS.counters(name)] = () => undefined;
  const { counters, failures } = await record(1);
  expect(counters[0]).toMatchObject({ pod: name, answered: 10 });
  expect(failures).toEqual([]);
});

test('a read that fails leaves a failure and no sample, and the others go on', async () => {
  answers[PATHS.deployment] = () => undefined;
  const { replicas, failures, counters } = await record(2);
  expect(replicas).toEqual([]);
  expect(failures).toContainEqual(
    expect.objectContaining({ read: 'deployment', message: 'status 404: not found' }),
  );
  expect(counters.length).toBeGreaterThanOrEqual(2);
});

const metrics = (...usages: readonly (readonly [cpu: string, memory: string])[]) =>
  podMetricSample({
    metadata: { name: 'birds-1' },
    timestamp: '2026-01-01T00:00:00Z',
    window: '15s',
    containers: usages.map(([cpu, memory]) => ({ usage: { cpu, memory } })),
  });

test('the use of a pod is the sum of its containers, in any notation of Kubernetes', () => {
  expect(metrics(['405000000n', '120Mi'], ['250m', '1e3'], ['2', '1Pi'])).toMatchObject({
    cpuMillis: 405 + 250 + 2000,
    memoryBytes: 120 * 1024 ** 2 + 1000 + 1024 ** 5,
  });
  expect(() => metrics(['12 cores', '1Mi'])).toThrow('received 12 cores');
});

test('durations of the metrics API are read, others refused', () => {
  expect(['15s', '1m3.5s', '250ms', '1h0m0s'].map(parseGoDurationMs)).toEqual([
    15_000, 63_500, 250, 3_600_000,
  ]);
  for (const text of ['15 seconds', '1.2.3s', '.s', '5', '']) {
    expect(() => parseGoDurationMs(text)).toThrow(`a duration must be like 1m3.5s, received "${text}"`);
  }
});

test('a document of another version is refused', () => {
  expect(() => parseTimeline('{"schema":"tandem.timeline","version":2}')).toThrow(
    'version 1, received "tandem.timeline" and 2',
  );
});

test('recordings are this machine’s if they have its CPU', () => {
  const here = thisMachine();
  expect(isThisMachine({ cpuModel: here.cpuModel, cores: here.cores })).toBe(true);
  expect(isThisMachine({ ...here, cpuModel: 'another' })).toBe(false);
  expect(isThisMachine({ ...here, cores: here.cores + 1 })).toBe(false);
});
