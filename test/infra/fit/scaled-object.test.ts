import { autoscaler, read, workload } from './web-workload';

describe('KEDA’s ScaledObject', () => {
  const scaledObject = (spec: object) => ({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'web' },
    spec: { scaleTargetRef: { name: 'web' }, triggers: [{ type: 'prometheus', metadata: {} }], ...spec },
  });

  test.each([
    [{ minReplicaCount: 2, maxReplicaCount: 7 }, 2, 7],
    [{}, 0, 100],
  ])('with %j scales its Deployment from %i to %i pods', (spec, min, max) => {
    const [found] = read(workload(), scaledObject(spec)).workloads;
    expect(found!.counts).toEqual([
      ['at minReplicas', min],
      ['at maxReplicas', max],
    ]);
    expect(found!.remarks).toEqual([]);
  });

  test('measures as the HPA that it makes: a container that requests nothing is named', () => {
    const pod = { containers: [{ name: 'app' }, { name: 'proxy' }] };
    const cpu = { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } };
    const one = { ...cpu, metadata: { ...cpu.metadata, containerName: 'app' } };
    const remarksOf = (trigger: object) =>
      read(workload({}, pod), scaledObject({ triggers: [trigger] })).workloads[0]!.remarks;
    expect(remarksOf(cpu)[0]).toContain('since a container requests no cpu: app, proxy');
    expect(remarksOf(one)[0]).toContain('since a container requests no cpu: app');
    expect(remarksOf({ ...cpu, metricType: 'AverageValue' })).toEqual([]);
  });

  test('passes its tolerance on to the HPA', () => {
    const resources = { requests: { cpu: '1' }, limits: { cpu: '2' } };
    const triggers = [{ type: 'cpu', metadata: { value: '181' } }];
    const remarksOf = (tolerance: string) =>
      read(
        workload({}, { containers: [{ name: 'app', resources }] }),
        scaledObject({
          triggers,
          advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleUp: { tolerance } } } },
        }),
      ).workloads[0]!.remarks;
    expect(remarksOf('100m')).toEqual([]);
    expect(remarksOf('0.11')).toEqual([
      'its HPA never adds a pod: the CPU limits allow 200 % of the requests, and it waits for more than 200.91 %',
    ]);
    expect(() => remarksOf('much')).toThrow(
      'spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.tolerance must be a quantity',
    );
  });

  test('is refused where its bounds contradict each other, and beside an HPA of the same target', () => {
    expect(() => read(workload(), scaledObject({ minReplicaCount: 5, maxReplicaCount: 4 }))).toThrow(
      'ScaledObject web: spec.maxReplicaCount must be at least spec.minReplicaCount, received 4',
    );
    expect(() => read(workload(), autoscaler({}), scaledObject({}))).toThrow('keep one of them');
  });
});
