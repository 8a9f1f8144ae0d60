import { type AutoscalerSpec, DEFAULT_FLAGS, settingsOf } from '../../../bench/autoscaler/settings';
import { HPA_BEHAVIOR } from '../../../infra/construct/deployment-defaults';
import { spec } from './subject';

type AutoscalerBehavior = NonNullable<AutoscalerSpec['behavior']>;

const read = (hpa: Parameters<typeof settingsOf>[0]) => settingsOf(hpa, DEFAULT_FLAGS);

test('an empty behavior has the rules that our manifests state', () => {
  const rulesOf = (behavior: unknown) => {
    const { scaleUp, scaleDown } = read(spec(50, { behavior: behavior as AutoscalerBehavior })).behavior!;
    const policies = scaleUp.policies.toSorted((a, b) => a.type.localeCompare(b.type));
    return { scaleUp: { ...scaleUp, policies }, scaleDown };
  };
  expect(rulesOf({})).toEqual(rulesOf(HPA_BEHAVIOR));
});

test('a stated field replaces its default and leaves the others', () => {
  const { behavior } = read(spec(50, { behavior: { scaleDown: { selectPolicy: 'Min' } } }));
  expect(behavior!.scaleDown).toMatchObject({ selectPolicy: 'Min', stabilizationMs: 300_000 });
  expect(behavior!.scaleDown.policies).toHaveLength(1);
});

test('without metrics the target is 80 percent, without a minimum it is one replica', () => {
  expect(read({ maxReplicas: 3 })).toMatchObject({ targetPercent: 80, minReplicas: 1 });
});

test('a tolerance has the value that the controller computes, which need not be the nearest double', () => {
  const tolerance = (text: string | number) =>
    read(spec(50, { behavior: { scaleUp: { tolerance: text } } })).tolerance.up;
  expect([tolerance('0.07'), tolerance('70m'), tolerance(0.07)]).toEqual(Array(3).fill(70 * 0.001));
  expect(tolerance('0.009')).toBe(9 * 0.001);
  expect([tolerance('0'), tolerance('1'), tolerance('1.5')]).toEqual([0, 1, 1.5]);
  expect(read(spec(50)).tolerance).toEqual({ up: 0.1, down: 0.1 });
});

test.each(['0.0001', '1e-2', '-0.1', '1.5m', ''])('a tolerance of "%s" is refused by name', (text) => {
  expect(() => read(spec(50, { behavior: { scaleUp: { tolerance: text } } }))).toThrow(
    /tolerance must be a multiple of 0\.001/,
  );
});

test('another metric than the CPU utilization is refused with what was received', () => {
  const memory = { type: 'Resource', resource: { name: 'memory', target: { averageUtilization: 50 } } };
  expect(() => read(spec(50, { metrics: [memory] }))).toThrow(/one Resource metric on cpu.*received.*memory/);
});
