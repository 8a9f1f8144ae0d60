import fc from 'fast-check';

import { cpuFactorOf, podBudgetMillis, scaleVariant } from '../../../bench/evidence/scale';
import { parseCpuMillis } from '../../../infra/quantity';
import { maxReplicasOf } from '../../../infra/construct/replicas';
import { VARIANTS } from '../../../infra/variants';

const TWO_CORES = { cpus: 2, memoryBytes: 24e9 };
const variant = (name: string) => VARIANTS.find((each) => each.name === name)!;

test('the limits of the largest fleet of each family fit into the budget, and use more than nine tenths of it', () => {
  for (const each of VARIANTS.filter(({ kind }) => kind !== 'single-pod')) {
    const { applied } = scaleVariant(each, TWO_CORES);
    const sum = maxReplicasOf(applied.scaling) * parseCpuMillis(applied.resources.limits.cpu);
    // Each pod's limit is rounded to a whole millicore.
    expect(sum).toBeLessThanOrEqual(podBudgetMillis(TWO_CORES) + maxReplicasOf(applied.scaling) / 2);
    expect(sum).toBeGreaterThan(0.9 * podBudgetMillis(TWO_CORES));
  }
});

test('a single pod is scaled as a pod of its fleet, an HPA variant by a factor of its own', () => {
  for (const model of ['accuracy', 'latency']) {
    const [single, fleet, hpa] = ['single-pod', 'max-size', 'hpa'].map((kind) =>
      cpuFactorOf(variant(`${model}-${kind}`), TWO_CORES),
    );
    expect(single).toBe(fleet);
    expect(hpa).not.toBe(fleet);
  }
});

test('the limit is the same percentage of the request as the printed one, to one millicore', () => {
  fc.assert(
    fc.property(fc.constantFrom(...VARIANTS), fc.integer({ min: 2, max: 64 }), (printed, cpus) => {
      const { applied, cpuFactor } = scaleVariant(printed, { cpus, memoryBytes: 64e9 });
      for (const kind of ['requests', 'limits'] as const) {
        const exact = cpuFactor * parseCpuMillis(printed.resources[kind].cpu);
        expect(Math.abs(parseCpuMillis(applied.resources[kind].cpu) - exact)).toBeLessThanOrEqual(0.5);
      }
      expect(cpuFactor).toBeLessThanOrEqual(1);
    }),
    { seed: 1 },
  );
});

test('on a machine that is large enough everything stays as printed', () => {
  const { applied, cpuFactor, deviations } = scaleVariant(variant('accuracy-hpa'), {
    cpus: 64,
    memoryBytes: 256e9,
  });
  expect(cpuFactor).toBe(1);
  expect(applied.resources.limits.memory).toBe(variant('accuracy-hpa').resources.limits.memory);
  expect(applied.resources.requests.memory).toBe(variant('accuracy-hpa').resources.requests.memory);
  expect(deviations).toEqual([
    'The three nodes, the control plane and the load generator share one machine.',
  ]);
});

test('memory stays as printed where all replicas fit, else the requests shrink and the deviation says so', () => {
  const fleet = variant('accuracy-max-size');
  expect(scaleVariant(fleet, TWO_CORES).applied.resources.requests.memory).toBe('4627034Ki');
  const { applied, deviations } = scaleVariant(fleet, { cpus: 2, memoryBytes: 8e9 });
  expect(applied.resources.requests.memory).toBe('1800000000');
  expect(applied.resources.limits.memory).toBe(fleet.resources.limits.memory);
  expect(deviations).toContainEqual(expect.stringContaining('1800000000 instead of 4627034Ki'));
});

test('fewer model processes than at the printed limit are a deviation', () => {
  expect(scaleVariant(variant('accuracy-hpa'), TWO_CORES).deviations).toContainEqual(
    'A pod runs 1 of 3 model processes, one thread each, since the CPU limit decides their number.',
  );
});

test('one CPU is too few', () => {
  expect(() => podBudgetMillis({ cpus: 1, memoryBytes: 8e9 })).toThrow('at least 2 CPUs, received 1');
});
