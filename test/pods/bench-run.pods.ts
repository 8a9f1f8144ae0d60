/** `bench run` on real nodes: its Job meets the restricted Pod Security Standard, and no object remains. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { runVariant } from '../../bench/cluster-run/run-variant';
import { getJson, type LabCluster } from '../../bench/lab/lab-cluster';
import { IMAGES_PATH } from '../../infra/load-generator';
import { DEFAULT_SETTINGS } from '../../infra/settings';
import { VARIANTS } from '../../infra/variants';

const cluster = JSON.parse(process.env['TANDEM_CLUSTER']!) as LabCluster;
const IMAGE = 'weave.jpg';
const [dist] = VARIANTS.filter(({ name }) => name === 'latency-hpa');

/** Requests and limits that three nodes on two shared cores can supply. */
const VARIANT = {
  ...dist!,
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '300m', memory: '1Gi' } },
  scaling: { kind: 'hpa', minReplicas: 2, maxReplicas: 3, targetCpuPercent: 50 },
} as const;

const run = (load: string, durationSeconds: number) =>
  runVariant({
    kubectl: [join(cluster.bin, 'kubectl'), '--kubeconfig', cluster.kubeconfig],
    variant: VARIANT,
    settings: { ...DEFAULT_SETTINGS, image: process.env['IMAGE_NAME']! },
    load: {
      args: (url) => ['--url', url, '--load', load, '--image', `${IMAGES_PATH}/${IMAGE}`, '--json'],
      images: { [IMAGE]: readFileSync(join(__dirname, '../../models/demo/samples', IMAGE)) },
      pods: 1,
      durationSeconds,
    },
    merge: ([only]) => only!,
    idleSeconds: 5,
    signal: new AbortController().signal,
    log: (line) => console.log(line),
  });

/** Expects that no run left a namespace; all of a run's objects are in its namespace. */
async function expectNothingLeft(): Promise<void> {
  const { items } = await getJson(cluster, '/api/v1/namespaces');
  const names = (items as any[]).map(({ metadata }) => metadata.name as string);
  expect(names.filter((name) => name.startsWith('tandem-bench-'))).toEqual([]);
}

test('a generator that refuses its load makes the run fail with the generator’s own words, and leaves nothing', async () => {
  await expect(run('no-such-load', 5)).rejects.toThrow(/Job failed[\s\S]*latency-hpa-load-0/);
  await expectNothingLeft();
});
