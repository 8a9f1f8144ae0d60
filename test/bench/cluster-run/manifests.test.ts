import { loadManifests, variantManifests } from '../../../bench/cluster-run/manifests';
import { DEFAULT_SETTINGS } from '../../../infra/settings';
import { VARIANTS } from '../../../infra/variants';
import { objects } from '../../support/manifests';

const load = { args: [], images: {}, pods: 1, durationSeconds: 20 };

test('the load generator gets the image of the settings and the nodes that they choose', () => {
  const settings = {
    ...DEFAULT_SETTINGS,
    namespace: 'bench',
    image: 'images.example/tandem:2',
    nodeSelector: { disk: 'ssd' },
    architectures: ['arm64'] as const,
    tolerations: [{ key: 'spot', operator: 'Exists' }],
  };
  const { Job } = objects(loadManifests({ name: 'latency-hpa' }, settings, load));
  expect(Job.metadata).toMatchObject({ name: 'latency-hpa-load', namespace: 'bench' });
  const { spec } = Job.spec.template;
  expect(spec.containers[0].image).toBe('images.example/tandem:2');
  expect(spec).toMatchObject({ nodeSelector: { disk: 'ssd' }, tolerations: settings.tolerations });
  expect(JSON.stringify(spec.affinity)).toContain('["arm64"]');
});

test('the load generator leaves its user to the cluster where the variant does', () => {
  const settings = { ...DEFAULT_SETTINGS, userIds: 'cluster' } as const;
  const { Job } = objects(loadManifests({ name: 'latency-hpa' }, settings, load));
  const { Deployment } = objects(
    variantManifests(
      VARIANTS.find(({ name }) => name === 'latency-hpa')!,
      settings,
    ),
  );
  const { securityContext } = Job.spec.template.spec;
  expect(securityContext.runAsUser).toBeUndefined();
  expect(securityContext).toEqual(Deployment.spec.template.spec.securityContext);
});

test.each([
  { domain: 'models.example', tlsSecret: 'models-tls', ingressClass: 'nginx' },
  { domain: 'models.example', gateway: 'shared/public' },
])('a variant is reached from within the cluster only, whatever the settings say: %j', (exposure) => {
  const settings = {
    ...DEFAULT_SETTINGS,
    ...exposure,
    serviceType: 'LoadBalancer',
    serviceAnnotations: { 'dns.example/name': 'models.example' },
  } as const;
  const variant = VARIANTS.find(({ name }) => name === 'latency-hpa')!;
  const { Service, ...others } = objects(variantManifests(variant, settings));
  expect(Object.keys(others).filter((kind) => /Ingress|Route/.test(kind))).toEqual([]);
  expect(Service.spec.type).toBe('ClusterIP');
  expect(JSON.stringify([Service, others])).not.toContain('models.example');
});
