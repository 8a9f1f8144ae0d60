import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { fitOf, fitsAll } from '../../../infra/fit/fit';
import { fitReport, fitWarnings } from '../../../infra/fit/fit-text';
import { CLUSTER, type ClusterNode, clusterOf } from '../../../infra/scheduler/cluster';
import { selectorOf } from '../../../infra/construct/inference-service';
import { VARIANTS } from '../../../infra/variants';
import { objects, synthesize } from '../../support/manifests';

const variantOf = (name: string) => VARIANTS.find((variant) => variant.name === name)!;

test('the report shows the placement and the rows that kubectl prints', () => {
  expect(fitReport(variantOf('accuracy-max-size'), 'node', CLUSTER).split('\n')).toEqual([
    'accuracy-max-size (--basis node: each pod requests 1000m CPU and 2Gi memory): fits',
    '  replicas 4: control-plane 0, worker-1 2, worker-2 2; Pending 0',
    '    a rolling update has room for its surge pod',
    '  node           resource  requests         limits',
    '  control-plane  cpu       405m (10%)       1400m (35%)',
    '  control-plane  memory    443115520 (5%)   1175430400 (14%)',
    '  worker-1       cpu       2405m (60%)      4400m (110%)',
    '  worker-1       memory    4627034Ki (57%)  6544139520 (79%)',
    '  worker-2       cpu       2405m (60%)      4400m (110%)',
    '  worker-2       memory    4627034Ki (57%)  6544139520 (79%)',
  ]);
});

test.each([
  ['accuracy-max-size', 'container', 4000, '2 of 4 pods stay Pending'],
  ['accuracy-hpa', 'container', 4000, 'at maxReplicas, 6 of 10 pods stay Pending'],
  ['latency-hpa', 'container', 1000, 'at maxReplicas, 6 of 8 pods stay Pending'],
  ['latency-max-size', 'node', 2000, 'fits, but a rolling update would hang'],
  ['latency-hpa', 'container', 4000, 'fits'],
] as const)('%s on the %s basis and nodes of %im gets the verdict "%s"', (name, basis, cpu, verdict) => {
  const nodes = CLUSTER.map((node) => ({ ...node, cpuAllocatableMillis: cpu }));
  expect(fitOf(variantOf(name), basis, nodes).verdict).toBe(verdict);
});

test('the report says why a node without our pods shows the figures of the HPA-latency column', () => {
  const remark = 'A node without our pods shows the figures that the reference prints for this variant';
  expect(fitReport(variantOf('latency-hpa'), 'container', CLUSTER)).toContain(remark);
  expect(fitReport(variantOf('accuracy-hpa'), 'container', CLUSTER)).not.toContain(remark);
  expect(fitReport(variantOf('latency-hpa'), 'container', CLUSTER.slice(1))).not.toContain(remark);
});

test('an HPA variant is reported at minReplicas and maxReplicas', () => {
  const report = fitReport(variantOf('accuracy-hpa'), 'node', CLUSTER);
  expect(report).toContain('at minReplicas 2: control-plane 0, worker-1 1, worker-2 1; Pending 0');
  expect(report).toContain(
    'at maxReplicas 10: control-plane 0, worker-1 3, worker-2 3; Pending 4 (0/3 nodes',
  );
});

test('the report says that the scheduler breaks ties between equal nodes at random', () => {
  const [, placement, tie] = fitReport(variantOf('latency-single-pod'), 'node', CLUSTER).split('\n');
  expect(placement).toBe('  replicas 1: control-plane 0, worker-1 1, worker-2 0; Pending 0');
  expect(tie).toBe('    tie: the scheduler picks one of several equal nodes at random');
  expect(fitReport(variantOf('latency-max-size'), 'node', CLUSTER)).not.toContain('tie:');
});

test('a warning names the pods that stay Pending, the reason and each node’s sum', () => {
  expect(fitWarnings('container', () => CLUSTER).map(({ text }) => text)).toContainEqual(
    [
      'accuracy-max-size: replicas 4, 2 stay Pending: 0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory.',
      '    control-plane taint: not tolerated',
      '    worker-1, worker-2 cpu: 4000m - 405m of other pods - 1 x 2405m = 1190m, less than 2405m',
      '    worker-1, worker-2 memory: 8050000Ki - 432730Ki of other pods - 1 x 4627034Ki = 2990236Ki, less than 4627034Ki',
    ].join('\n'),
  );
});

test('a large enough cluster yields no warning', () => {
  const large = clusterOf({
    nodes: 12,
    cpuAllocatableMillis: 8000,
    memoryAllocatableBytes: 32 * 1024 ** 3,
    controlPlane: false,
  });
  expect(fitWarnings('container', () => large)).toEqual([]);
});

test('a sum of memory that is not a whole number of kibibytes is printed in bytes', () => {
  const [, worker] = CLUSTER as [ClusterNode, ClusterNode];
  const memoryAllocatableBytes = 3 * 2 ** 30 + 1;
  const report = fitReport(variantOf('latency-max-size'), 'node', [{ ...worker, memoryAllocatableBytes }]);
  expect(report).toContain(
    'memory: 3221225473 - 443115520 of other pods - 1 x 2147483648 = 630626305, less than 2147483648',
  );
});

test('the report names a node that accepts no more pods', () => {
  const report = fitReport(variantOf('latency-hpa'), 'node', [{ ...CLUSTER[1]!, podsFree: 1 }]);
  expect(report).toContain(
    'at minReplicas 2: worker-1 1; Pending 1 (0/1 nodes are available: 1 Too many pods.)',
  );
  expect(report).toContain('worker-1 pods: room for 1 beside the other pods, all taken by ours');
});

test('if the surge pod does not fit, the report says that a rolling update would hang', () => {
  const nodes = CLUSTER.map((node) => ({ ...node, cpuAllocatableMillis: 2000 }));
  const [, placement, update, ...sums] = fitReport(variantOf('latency-max-size'), 'node', nodes).split('\n');
  expect(placement).toContain('worker-1 1, worker-2 1; Pending 0');
  expect(update).toBe('    a rolling update would hang: its surge pod does not fit');
  expect(sums).toContain(
    '    worker-1, worker-2 cpu: 2000m - 405m of other pods - 1 x 1000m = 595m, less than 1000m',
  );
});

describe('in a namespace with a quota', () => {
  const refusal = 'exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2';
  const within = (pods: number) => ({ bound: () => ({ pods, reason: refusal }) });

  test.each([
    ['latency-max-size', 1, '1 of 2 pods is not created'],
    ['latency-max-size', 2, 'fits, but a rolling update would hang'],
    ['latency-max-size', 3, 'fits'],
    ['accuracy-max-size', 3, '1 of 4 pods is not created and 1 of 4 pods stay Pending'],
    ['accuracy-max-size', 0, '4 of 4 pods are not created'],
  ])('%s, of which %i pods are admitted, gets the verdict "%s"', (name, pods, verdict) => {
    const fit = fitOf(variantOf(name), 'container', CLUSTER, within(pods));
    expect(fit.verdict).toBe(verdict);
    expect(fitsAll(fit)).toBe(verdict.startsWith('fits'));
  });

  test('the report has the API server’s words, also for the surge pod of a rolling update', () => {
    const report = (pods: number) =>
      fitReport(variantOf('latency-max-size'), 'container', CLUSTER, within(pods)).split('\n');
    expect(report(1)[1]).toBe(
      `  replicas 2: control-plane 0, worker-1 1, worker-2 0; Pending 0; not created 1 (${refusal})`,
    );
    expect(report(2)).toContain(`    a rolling update would hang: its surge pod is not created (${refusal})`);
  });
});

test('the report names the pods of lower priority that make room, and counts what stays', () => {
  const amounts = { cpu: '3195m', memory: '1Gi' };
  const low = { requests: amounts, limits: amounts, scored: amounts };
  const [, worker] = CLUSTER as [ClusterNode, ClusterNode];
  const sums = { cpu: '3600m', memory: '2Gi' };
  const busy = {
    ...worker,
    others: { ...worker.others, requests: sums, limits: sums, scored: sums },
    lowerPriority: [{ ...low, name: 'batch/a', priority: -1, startedMs: 0 }],
  };
  const variant = variantOf('latency-single-pod');
  const report = fitReport(variant, 'container', [busy]).split('\n');
  expect(report[0]).toMatch(/: fits by preempting pods of lower priority$/);
  expect(report).toContain('  replicas 1: worker-1 1; Pending 0');
  expect(report).toContain('    preempts 1: batch/a');
  expect(report).toContain('    a rolling update has room for its surge pod');
  expect(report).toContainEqual(expect.stringMatching(/^ +worker-1 +cpu +1810m \(45%\)/));
  expect(fitReport(variant, 'container', [{ ...busy, lowerPriority: [] }])).toContain('Pending 1 (');
});

test('the report ends with what is not counted', () => {
  const report = fitReport(variantOf('accuracy-hpa'), 'container', CLUSTER, { notCounted: ['this', 'that'] });
  expect(report).toMatch(/\n {2}not counted: this\n {2}not counted: that$/);
});

test('columns stay apart, whatever the names and amounts', () => {
  const name = 'n'.repeat(253);
  const nodes = [{ ...CLUSTER[1]!, name, memoryAllocatableBytes: 1 }, CLUSTER[2]!];
  const rows = fitReport(variantOf('accuracy-hpa'), 'container', nodes).split('\n').slice(-5);
  for (const row of rows) expect(row.trim().split(/ {2,}/)).toHaveLength(4);
});

test('the manifests have the node basis’ figures and name it', () => {
  const { Deployment } = objects(synthesize({ TANDEM_BASIS: 'node' }).get('accuracy-max-size.k8s.yaml')!);
  expect(Deployment.spec.template.spec.containers[0].resources).toEqual({
    requests: { cpu: '1', memory: '2Gi' },
    limits: { cpu: '1500m', memory: '2560Mi' },
  });
  expect(Deployment.metadata.annotations['tandem/figures-basis']).toBe('node');
});

test('fit treats an empty TANDEM_NAMESPACE as unset, so it recognizes a variant’s own pods', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-fit-'));
  const node = {
    metadata: { name: 'one', labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' } },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  };
  const own = {
    metadata: { namespace: 'tandem', name: 'latency-hpa-1', labels: selectorOf('latency-hpa') },
    spec: { nodeName: 'one', containers: [{ resources: variantOf('latency-hpa').resources }] },
  };
  for (const [name, item] of Object.entries({ nodes: node, pods: own }))
    writeFileSync(join(folder, name), JSON.stringify({ items: [item] }));
  writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\ncat "${folder}/$4"\n`);
  chmodSync(join(folder, 'kubectl'), 0o755);
  const args = ['fit', 'latency-hpa', '--basis', 'container', '--kubeconfig', 'any'];
  const printed = execFileSync('node', [join(__dirname, '../../..', 'bin', 'tandem.cjs'), ...args], {
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${folder}${delimiter}${process.env['PATH']}`,
      TANDEM_NAMESPACE: '',
    },
  });
  rmSync(folder, { recursive: true });
  expect(printed).toContain('  at minReplicas 2: one 2; Pending 0');
  expect(printed).toMatch(/one +cpu +810m /);
});
