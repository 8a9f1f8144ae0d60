/** kube-score on `dist/`: no critical findings except those listed here, each with its reason. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { clusterOfTest } from './set-up';

const DIST = join(__dirname, '../../dist');

const EXCEPTIONS: Readonly<Record<string, string>> = {
  'container-image-pull-policy':
    'IfNotPresent: a small cluster may have no registry and import the image into its nodes; tags are not reused',
  'container-ephemeral-storage-request-and-limit':
    'the reference states only CPU and memory; the root is read-only, and the only writable volume has a size limit',
};

/** kube-score's grade of a critical finding. */
const CRITICAL = 1;

test('the critical findings are exactly the exceptions', () => {
  const names = readdirSync(DIST).filter((name) => name.endsWith('.yaml'));
  const files = names.map((name) => join(DIST, name));
  const args = ['score', '--kubernetes-version=v1.28', '--output-format=json', ...files];
  const { stdout } = spawnSync(join(clusterOfTest().bin, 'kube-score'), args, { encoding: 'utf8' });
  const objects = JSON.parse(stdout) as {
    checks: { check: { id: string }; grade: number; skipped: boolean }[];
  }[];
  expect(objects.length).toBeGreaterThan(files.length);
  const critical = objects
    .flatMap(({ checks }) => checks)
    .filter(({ grade, skipped }) => !skipped && grade === CRITICAL)
    .map(({ check }) => check.id);
  expect([...new Set(critical)].sort()).toEqual(Object.keys(EXCEPTIONS).sort());
});
