/** Slow, because each call starts a kubectl for tests and its API. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { addExplain } from '../../cli/explain';
import { runCommand } from './run-command';

const FAKE = join(__dirname, '../support/fake-kubectl.cjs');
const HPA = '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web-scaler';
const TARGET = '/apis/apps/v1/namespaces/shop/statefulsets/web';
const PODS = '/api/v1/namespaces/shop/pods';
const METRICS = '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods';
const EVENTS = '/api/v1/namespaces/shop/events';

const longAgo = '2026-01-01T00:00:00Z';
const hpa = (desiredReplicas: number) => ({
  spec: {
    ...{ minReplicas: 1, maxReplicas: 8 },
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' },
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } }],
  },
  status: {
    ...{ currentReplicas: 2, desiredReplicas },
    currentMetrics: [{ resource: { name: 'cpu', current: { averageUtilization: 100 } } }],
    conditions: [
      { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', message: 'as recommended' },
    ],
  },
});
const pod = (name: string) => ({
  metadata: { name, uid: name, creationTimestamp: longAgo },
  spec: { containers: [{ resources: { requests: { cpu: '400m' } } }] },
  status: {
    ...{ phase: 'Running', startTime: longAgo },
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: longAgo }],
  },
});
const sample = (name: string) => ({
  ...{ metadata: { name }, timestamp: longAgo, window: '15s' },
  containers: [{ usage: { cpu: '400m', memory: '1Mi' } }],
});

const path = process.env['PATH'];
let folder: string;
let answers: {
  api: Record<string, unknown>;
  statuses?: Record<string, number>;
  series?: Record<string, unknown[]>;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-explain-'));
  const kubectl = join(folder, 'kubectl');
  // Without --kubeconfig and its file.
  writeFileSync(kubectl, `#!/bin/sh\nshift 2\nexec '${process.execPath}' '${FAKE}' '${folder}' "$@"\n`);
  chmodSync(kubectl, 0o755);
  process.env['PATH'] = `${folder}${delimiter}${path}`;
  answers = {
    api: {
      [HPA]: hpa(2),
      [TARGET]: {
        spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
        status: { replicas: 2, readyReplicas: 2 },
      },
      [PODS]: { items: ['web-0', 'web-1'].map(pod) },
      [METRICS]: { items: ['web-0', 'web-1'].map(sample) },
      [EVENTS]: { items: [] },
      '/version': { gitVersion: 'v1.36.3' },
    },
  };
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

function explain(...words: string[]) {
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
  return runCommand(addExplain, ['explain', 'hpa', ...words, '--kubeconfig', 'any']);
}

test('one look at a cluster explains what a sync would ask for', async () => {
  const { stdout, stderr, exitCode } = await explain('shop/web-scaler');
  expect([stderr, exitCode]).toEqual(['', undefined]);
  expect(stdout).toContain('shop/web-scaler: 1 to 8 pods; the target is 50 % of the CPU request of 400m.');
  expect(stdout).toContain('now: 2 pods, and the CPU use asks for 4');
  expect(stdout).toContain('AbleToScale True, ReadyForNewScale: as recommended');
});

/** Watches until the API has answered each of its series, then presses Ctrl-C. */
async function watch(decided: number, ...words: string[]) {
  answers.series = { [HPA]: [hpa(2), hpa(2), hpa(decided)] };
  const explained = explain('shop/web-scaler', '--duration', '10m', ...words);
  const timer = setInterval(() => {
    if (!existsSync(join(folder, 'series-ended'))) return;
    clearInterval(timer);
    process.emit('SIGINT');
  }, 20);
  return explained.finally(() => clearInterval(timer));
}

test('a watched sync is explained with its rules, and Ctrl-C ends the watch', async () => {
  const { stdout, stderr, exitCode } = await watch(4);
  expect(stderr).toContain('watching for 600 s');
  expect(stdout).toContain('1 sync, decided again by Kubernetes');
  expect(stdout).toMatch(/s: 2 to 4 pods\n {4}2 pods counted/);
  expect(stdout).toContain("The HPA's own words of its last sync: 100 % of the request, 4 pods wanted.");
  expect(exitCode).toBe(130);
});

test('--what-if decides the watched syncs again with other settings', async () => {
  const { stdout } = await watch(4, '--what-if', 'target=80');
  expect(stdout).toContain('1 of 1 sync as the HPA did');
  expect(stdout).toMatch(/s: 2 to 3 pods; with the recorded settings: 2 to 4 pods/);
});

test('Ctrl-C is the exit code, even if the recorded settings explain too little for --what-if', async () => {
  const { stdout, exitCode } = await watch(7, '--what-if', 'target=80');
  expect(stdout).toContain('0 of 1 sync as the HPA did');
  expect(exitCode).toBe(130);
});

test.each<[string, () => void, string]>([
  ['no HPA', () => void (answers.api[HPA] = undefined), 'there is no HPA shop/web-scaler: kubectl get hpa'],
  ['no target', () => void (answers.api[TARGET] = undefined), 'correct its spec.scaleTargetRef'],
  ['no metrics API', () => void (answers.api[METRICS] = undefined), 'install metrics-server'],
  ['no answer from metrics-server', () => void (answers.statuses = { [METRICS]: 503 }), 'are ready'],
  ['no permission', () => void (answers.statuses = { [PODS]: 403 }), 'this user may not list pods: the Role'],
  [
    'another kind of target',
    () => (hpaOf().spec.scaleTargetRef.kind = 'Rollout'),
    'must be one of Deployment, StatefulSet, ReplicaSet of apps/v1, received Rollout of apps/v1',
  ],
  [
    'a selector by expressions',
    () =>
      void (answers.api[TARGET] = {
        spec: { selector: { matchLabels: {}, matchExpressions: [{ key: 'a' }] } },
      }),
    'the selector of web must be matchLabels alone',
  ],
])('%s is said with the remedy', async (_, change, message) => {
  change();
  await expect(explain('shop/web-scaler')).rejects.toThrow(message);
});

const hpaOf = () => answers.api[HPA] as ReturnType<typeof hpa>;

test.each<[string, string[], string]>([
  ['an HPA on another metric', [], 'metrics must be one Resource metric on cpu'],
  ['a change that does not fit', ['--what-if', 'min=5,max=2'], 'min must be at most max, received 5 and 2'],
])('%s is refused before the HPA is watched', async (_, words, message) => {
  if (words.length === 0) hpaOf().spec.metrics[0]!.resource.name = 'memory';
  await expect(explain('shop/web-scaler', '--duration', '10m', ...words)).rejects.toThrow(message);
});

test('kubectl must be on the PATH', async () => {
  process.env['PATH'] = '/nonexistent';
  await expect(explain('shop/web-scaler')).rejects.toThrow('needs kubectl on the PATH; install it');
});
