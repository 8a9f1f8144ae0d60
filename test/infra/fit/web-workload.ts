/** A workload named web and its autoscaler, read as `fit --file` reads them. */
import { stringify } from 'yaml';

import { objectsIn } from '../../../infra/fit/read-manifests';
import { manifestsOf } from '../../../infra/fit/workloads';

const labels = { app: 'web' };

/** A Deployment, or another workload, of one container. */
export const workload = (fields: Record<string, unknown> = {}, pod: object = {}, kind = 'Deployment') => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'app' }], ...pod } },
    ...fields,
  },
});

export const autoscaler = (fields: object = {}, name = 'web') => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 5,
    ...fields,
  },
});

export const text = (objects: readonly unknown[]) => objects.map((each) => stringify(each)).join('---\n');
export const read = (...objects: unknown[]) =>
  manifestsOf(objectsIn(new Map([['app.yaml', text(objects)]]), 'default'));
