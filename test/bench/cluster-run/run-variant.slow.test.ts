/** A run against a fake kubectl: what it applies, collects and deletes. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { runVariant, type ClusterRunOptions } from '../../../bench/cluster-run/run-variant';
import { encodeRequests, type RunDocument } from '../../../bench/load/run-document';
import { LATE_START } from '../../../bench/load/start-at';
import { DEFAULT_SETTINGS, type Settings } from '../../../infra/settings';
import { VARIANTS } from '../../../infra/variants';

const VARIANT = VARIANTS.find(({ name }) => name === 'latency-hpa')!;
const FAKE = join(__dirname, '../../support/fake-kubectl.cjs');

const NAMESPACED = (group: string, kind: string, name = '') =>
  `${group}/namespaces/NAMESPACE/${kind}${name === '' ? '' : `/${name}`}`;
const JOB = NAMESPACED('/apis/batch/v1', 'jobs', 'latency-hpa-load');
const HPA = NAMESPACED('/apis/autoscaling/v2', 'horizontalpodautoscalers', 'latency-hpa');
const done = (type: string, message = '') => ({
  status: { conditions: [{ type, status: 'True', message }] },
});

const DOCUMENT = {
  schema: 'tandem.load-run',
  version: 1,
  startedAt: '2026-11-25T10:00:00.000Z',
  requests: encodeRequests({
    intendedMs: Float64Array.of(1),
    lagMs: new Float32Array(1),
    latencyMs: Float32Array.of(9),
    outcome: new Uint8Array(1),
    status: Uint16Array.of(200),
  }),
} as unknown as RunDocument;

let folder: string;
const answers = {
  fails: {} as Record<string, string>,
  outputs: {} as Record<string, string>,
  api: {} as Record<string, unknown>,
  series: {} as Record<string, unknown[]>,
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-fake-'));
  answers.fails = {};
  answers.series = {};
  answers.outputs = {
    'get pods': 'load-0 load-1',
    'logs load-': `20 s: 60 sent\n${JSON.stringify(DOCUMENT)}\ndone\n`,
  };
  answers.api = {
    '/api/v1/nodes': {
      items: [{ metadata: { name: 'n' }, status: { allocatable: { cpu: '2', memory: '8Gi' } } }],
    },
    '/version': { gitVersion: 'v1.36.3' },
    [NAMESPACED('/api/v1', 'services', 'latency-hpa')]: {
      spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }] },
    },
    [NAMESPACED('/apis/apps/v1', 'deployments', 'latency-hpa')]: {
      spec: { replicas: 2 },
      status: { readyReplicas: 2 },
    },
    [NAMESPACED('/api/v1', 'pods')]: { items: [] },
    [NAMESPACED('/api/v1', 'events')]: { items: [] },
    [NAMESPACED('/apis/metrics.k8s.io/v1beta1', 'pods')]: { items: [] },
    [HPA]: { spec: { maxReplicas: 8 }, ...done('ScalingActive') },
    [JOB]: done('Complete'),
  };
});

interface Call {
  readonly line: string;
  readonly input: string;
}
const calls = (): Call[] =>
  readFileSync(join(folder, 'calls.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);

/** Runs it; `timeline` is that of a run that no interrupt ends before the load. */
async function run(changes: Partial<ClusterRunOptions> = {}) {
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
  const { timeline, remains } = await runVariant({
    kubectl: [process.execPath, FAKE, folder],
    variant: VARIANT,
    settings: DEFAULT_SETTINGS,
    load: {
      args: (url) => ['--url', url],
      images: { 'weave.jpg': Buffer.from('jpeg') },
      pods: 2,
      durationSeconds: 20,
    },
    merge: ([first]) => first!,
    idleSeconds: 0,
    commit: 'abc',
    signal: new AbortController().signal,
    log: () => undefined,
    ...changes,
  });
  return { timeline: timeline!, remains };
}

/** Expects that the last call deleted the namespace that was applied first. */
function expectNothingLeft(): void {
  const all = calls();
  const { input } = all.find(({ line }) => line.startsWith('apply'))!;
  const { metadata } = parseAllDocuments(input)[0]!.toJS();
  expect(metadata.name).toMatch(/^tandem-bench-[0-9a-f]{8}$/);
  expect(all.at(-1)!.line).toContain(`delete namespace ${metadata.name}`);
}

test('a run applies the variant, then the load, and returns the timeline with the merged load in it', async () => {
  const merge = jest.fn(([first]: readonly RunDocument[]) => first!);
  const { timeline, remains } = await run({ merge });
  expect(remains).toBeUndefined();
  expect(merge).toHaveBeenCalledWith([DOCUMENT, DOCUMENT]);
  expect(timeline).toMatchObject({ complete: true, load: DOCUMENT });
  expect(timeline.replicas[0]).toMatchObject({ desired: 2, ready: 2 });
  expect(timeline.subject).toMatchObject({
    ...{ variant: 'latency-hpa', commit: 'abc', kubernetesVersion: 'v1.36.3' },
    ...{ deploymentSpec: { replicas: 2 }, autoscalerSpec: { maxReplicas: 8 } },
    nodes: [{ name: 'n', cpu: '2', memory: '8Gi' }],
  });
  const writes = calls().filter(({ input }) => input !== '');
  // kubectl apply would store the images once more in an annotation, which is too small for them.
  expect(writes.map(({ line }) => line.split(' ')[0])).toEqual(['apply', 'apply', 'create']);
  const kinds = writes.map(({ input }) =>
    parseAllDocuments(input).map((document) => document.toJS().kind as string),
  );
  expect(kinds[0]).toEqual(['Namespace']);
  expect(kinds[1]).toContain('Deployment');
  expect(kinds[2]).toEqual(expect.arrayContaining(['ConfigMap', 'NetworkPolicy', 'Job']));
  expect(calls().find(({ input }) => input.includes('kind: Job'))!.input).toContain(
    'http://10.96.0.7:80/v1/classify?model=latency',
  );
  expectNothingLeft();
});

/** The time at which the pods of a run were told to start; undefined if they were told none. */
function startOfPods(): string | undefined {
  const { input } = calls().findLast(({ input: each }) => each.includes('kind: Job'))!;
  const job = parseAllDocuments(input)
    .map(
      (document) =>
        document.toJS() as {
          kind: string;
          spec: { template: { spec: { containers: { args: string[] }[] } } };
        },
    )
    .find(({ kind }) => kind === 'Job')!;
  const { args } = job.spec.template.spec.containers[0]!;
  return args[args.indexOf('--start-at') + 1 || args.length];
}

test('several pods start at one time, a minute from now; a single pod starts at once', async () => {
  const beforeMs = Date.now();
  await run();
  const inMs = Date.parse(startOfPods()!) - beforeMs;
  expect(inMs).toBeGreaterThanOrEqual(60_000);
  expect(inMs).toBeLessThan(90_000);
  answers.outputs['get pods'] = 'load-0';
  await run({ load: { args: () => [], images: {}, pods: 1, durationSeconds: 20 } });
  expect(startOfPods()).toBeUndefined();
});

test('the hash of the manifests is the same for every run of the same variant', async () => {
  const [first, second] = [await run(), await run()];
  const { manifestSha256 } = first.timeline.subject;
  expect(manifestSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(second.timeline.subject.manifestSha256).toBe(manifestSha256);
});

test.each([
  [
    'the variant never becomes ready',
    { fails: { 'rollout status': 'timed out waiting' } },
    'timed out waiting',
  ],
  ['the Job is refused', { fails: { 'kind: Job': 'violates PodSecurity' } }, 'violates PodSecurity'],
  ['the Job fails', { api: { [JOB]: done('Failed', 'deadline') } }, /Job failed: {2}?deadline\nload-0: 20 s/],
  [
    'a pod of several starts too late',
    {
      api: { [JOB]: done('Failed', 'BackoffLimitExceeded') },
      outputs: { 'logs load-': `error: ${LATE_START}, received 2026-11-25T10:00:00Z: choose a later time` },
    },
    '\na pod of --pods 2 was not ready 60 s after its Job: get the image to every node first',
  ],
  [
    'a generator prints no document',
    { outputs: { 'logs load-': 'Error: no such option' } },
    'no such option',
  ],
  [
    'a generator is missing',
    { outputs: { 'get pods': 'load-0' } },
    'each of 2 load generators must print a document, received 1 documents',
  ],
])('when %s, the error says so and the namespace is deleted', async (_, changes, message) => {
  for (const key of ['fails', 'outputs', 'api'] as const) {
    Object.assign(answers[key], (changes as Partial<typeof answers>)[key]);
  }
  await expect(run()).rejects.toThrow(message);
  expectNothingLeft();
});

test('an interrupt during the load keeps the recording, marked incomplete, and deletes the namespace', async () => {
  answers.api[JOB] = {};
  const interrupt = new AbortController();
  const { timeline } = await run({
    signal: interrupt.signal,
    log: (line) => {
      if (line.startsWith('loading')) setTimeout(() => interrupt.abort(), 100);
    },
  });
  expect(timeline.complete).toBe(false);
  expect(timeline.load).toBeUndefined();
  expect(timeline.replicas.length).toBeGreaterThan(0);
  expectNothingLeft();
});

test('an interrupt while the recording goes on after the load keeps the load', async () => {
  const interrupt = new AbortController();
  const { timeline } = await run({
    idleSeconds: 3600,
    signal: interrupt.signal,
    log: (line) => {
      if (line.startsWith('load done')) setTimeout(() => interrupt.abort(), 100);
    },
  });
  expect(timeline).toMatchObject({ complete: false, load: DOCUMENT });
  expectNothingLeft();
});

test('an interrupt before the load leaves no timeline, no error and no namespace', async () => {
  const interrupt = new AbortController();
  const { timeline } = await run({ signal: interrupt.signal, log: () => interrupt.abort() });
  expect(timeline).toBeUndefined();
  expectNothingLeft();
});

test('a read that fails while the load runs costs nothing', async () => {
  answers.series = { [JOB]: ['no JSON', {}, 'no JSON', done('Complete')] };
  const { timeline } = await run();
  expect(timeline).toMatchObject({ complete: true, load: DOCUMENT });
});

const REMAINS = /: forbidden\nnamespace (tandem-bench-\w+) may remain: run .+ delete namespace \1 /;

test('a namespace that cannot be deleted costs no measurement, and is named with the remedy', async () => {
  answers.fails = { 'delete namespace': 'forbidden' };
  const { timeline, remains } = await run();
  expect(timeline).toMatchObject({ complete: true, load: DOCUMENT });
  expect(remains).toMatch(REMAINS);
});

test('a run that fails says so first, then that the namespace may remain', async () => {
  answers.fails = { 'rollout status': 'timed out waiting', 'delete namespace': 'forbidden' };
  const message = await run().catch((error: unknown) => (error as Error).message);
  expect(message).toMatch(/^kubectl rollout .*timed out waiting\n/);
  expect(message).toMatch(REMAINS);
});

test('a namespace that could not be created does not remain', async () => {
  answers.fails = { 'kind: Namespace': 'not allowed', 'delete namespace': 'forbidden' };
  const message = await run().catch((error: unknown) => (error as Error).message);
  expect(message).toBe('kubectl apply -f -: not allowed');
});

test('nothing is applied or deleted in a cluster that does not answer', async () => {
  answers.fails = { '/version': 'connection refused' };
  await expect(run()).rejects.toThrow('connection refused');
  expect(calls()).toHaveLength(1);
});

test('without kubectl the error names the remedy', async () => {
  const kubectl = [join(folder, 'kubectl')] as const;
  await expect(run({ kubectl })).rejects.toThrow(/^--kubeconfig needs .*kubectl on the PATH; install it$/);
});

interface Refused {
  readonly settings?: Partial<Settings>;
  readonly load?: ClusterRunOptions['load'];
}

const LOAD = { args: () => [], images: {}, pods: 1, durationSeconds: 20 };

test.each([
  ['imagePullSecret must not be set', { settings: { imagePullSecret: 'registry' } }],
  ['apiKeySecret must not be set', { settings: { apiKeySecret: 'keys' } }],
  ['autoscaler must be hpa', { settings: { autoscaler: 'keda' } as const }],
  ['durationSeconds must be a whole number', { load: { ...LOAD, durationSeconds: 20_000 } }],
  ['images must be at most', { load: { ...LOAD, images: { 'a.jpg': Buffer.alloc(1024 * 1024) } } }],
  ['images must have file names of', { load: { ...LOAD, images: { 'a b.jpg': Buffer.alloc(1) } } }],
] as const)('%s: refused before anything is applied', async (message, { settings, load }: Refused) => {
  const changes = { settings: { ...DEFAULT_SETTINGS, ...settings }, ...(load && { load }) };
  await expect(run(changes)).rejects.toThrow(message);
  expect(existsSync(join(folder, 'calls.jsonl'))).toBe(false);
});
