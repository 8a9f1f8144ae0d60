import { allocatedRows, resourcesOn } from '../../infra/allocation';
import { CLUSTER } from '../../infra/scheduler/cluster';
import { minReplicasOf } from '../../infra/construct/replicas';
import { place } from '../../infra/scheduler/scheduling';
import { VARIANTS } from '../../infra/variants';

const variantOf = (name: string) => VARIANTS.find((variant) => variant.name === name)!;

test.each([
  ['accuracy-single-pod', '1000m', '2Gi', '1500m', '2560Mi'],
  ['accuracy-max-size', '1000m', '2Gi', '1500m', '2560Mi'],
  ['latency-max-size', '1000m', '2Gi', '1500m', '2560Mi'],
  ['accuracy-hpa', '1000m', '1Gi', '2000m', '4Gi'],
  ['latency-hpa', '405m', '443115520', '1400m', '1175430400'],
])('on the node basis a pod of %s requests %s and %s, limited to %s and %s', (name, ...figures) => {
  const { requests, limits } = resourcesOn('node', variantOf(name));
  expect([requests.cpu, requests.memory, limits.cpu, limits.memory]).toEqual(figures);
});

/** The reference's table; the HPA-latency column is the row of a node without our pods. */
test.each([
  ['accuracy-max-size', 2, '2405m (60%)', '4400m (110%)', '4627034Ki (57%)', '6544139520 (79%)'],
  ['latency-max-size', 1, '1405m (35%)', '2900m (72%)', '2529882Ki (31%)', '3859784960 (46%)'],
  ['accuracy-hpa', 1, '1405m (35%)', '3400m (85%)', '1481306Ki (18%)', '5470397696 (66%)'],
  ['latency-hpa', 0, '405m (10%)', '1400m (35%)', '443115520 (5%)', '1175430400 (14%)'],
])('a worker of %s with %i pods is described as %s and %s, %s and %s', (name, pods, ...figures) => {
  const variant = variantOf(name);
  const resources = resourcesOn('node', variant);
  if (pods > 0) {
    const { placed, pending } = place(minReplicasOf(variant.scaling), resources, CLUSTER);
    expect(placed.map((on) => on.pods)).toEqual([0, pods, pods]);
    expect(pending).toBe(0);
  }
  const [cpu, memory] = allocatedRows(CLUSTER[1]!, pods, resources);
  expect([cpu!.requests, cpu!.limits, memory!.requests, memory!.limits]).toEqual(figures);
});

test('percentages are rounded as in kubectl, which divides doubles', () => {
  const amounts = { cpu: '755m', memory: '64Mi' };
  const [cpu] = allocatedRows(CLUSTER[1]!, 1, { requests: amounts, limits: amounts });
  expect(cpu!.requests).toBe('1160m (28%)');
});

test('the percentage of a node with nothing allocatable is 0, as in kubectl', () => {
  const [, memory] = allocatedRows(
    { ...CLUSTER[0]!, memoryAllocatableBytes: 0 },
    0,
    variantOf('latency-hpa').resources,
  );
  expect(memory!.requests).toBe('443115520 (0%)');
});

test('the node basis refuses figures that are not the sum of whole pods', () => {
  expect(() => resourcesOn('node', { ...variantOf('accuracy-max-size'), podsOnNode: 3 })).toThrow(
    "podsOnNode must divide 2405m and 4627034Ki, less the system's pods, into whole amounts, received 3",
  );
});
