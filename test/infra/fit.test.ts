import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { fitReport, fitWarnings } from '../../infra/fit';
import { CLUSTER, clusterOf } from '../../infra/cluster';
import { selectorOf } from '../../infra/inference-service';
import { VARIANTS } from '../../infra/variants';
import { objects, synthesize } from './manifests';

const variantOf = (name: string) => VARIANTS.find((variant) => variant.name === name)!;

test('the report holds placement and the rows that kubectl prints', () => {
  expect(fitReport(variantOf('accuracy-max-size'), 'node', CLUSTER).split('\n')).toEqual([
    'accuracy-max-size (node basis): 1000m, 2Gi a pod',
    '  replicas 4: control-plane 0, worker-1 2, worker-2 2; Pending 0',
    '  control-plane  cpu     405m (10%)         1400m (35%)',
    '  control-plane  memory  443115520 (5%)     1175430400 (14%)',
    '  worker-1       cpu     2405m (60%)        4400m (110%)',
    '  worker-1       memory  4627034Ki (57%)    6544139520 (79%)',
    '  worker-2       cpu     2405m (60%)        4400m (110%)',
    '  worker-2       memory  4627034Ki (57%)    6544139520 (79%)',
  ]);
});

test('an HPA variant is reported at both its ends', () => {
  const report = fitReport(variantOf('accuracy-hpa'), 'node', CLUSTER);
  expect(report).toContain('at minReplicas 2: control-plane 0, worker-1 1, worker-2 1; Pending 0');
  expect(report).toContain(
    'at maxReplicas 10: control-plane 0, worker-1 3, worker-2 3; Pending 4 (0/3 nodes',
  );
});

test('warnings name what stays Pending and why; a large enough cluster gives none', () => {
  expect(fitWarnings('container', CLUSTER)).toContainEqual(
    'accuracy-max-size: replicas 4, 2 stay Pending at 2405m and 4627034Ki a pod: 0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory.',
  );
  const large = clusterOf({
    nodes: 12,
    cpuAllocatableMillis: 8000,
    memoryAllocatableBytes: 32 * 1024 ** 3,
    controlPlane: false,
  });
  expect(fitWarnings('container', large)).toEqual([]);
});

test('the node basis reaches the manifests, with its name', () => {
  const { Deployment } = objects(synthesize({ TANDEM_BASIS: 'node' }).get('accuracy-max-size.k8s.yaml')!);
  expect(Deployment.spec.template.spec.containers[0].resources).toEqual({
    requests: { cpu: '1000m', memory: '2Gi' },
    limits: { cpu: '1500m', memory: '2560Mi' },
  });
  expect(Deployment.metadata.annotations['tandem/figures-basis']).toBe('node');
});

test('the command takes an empty TANDEM_NAMESPACE as none, and so knows a variant’s own pods', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-fit-'));
  const node = {
    metadata: { name: 'one' },
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
  const printed = execFileSync('node', [join(__dirname, '..', '..', 'bin', 'tandem.cjs'), ...args], {
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
