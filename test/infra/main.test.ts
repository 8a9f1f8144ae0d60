import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { App, Chart, Testing } from 'cdk8s';

import { InferenceService, type InferenceServiceProps } from '../../infra/inference-service';
import { objects, synthesize } from './manifests';

const ROOT = join(__dirname, '..', '..');

describe('synth', () => {
  test('loads neither tfjs nor express nor an engine', () => {
    const script = `
      const { define } = require('./infra/main.ts');
      define(new (require('cdk8s').App)());
      const heavy = /node_modules\\/(@tensorflow|express|onnxruntime-node|sharp)\\//;
      console.log(JSON.stringify(Object.keys(require.cache).filter((file) => heavy.test(file))));`;
    const output = execFileSync('node', ['--import', 'tsx', '-e', script], { cwd: ROOT, encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual([]);
  });

  test('gives identical bytes each time', () => {
    expect(synthesize()).toEqual(synthesize());
  });

  test('takes namespace, image, pull secret and service type from the environment', () => {
    const files = synthesize({
      TANDEM_NAMESPACE: 'vision',
      TANDEM_IMAGE: `images.example/tandem@sha256:${'0'.repeat(64)}`,
      TANDEM_IMAGE_PULL_SECRET: 'credentials',
      TANDEM_SERVICE_TYPE: 'LoadBalancer',
    });
    const { Deployment, Service } = objects(files.get('latency-hpa.k8s.yaml')!);
    expect(Deployment.metadata.namespace).toBe('vision');
    expect(Deployment.spec.template.spec.containers[0].image).toMatch(
      /^images\.example\/tandem@sha256:0{64}$/,
    );
    expect(Deployment.spec.template.spec.imagePullSecrets).toEqual([{ name: 'credentials' }]);
    expect(Service.spec.type).toBe('LoadBalancer');
  });

  test('refuses an unknown service type by name', () => {
    expect(() => synthesize({ TANDEM_SERVICE_TYPE: 'Cluster' })).toThrow(
      'serviceType must be one of ClusterIP, NodePort, LoadBalancer, received Cluster',
    );
  });
});

describe('InferenceService', () => {
  const props: InferenceServiceProps = {
    name: 'birds',
    namespace: 'vision',
    model: 'birds',
    image: 'images.example/birds:2',
    resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
    scaling: { kind: 'fixed', replicas: 2 },
  };
  const synth = (changes: Partial<InferenceServiceProps>) => {
    const chart = new Chart(new App(), 'chart');
    new InferenceService(chart, 'birds', { ...props, ...changes });
    return Testing.synth(chart) as unknown;
  };

  test('serves another image, model and figures', () => {
    expect(JSON.stringify(synth({}))).toContain('"image":"images.example/birds:2"');
  });

  test('refuses no replicas', () => {
    expect(() => synth({ scaling: { kind: 'fixed', replicas: 0 } })).toThrow(
      'birds: replicas must be a whole number of at least 1, received 0',
    );
  });

  test('refuses a maximum below the minimum', () => {
    const scaling = { kind: 'hpa', minReplicas: 3, maxReplicas: 2, targetCpuPercent: 50 } as const;
    expect(() => synth({ scaling })).toThrow('maxReplicas must be at least minReplicas, received 3 and 2');
  });

  test('refuses what is no quantity', () => {
    const resources = { ...props.resources, limits: { cpu: '1 core', memory: '1Gi' } };
    expect(() => synth({ resources })).toThrow('a quantity must look like');
  });
});
