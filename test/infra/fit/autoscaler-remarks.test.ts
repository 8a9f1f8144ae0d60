import { autoscaler, read, workload } from './web-workload';

describe('what keeps an HPA from doing what it says', () => {
  const utilization = (averageUtilization: number, fields: object = {}) => ({
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
        ...fields,
      },
    ],
  });
  const app = { name: 'app', resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } };
  const remarks = (spec: object, pod: object = { containers: [app] }, fields: Record<string, unknown> = {}) =>
    read(workload(fields, pod), autoscaler(spec)).workloads[0]!.remarks;

  test('nothing, where every container requests CPU and may use more than the target', () => {
    expect(remarks(utilization(80))).toEqual([]);
    expect(remarks({ targetCPUUtilizationPercentage: 80 })).toEqual([]);
    expect(remarks({})).toEqual([]);
  });

  test('replicas beside it', () => {
    expect(remarks({}, undefined, { replicas: 2 })).toEqual([
      'each apply sets replicas back to 2: leave out spec.replicas, since an HPA decides it',
    ]);
  });

  test('a container, or a sidecar, that requests none of what it measures', () => {
    const sidecar = { name: 'proxy', restartPolicy: 'Always' };
    const expected = [
      'its HPA cannot compute the cpu utilization (FailedGetResourceMetric), since a container requests no cpu: proxy',
    ];
    expect(remarks(utilization(80), { containers: [app, { name: 'proxy' }] })).toEqual(expected);
    expect(remarks(utilization(80), { containers: [app], initContainers: [sidecar] })).toEqual(expected);
    const one = { name: 'cpu', container: 'app', target: { type: 'Utilization', averageUtilization: 80 } };
    const metrics = [{ type: 'ContainerResource', containerResource: one }];
    expect(remarks({ metrics }, { containers: [app, { name: 'proxy' }] })).toEqual([]);
    expect(remarks({ metrics }, { containers: [{ ...app, name: 'web' }] })).toEqual([
      'its HPA measures the container app, which the pod does not have',
    ]);
  });

  test('a container that requests no CPU, where it states no metric and so measures the CPU', () => {
    expect(remarks({}, { containers: [{ name: 'web' }] })).toEqual([
      'its HPA cannot compute the cpu utilization (FailedGetResourceMetric), since a container requests no cpu: web',
    ]);
    const memory = { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } };
    const metrics = [{ type: 'Resource', resource: memory }];
    expect(remarks({ metrics }, { containers: [{ name: 'web' }] })).toEqual([]);
  });

  describe('of a pod with resources of its own', () => {
    const whole = (cpu: string, limit?: string) => ({
      resources: { requests: { cpu }, ...(limit === undefined ? {} : { limits: { cpu: limit } }) },
    });
    const bare = [{ name: 'app' }, { name: 'proxy' }];

    test('none, where the pod requests what its containers do not', () => {
      expect(remarks(utilization(80), { containers: bare, ...whole('1', '2') })).toEqual([]);
      expect(remarks(utilization(80), { containers: bare, ...whole('1') })).toEqual([]);
      expect(remarks(utilization(80), { containers: bare, resources: { limits: { cpu: '2' } } })).toEqual([]);
      expect(
        remarks(utilization(80), { containers: [app, bare[1]], resources: { limits: { cpu: '2' } } }),
      ).toEqual([]);
    });

    test('its requests and limits count instead of the containers’', () => {
      expect(remarks(utilization(182), { containers: [app], ...whole('2', '8') })).toEqual([
        'its HPA never adds a pod: the CPU limits allow 100 % of the requests, and it waits for more than 200.2 %',
      ]);
      expect(remarks(utilization(100), { containers: bare, ...whole('2', '2') })).toEqual([
        'its HPA never adds a pod: the CPU limits allow 100 % of the requests, and it waits for more than 110 %',
      ]);
      expect(remarks(utilization(100), { containers: bare, ...whole('2', '3') })).toEqual([]);
    });

    test('that requests none of what is measured, nor do its containers', () => {
      const resources = { requests: { memory: '1Gi' } };
      expect(remarks(utilization(80), { containers: bare, resources })).toEqual([
        'its HPA cannot compute the cpu utilization (FailedGetResourceMetric), since neither the pod nor a container requests cpu',
      ]);
      expect(remarks(utilization(80), { containers: [app, bare[1]], resources })).toEqual([]);
    });

    test('a metric of one container takes that container’s requests', () => {
      const one = { name: 'cpu', container: 'app', target: { type: 'Utilization', averageUtilization: 80 } };
      const metrics = [{ type: 'ContainerResource', containerResource: one }];
      expect(remarks({ metrics }, { containers: bare, ...whole('1', '2') })).toEqual([
        'its HPA cannot compute the cpu utilization (FailedGetResourceMetric), since a container requests no cpu: app',
      ]);
      expect(remarks({ metrics }, { containers: [app], ...whole('4', '4') })).toEqual([]);
    });
  });

  test('limits below the target', () => {
    expect(remarks(utilization(182))).toEqual([
      'its HPA never adds a pod: the CPU limits allow 200 % of the requests, and it waits for more than 200.2 %',
    ]);
    expect(remarks(utilization(181))).toEqual([]);
    const tolerant = (tolerance: string) => ({ ...utilization(181), behavior: { scaleUp: { tolerance } } });
    expect(remarks(tolerant('100m'))).toEqual([]);
    expect(remarks(tolerant('0.11'))).toEqual([
      'its HPA never adds a pod: the CPU limits allow 200 % of the requests, and it waits for more than 200.91 %',
    ]);
  });
});
