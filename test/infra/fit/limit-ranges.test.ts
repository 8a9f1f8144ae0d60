import { refusalsOf } from '../../../infra/fit/limit-ranges';
import { read, workload } from './web-workload';

const cpu = (amount: string) => ({ cpu: amount });

/** A container that states no resources, beside a LimitRange of one item. */
function admitted(item: object) {
  const limitRange = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'team' },
    spec: { limits: [item] },
  };
  const { workloads, limitRanges } = read(workload(), limitRange);
  return {
    limitRange: limitRanges[0]!,
    resources: workloads[0]!.pods.spec.containers[0]!.resources!,
  };
}

test.each([
  ['the limit from the maximum, and the request from it', { max: cpu('1') }, '1', '1'],
  ['the request from the limit', { default: cpu('500m') }, '500m', '500m'],
  ['the request from the minimum', { min: cpu('50m') }, '50m', undefined],
  ['the maximum before the minimum', { min: cpu('50m'), max: cpu('1') }, '1', '1'],
  [
    'nothing that is stated',
    { max: cpu('1'), default: cpu('500m'), defaultRequest: cpu('100m') },
    '100m',
    '500m',
  ],
])('a LimitRange in the files gets the API server’s defaults: %s', (_, bounds, request, limit) => {
  const { limitRange, resources } = admitted({ type: 'Container', ...bounds });
  expect([resources.requests?.['cpu'], resources.limits?.['cpu']]).toEqual([request, limit]);
  const amounts = { cpu: '0', memory: '0' };
  const { requests = {}, limits = {} } = resources;
  expect(
    refusalsOf(limitRange, {
      requests: amounts,
      limits: amounts,
      containers: [{ name: 'app', path: 'spec.containers[0].resources', requests, limits }],
      whole: undefined,
    }),
  ).toEqual([]);
});

test('a LimitRange of pods gives containers nothing', () => {
  expect(admitted({ type: 'Pod', max: cpu('1') }).resources).toEqual({ requests: {}, limits: {} });
});
