import { loadManifests } from '../../../bench/cluster-run/manifests';
import { DEFAULT_SETTINGS } from '../../../infra/settings';
import { objects } from '../../support/manifests';

test('the load generator gets the image of the settings and the nodes that they choose', () => {
  const settings = {
    ...DEFAULT_SETTINGS,
    namespace: 'bench',
    image: 'images.example/tandem:2',
    nodeSelector: { disk: 'ssd' },
    architectures: ['arm64'] as const,
    tolerations: [{ key: 'spot', operator: 'Exists' }],
  };
  const load = { args: [], images: {}, pods: 1, durationSeconds: 20 };
  const { Job } = objects(loadManifests({ name: 'latency-hpa' }, settings, load));
  expect(Job.metadata).toMatchObject({ name: 'latency-hpa-load', namespace: 'bench' });
  const { spec } = Job.spec.template;
  expect(spec.containers[0].image).toBe('images.example/tandem:2');
  expect(spec).toMatchObject({ nodeSelector: { disk: 'ssd' }, tolerations: settings.tolerations });
  expect(JSON.stringify(spec.affinity)).toContain('["arm64"]');
});
