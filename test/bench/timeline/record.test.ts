import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { documentOf } from '../../../bench/load/documents';
import { recordDeployment, recordProcesses, withLoad } from '../../../bench/timeline/record';
import { formatTimeline } from '../../../bench/timeline/report';
import type { TimelineDocument } from '../../../bench/timeline/timeline-document';
import { startServer } from '../load/server';

const FAKE = join(__dirname, '../../support/fake-kubectl.cjs');
const APPS = '/apis/apps/v1/namespaces/shop/deployments/web';
const HPA = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web';

let folder: string;
let api: Record<string, unknown>;
let statuses: Record<string, number>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-record-'));
  statuses = {};
  api = {
    [APPS]: {
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
      status: { replicas: 2, readyReplicas: 1 },
    },
    [HPA]: { spec: { maxReplicas: 8 } },
    '/api/v1/namespaces/shop/pods': { items: [] },
    '/api/v1/namespaces/shop/events': { items: [] },
    '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods': { items: [] },
    '/api/v1/nodes': {
      items: [{ metadata: { name: 'n' }, status: { allocatable: { cpu: '2', memory: '8Gi' } } }],
    },
    '/version': { gitVersion: 'v1.36.3' },
  };
});

const time = (seconds: number, stop = new AbortController().signal) => ({ seconds, stop, mayStop: false });

function record(seconds = 0.2): Promise<TimelineDocument> {
  writeFileSync(join(folder, 'answers.json'), JSON.stringify({ api, statuses }));
  return recordDeployment([process.execPath, FAKE, folder], 'shop', 'web', time(seconds));
}

test('a Deployment is recorded with its HPA, and the document says what was deployed and where', async () => {
  const timeline = await record();
  expect(timeline).toMatchObject({ complete: true, failures: [] });
  expect(timeline.replicas[0]).toMatchObject({ desired: 2, current: 2, ready: 1 });
  expect(timeline.autoscaler).toHaveLength(1);
  expect(timeline.subject).toMatchObject({
    ...{ variant: 'web', kubernetesVersion: 'v1.36.3', autoscalerSpec: { maxReplicas: 8 } },
    nodes: [{ name: 'n', cpu: '2', memory: '8Gi' }],
  });
});

test('a Deployment without an HPA is recorded without one', async () => {
  api[HPA] = undefined;
  const timeline = await record();
  expect(timeline).toMatchObject({ autoscaler: [], failures: [], subject: { autoscalerSpec: null } });
});

test('a Deployment that does not exist is refused with the command that lists them', async () => {
  api[APPS] = undefined;
  await expect(record()).rejects.toThrow(
    'there is no Deployment shop/web: kubectl get deployments --namespace shop lists them',
  );
});

test.each([
  [APPS, 'deployments.apps'],
  [HPA, 'horizontalpodautoscalers.autoscaling'],
])('a user without the right to %s is told which right, and where it is granted', async (path, resource) => {
  statuses[path] = 403;
  await expect(record()).rejects.toThrow(
    `this user may not get ${resource}: the Role in docs/benchmarking.md has the rights that timeline needs`,
  );
});

test('nodes are a remark: a user who may not list them records a Deployment without them', async () => {
  statuses['/api/v1/nodes'] = 403;
  expect(await record()).toMatchObject({ failures: [], subject: { nodes: [] } });
  statuses['/api/v1/nodes'] = 500;
  await expect(record()).rejects.toThrow('status 500: refused');
});

test.each([
  ['alone', {}],
  ['beside its labels', { matchLabels: { app: 'web' } }],
])('a Deployment that selects its pods by expressions %s is refused', async (_, labels) => {
  const matchExpressions = [{ key: 'tier', operator: 'NotIn', values: ['canary'] }];
  api[APPS] = { spec: { selector: { ...labels, matchExpressions } } };
  await expect(record()).rejects.toThrow('the selector of web must be matchLabels alone, received {');
});

test('a recording that is stopped is incomplete, unless it had no length', async () => {
  const processes = [{ name: 'a', url: 'http://127.0.0.1:1' }];
  const stopped = AbortSignal.abort();
  expect((await recordProcesses(processes, time(60, stopped))).complete).toBe(false);
  expect((await recordProcesses(processes, { ...time(60, stopped), mayStop: true })).complete).toBe(true);
});

const startedAt = '2026-11-28T10:00:00.000Z';

/** Writes the document of a load of 2 s from a time on; returns its path. */
function loadFile({ startedAt: from = startedAt, complete = true } = {}): string {
  const finishedAt = new Date(Date.parse(from) + 2_000).toISOString();
  const run = documentOf({
    settings: {
      ...{ url: '', load: 'constant:50:2s', connections: 'fresh', timeoutMs: 1_000, seed: 1, images: [] },
    },
    generators: [
      {
        ...{ cpuModel: '', cores: 2, nodeVersion: '', platform: '', shard: { index: 1, count: 1 } },
        ...{ startedAt: from, finishedAt, cpuShare: 0.1, clockDriftMs: 0, elapsedMs: 2_000 },
      },
    ],
    ...{ startedAt: from, durationMs: 2_000, complete, failures: {} },
    requests: {
      intendedMs: Float64Array.from({ length: 100 }, (_, i) => 20 * i),
      lagMs: new Float32Array(100),
      latencyMs: new Float32Array(100).fill(30),
      // One in four is refused.
      outcome: Uint8Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? 2 : 0)),
      status: new Uint16Array(100),
    },
  });
  const file = join(folder, 'run.json');
  writeFileSync(file, JSON.stringify(run));
  return file;
}

test('the table has 10 s windows with the load of a run, and says what is missing', async () => {
  const server = await startServer((_, response) =>
    response.end('inference_request_duration_seconds_count 4\n'),
  );
  const recorded = await recordProcesses([{ name: 'a', url: server.url.slice(0, -1) }], time(0.2));
  await server.close();
  const timeline = withLoad(
    {
      ...recorded,
      ...{ startedAt, finishedAt: '2026-11-28T10:00:20.100Z', complete: false },
      counters: [
        { ...recorded.counters[0]!, atMs: 0, answered: 0 },
        { ...recorded.counters[0]!, atMs: 9_000, answered: 75 },
      ],
      failures: [{ atMs: 1, read: 'pods', message: 'status 403' }],
    },
    [loadFile()],
  );
  const lines = formatTimeline(timeline).split('\n');
  expect(lines.slice(1).map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['0', '1', '1', '7.5', '10.0', '10.0', '2.5', '30.0', '1.00', '-'],
    ['10', '1', '1', '-', '0.0', '0.0', '0.0', '-', '-', '-'],
    ['1 reads failed, the first of pods: status 403'],
    ['INCOMPLETE: the recording was interrupted'],
  ]);
});

/** A recording of 20 s in which nothing was read. */
const RECORDED = {
  ...{ startedAt, finishedAt: '2026-11-28T10:00:20.000Z', complete: true },
  ...{ replicas: [], counters: [], failures: [] },
} as unknown as TimelineDocument;

test('the table names each rule that its load broke', () => {
  const timeline = withLoad(RECORDED, [loadFile({ complete: false })]);
  expect(formatTimeline(timeline).split('\n').at(-1)).toBe(
    'INVALID: the run ended before its schedule: 100 requests were due until then; let the run end',
  );
});

test.each(['2026-11-27T10:00:05.000Z', '2026-11-28T09:59:57.999Z', '2026-11-28T10:00:20.001Z'])(
  'a load that was sent outside the recording, from %s, is refused',
  (from) => {
    const until = new Date(Date.parse(from) + 2_000).toISOString();
    expect(() => withLoad(RECORDED, [loadFile({ startedAt: from })])).toThrow(
      `--runs must be of a load that was sent during the recording, ${startedAt} to 2026-11-28T10:00:20.000Z, ` +
        `received one of ${from} to ${until}: give the files that "tandem bench load --out" wrote meanwhile`,
    );
  },
);

test('a load that began before the recording, or went on after it, is merged', () => {
  for (const from of ['2026-11-28T09:59:59.000Z', '2026-11-28T10:00:19.000Z'])
    expect(withLoad(RECORDED, [loadFile({ startedAt: from })]).load).toBeDefined();
});
