import {
  type Calibration,
  type Form,
  OVERHEAD_SECONDS,
  planExperiments,
  QUICK_MACHINE_SECONDS,
} from '../../../bench/evidence/plan';
import { durationSeconds, parseLoad } from '../../../bench/load/load';
import { parseCpuMillis } from '../../../infra/quantity';
import { PACKAGE_ROOT } from '../../../files/package-root';

const TWO_CORES = { cpus: 2, memoryBytes: 24e9 };
/** About what two cores of 2026 measure. */
const CALIBRATION: Calibration = {
  accuracy: { cpuSecondsPerImage: 0.15, idleCpuMillis: 4 },
  latency: { cpuSecondsPerImage: 0.012, idleCpuMillis: 4 },
};
const plan = (form: Form, calibration = CALIBRATION) => planExperiments(form, TWO_CORES, calibration);
const find = (form: Form, name: string) => plan(form).find((each) => each.name === name)!;
const loadOf = (load: string) => parseLoad(load.replace('trace:', `trace:${PACKAGE_ROOT}/bench/traces/`));

/** The rates of a load of steps. */
function ratesOf(load: string): readonly number[] {
  const parsed = parseLoad(load);
  if (parsed.kind !== 'steps') throw new Error(`no steps: ${load}`);
  return parsed.ratesPerSecond;
}

test('the full form has every variant, each HPA under steps, a spike and a trace', () => {
  expect(plan('full').map(({ name }) => name)).toEqual([
    ...['accuracy-single-pod', 'accuracy-max-size'],
    ...['accuracy-hpa-steps', 'accuracy-hpa-spike', 'accuracy-hpa-trace'],
    ...['latency-single-pod', 'latency-max-size'],
    ...['latency-hpa-steps', 'latency-hpa-spike', 'latency-hpa-trace'],
  ]);
});

test('the full form repeats every load three times, since the figures of each are quoted', () => {
  for (const { repetitions } of plan('full')) expect(repetitions).toBe(3);
});

test('the quick form is a part of the full one, and each of its documents names what it leaves out', () => {
  const names = plan('full').map(({ name }) => name);
  for (const { name, deviations } of plan('quick')) {
    expect(names).toContain(name);
    expect(deviations.at(-1)).toMatch(/^Quick form: /);
  }
  expect(
    plan('full')
      .flatMap(({ deviations }) => deviations)
      .join(),
  ).not.toContain('Quick form');
});

/** About what two cores with fast int8 measure. */
const FAST: Calibration = {
  accuracy: { cpuSecondsPerImage: 0.07, idleCpuMillis: 9 },
  latency: { cpuSecondsPerImage: 0.015, idleCpuMillis: 10 },
};

test.each([
  [38, 'two cores with fast int8', FAST],
  [40, 'two cores that are half as fast', CALIBRATION],
])(
  'the quick form takes less than %i minutes on %s, with the longest idle returns and all that is no load',
  (minutes, _, calibration) => {
    const seconds = plan('quick', calibration).reduce(
      (sum, { loadSeconds, idleSeconds, repetitions, applied }) =>
        sum + repetitions * (loadSeconds + idleSeconds + OVERHEAD_SECONDS[applied.scaling.kind]),
      QUICK_MACHINE_SECONDS,
    );
    expect(seconds).toBeLessThan(60 * minutes);
  },
);

test.each(['full', 'quick'] as const)(
  'each load of the %s form can be read and lasts as long as it says',
  (form) => {
    for (const { load, loadSeconds } of plan(form)) {
      expect(durationSeconds(loadOf(load))).toBeCloseTo(loadSeconds, 6);
    }
  },
);

test('the steps cross the estimated capacity: limit over CPU time per image', () => {
  const { load, applied } = find('quick', 'latency-single-pod');
  const capacity = (parseCpuMillis(applied.resources.limits.cpu) - 4) / 1000 / 0.012;
  expect(Math.min(...ratesOf(load))).toBeLessThan(0.5 * capacity);
  expect(Math.max(...ratesOf(load))).toBeGreaterThan(1.1 * capacity);
});

test('a fleet’s steps are the single pod’s times its replicas', () => {
  const single = ratesOf(find('full', 'accuracy-single-pod').load);
  const fleet = ratesOf(find('full', 'accuracy-max-size').load);
  fleet.forEach((rate, index) => expect(rate / single[index]!).toBeCloseTo(4, 1));
});

test('an HPA’s steps ask for two, four and seven pods and for more than it may have', () => {
  const { load, applied } = find('full', 'latency-hpa-steps');
  const targetMillis = parseCpuMillis(applied.resources.requests.cpu) / 2;
  const pods = ratesOf(load).map((rate) => (rate * 1000 * 0.012) / (targetMillis - 4));
  expect(pods.map((count) => Math.ceil(count))).toEqual([2, 4, 7, 10, 4, 2]);
});

test('a spike overloads the fewest pods and not the most', () => {
  for (const model of ['accuracy', 'latency'] as const) {
    const { load, applied } = find('full', `${model}-hpa-spike`);
    const peak = Number(/-([\d.]+):/.exec(load)![1]);
    const cost = CALIBRATION[model];
    const pod =
      (parseCpuMillis(applied.resources.limits.cpu) - cost.idleCpuMillis) / 1000 / cost.cpuSecondsPerImage;
    expect(peak).toBeGreaterThan(1.5 * 2 * pod);
    expect(peak).toBeLessThan((applied.scaling.kind === 'hpa' ? applied.scaling.maxReplicas : 0) * pod);
  }
});

test('the steps and the trace are recorded after the load for longer than the stabilisation window in every form', () => {
  const idle = [...plan('full'), ...plan('quick')].filter(({ name }) => /-(?:steps|trace)$/.test(name));
  expect(idle).toHaveLength(6);
  for (const { idleSeconds } of idle) expect(idleSeconds).toBeGreaterThan(300);
});

test('an objective has at least two periods of the CPU quota: a pod that has used up its quota waits for the next', () => {
  const fast = { cpuSecondsPerImage: 0.002, idleCpuMillis: 2 };
  const { slo } = planExperiments('quick', TWO_CORES, { accuracy: fast, latency: fast })[0]!;
  expect(slo.limitMs).toBe(200);
});

test('all experiments of a model share one objective, which its slowest pod can meet', () => {
  for (const model of ['accuracy', 'latency'] as const) {
    const own = plan('full').filter(({ printed }) => printed.model === model);
    const limits = new Set(own.map(({ slo }) => slo.limitMs));
    expect(limits.size).toBe(1);
    for (const { applied, slo } of own) {
      const limitMillis = parseCpuMillis(applied.resources.limits.cpu);
      const serviceMs = (1e6 * CALIBRATION[model].cpuSecondsPerImage) / limitMillis;
      expect(slo.limitMs).toBeGreaterThan(1.5 * serviceMs);
    }
  }
});

test('a machine twice as slow gets half the rates', () => {
  const slow = {
    ...CALIBRATION,
    latency: { ...CALIBRATION.latency, cpuSecondsPerImage: 0.024 },
  };
  const rates = (calibration: Calibration) =>
    ratesOf(plan('quick', calibration).find(({ name }) => name === 'latency-max-size')!.load);
  rates(slow).forEach((rate, index) => expect(rate / rates(CALIBRATION)[index]!).toBeCloseTo(0.5, 2));
});

test('a pod that uses its target without load is refused, with both figures', () => {
  const busy = { ...CALIBRATION, latency: { ...CALIBRATION.latency, idleCpuMillis: 30 } };
  expect(() => plan('full', busy)).toThrow(/without load uses 30\.0m, as much as the HPA's target of 20\.0m/);
});
