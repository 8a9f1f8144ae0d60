import { podFiguresOf, profileOf } from '../../../bench/adviser/model-profile';
import { samplingOf } from '../../../bench/adviser/recorded-scenario';
import { latencyBound, validate } from '../../../bench/adviser/validation';
import {
  hpasTable,
  profilesTable,
  ratesTable,
  validationSummary,
} from '../../../bench/adviser/validation-tables';
import { evidenceOf } from '../../../bench/evidence/evidence';
import { EVIDENCE, MACHINE } from './subject';

const SEEDS = 5;
const validation = validate(EVIDENCE, SEEDS);

test('a profile names the runs of its figures', () => {
  const { cpuMsPerImage, startCpuMs } = profileOf(EVIDENCE, 'latency');
  expect(cpuMsPerImage.source).toContain('latency-single-pod-1: fitted to p50 and p95 of');
  expect(startCpuMs.source).toContain('latency-hpa-steps-1: median of');
});

test('what is missing is named with the command that measures it', () => {
  expect(() => profileOf(evidenceOf([], MACHINE), 'latency')).toThrow(
    'docs/experiment/data has no single pod of MobileNetV2: run "npm run experiments -- --only latency-single-pod" first',
  );
  expect(() => profileOf(evidenceOf([]), 'latency')).toThrow('has no machine.json');
  expect(validation.missing).toEqual([expect.stringContaining('has no CPU time per image of ResNet101V2')]);
});

test('a pod has as many processes as its limit has cores, and counts one thread', () => {
  const profile = validation.profiles[0]!;
  const pod = podFiguresOf(profile, {
    requests: { cpu: '1405m', memory: '1' },
    limits: { cpu: '2900m', memory: '1' },
  });
  expect(pod).toMatchObject({ cpuRequestMillis: 1405, cpuLimitMillis: 2900, processes: 2, threadSpeedup: 1 });
});

test('windows that all have the resolution’s length were sampled at the scrape', () => {
  const windows = (lengths: readonly number[]) => ({
    podMetrics: lengths.map((windowMs) => ({
      ...{ pod: 'p', timestamp: '2026-01-01T00:00:00Z', windowMs, cpuMillis: 1, memoryBytes: 1 },
    })),
  });
  expect(samplingOf(windows([15_000, 15_010, 12_700]))).toBe('on-scrape');
  expect(samplingOf(windows([12_000, 18_500, 11_000]))).toBe('housekeeping');
});

test('each rate has a band, and the fleet’s rates are not fitted', () => {
  expect(validation.rates.map(({ isFitted }) => isFitted)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  for (const { p95Ms } of validation.rates) {
    expect(p95Ms.low).toBeLessThanOrEqual(p95Ms.median);
    expect(p95Ms.median).toBeLessThanOrEqual(p95Ms.high);
  }
});

test('the HPA’s band and the shares in time are compared by second', () => {
  const [check] = validation.hpas;
  expect(check!.ready.length).toBeGreaterThan(200);
  expect(check!.insideShare).toBeGreaterThan(0.4);
  expect(check!.insideShare).toBeLessThanOrEqual(1);
  expect(Math.abs(check!.inTimeShare.measured - check!.inTimeShare.simulated.median)).toBeLessThan(0.1);
});

test('the tables name simulated figures as such, and few cases give no bound', () => {
  expect(ratesTable(validation)).toContain('p95 simulated, ms (90 % band)');
  expect(ratesTable(validation)).toContain('`latency-single-pod` (fitted)');
  expect(hpasTable(validation)).toContain('`latency-hpa-steps-1`');
  expect(profilesTable(validation)).toContain('CPU time per image at fp32, ms');
  expect(validationSummary(validation)).toContain('an image of `latency-max-size` took ');
  expect(latencyBound(validation).factor).toBeUndefined();
  expect(validationSummary(validation)).toContain('There is no bound for the error of p95');
  expect(validationSummary(validate(evidenceOf([]), 1))).toContain('There is no data yet');
});
