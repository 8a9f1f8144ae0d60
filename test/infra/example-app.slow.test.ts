import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { objects } from '../support/manifests';

const ROOT = join(__dirname, '..', '..');

test('the example in docs/ deploys another model with its own image, figures and autoscaler', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'tandem-example-'));
  const tsx = require.resolve('tsx/cli');
  const printed = execFileSync('node', [tsx, join(ROOT, 'docs', 'example-app.ts')], {
    cwd,
    encoding: 'utf8',
  });
  expect(printed).toBe('wrote build/example/birds.k8s.yaml\n');
  const found = objects(readFileSync(join(cwd, 'build', 'example', 'birds.k8s.yaml'), 'utf8'));
  expect(Object.keys(found).sort()).toEqual([
    'Deployment',
    'HorizontalPodAutoscaler',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ]);
  const [container] = found['Deployment'].spec.template.spec.containers;
  expect(found['Service'].metadata).toMatchObject({ name: 'birds', namespace: 'vision' });
  expect(container.image).toBe('images.example/birds:2');
  expect(container.resources).toEqual({
    requests: { cpu: '250m', memory: '512Mi' },
    limits: { cpu: '1', memory: '1Gi' },
  });
  expect(found['HorizontalPodAutoscaler'].spec).toMatchObject({ minReplicas: 2, maxReplicas: 6 });
});
