import { filesText, fitProfile, podFiguresOf, profileOf } from '../../../bench/adviser/model-profile';
import { samplingOf } from '../../../bench/adviser/recorded-scenario';
import { kneeBound, lackText, latencyBound, toMaxBound } from '../../../bench/adviser/bounds';
import { profilesOf, steadyChecks, validate } from '../../../bench/adviser/validation';
import {
  boundsTable,
  hpasTable,
  profilesTable,
  ratesTable,
  validationSummary,
} from '../../../bench/adviser/validation-tables';
import { evidenceOf } from '../../../bench/evidence/evidence';
import { EVIDENCE, HPA_RUN, MACHINE } from './subject';

const SEEDS = 5;
const validation = validate(EVIDENCE, SEEDS);
const { fits } = profilesOf(EVIDENCE);

test('a profile names the runs of its figures', () => {
  const { cpuMsPerImage, cpuSpread, startCpuMs } = validation.profiles[0]!;
  expect(cpuMsPerImage.source).toBe('latency-single-pod-1, latency-max-size-1: median by their CPU samples');
  expect(cpuSpread.source).toContain('latency-single-pod-1, latency-max-size-1: fitted to p50 and p95 of');
  expect(startCpuMs.source).toContain('latency-hpa-steps-1: median of');
});

test('runs that follow each other are named once', () => {
  const runs = [1, 2, 3].map((repetition) => ({ experiment: 'a', repetition }));
  const others = [2, 4].map((repetition) => ({ experiment: 'b', repetition }));
  expect(filesText([...runs, ...others])).toBe('a-1 to 3, b-2, b-4');
});

test('what is missing is named with the command that measures it', () => {
  expect(() => profileOf(evidenceOf([], MACHINE), 'latency')).toThrow(
    'the recordings have no single pod of MobileNetV2: run "npm run experiments -- --only latency-single-pod" first',
  );
  expect(() => profileOf(evidenceOf([]), 'latency')).toThrow('have no machine.json');
  expect(validation.missing).toEqual([expect.stringContaining('have no CPU time per image of ResNet101V2')]);
});

test('a pod has as many processes as its limit has cores', () => {
  const profile = validation.profiles[0]!;
  const pod = podFiguresOf(profile, {
    requests: { cpu: '1405m', memory: '1' },
    limits: { cpu: '2900m', memory: '1' },
  });
  expect(pod).toMatchObject({ cpuRequestMillis: 1405, cpuLimitMillis: 2900, processes: 2 });
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

test('each deployment is predicted from the others, and has a band at each rate', () => {
  expect(validation.rates.map(({ isFitted }) => isFitted)).toEqual(Array(7).fill(false));
  for (const { p95Ms, ownCpuP95Ms } of validation.rates) {
    expect(p95Ms.low).toBeLessThanOrEqual(p95Ms.median);
    expect(p95Ms.median).toBeLessThanOrEqual(p95Ms.high);
    expect(ownCpuP95Ms / p95Ms.median).toBeGreaterThan(0.3);
  }
  const single = EVIDENCE.runs.filter(({ kind }) => kind !== 'max-size');
  const fit = fitProfile(evidenceOf(single, MACHINE), 'latency');
  expect(fit.without('latency-single-pod')).toBeUndefined();
  expect(fit.without('another')!.cpuSpread.source).toMatch(/^latency-single-pod-1: /);
}, 120_000);

test('a run behind an HPA is predicted from the starts of the other runs', () => {
  const [single] = EVIDENCE.runs.filter(({ kind }) => kind === 'single-pod');
  const again = { ...HPA_RUN, repetition: 2 };
  const fit = fitProfile(evidenceOf([single!, HPA_RUN, again], MACHINE), 'latency');
  expect(fit.profile.startCpuMs.source).toMatch(/^latency-hpa-steps-1 to 2: /);
  expect(fit.withoutRun(HPA_RUN)!.startCpuMs.source).toMatch(/^latency-hpa-steps-2: /);
  expect(fit.withoutRun(again)!.startCpuMs.source).toMatch(/^latency-hpa-steps-1: /);
  expect(fits[0]!.withoutRun(HPA_RUN)).toBeUndefined();
  expect(validation.hpas.map(({ isFitted }) => isFitted)).toEqual([true]);
}, 120_000);

test.each([
  [0.5, 'p50Ms'],
  [0.95, 'p95Ms'],
  [0.99, 'p99Ms'],
] as const)('a prediction of the percentile at %d is compared with the same one, measured', (share, name) => {
  const checks = steadyChecks(EVIDENCE, fits, 1, share);
  expect(checks.map(({ measuredMs }) => measuredMs)).toEqual(checks.map(({ figures }) => figures[name]));
  for (const { measuredMs, steadyMs } of checks) {
    expect(Math.abs(Math.log(steadyMs / measuredMs))).toBeLessThan(1);
  }
});

test('nine cases bound p95, the knee and the time to the most pods', () => {
  const nine = Array.from({ length: 9 }, (_, i) => i + 1);
  const knees = [{ experiment: 'a', isFitted: false, measuredPerSecond: nine, simulatedPerSecond: 10 }];
  expect(kneeBound({ knees })).toEqual({ cases: 9, factor: 10 });
  expect(kneeBound({ knees: [{ ...knees[0]!, isFitted: true }] })).toEqual({ cases: 0 });
  const beyond = [...knees, { experiment: 'b', isFitted: false, measuredPerSecond: nine }];
  expect(kneeBound({ knees: beyond })).toEqual({ cases: 18 });
  const [hpa] = validation.hpas;
  const hpas = nine.map((measured) => ({
    ...{ ...hpa!, isFitted: false },
    toMaxSeconds: { measured, simulated: { low: 0, median: 2, high: 5 } },
  }));
  expect(toMaxBound({ hpas })).toEqual({ cases: 9, seconds: 7 });
  expect(toMaxBound({ hpas: hpas.slice(1) })).toEqual({ cases: 8 });
  expect(toMaxBound({ hpas: hpas.map((each) => ({ ...each, isFitted: true })) })).toEqual({ cases: 0 });
});

test('the bound of p95 has the rates that a plan would accept, those with a wrong prediction too', () => {
  const [check] = validation.rates;
  const rates = Array.from({ length: 9 }, (_, i) => ({
    ...{ ...check!, figures: { ...check!.figures, verdict: 'fail' as const } },
    ...{ isFitted: false, steadyMs: 100, measuredMs: 100 * (i + 1), limitMs: 400 },
  }));
  expect(latencyBound({ rates })).toEqual({ cases: 9, factor: 9 });
  expect(latencyBound({ rates: rates.map((each) => ({ ...each, steadyMs: 401 })) })).toEqual({ cases: 0 });
  const unanswered = { ...rates[0]!, measuredMs: Infinity };
  expect(latencyBound({ rates: [...rates.slice(1), unanswered] })).toEqual({ cases: 9 });
  expect(lackText(9, 'a bound')).toContain('in too many of 9 cases');
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
  expect(boundsTable(validation)).toContain('| `latency-hpa-steps-1` (fitted) | most pods ready after, s | ');
  expect(hpasTable(validation)).toContain('`latency-hpa-steps-1` (fitted)');
  expect(profilesTable(validation)).toContain('CPU time per image at fp32, ms');
  expect(validationSummary(validation)).toContain('an image of `latency-max-size` took ');
  expect(validationSummary(validation)).toMatch(/inside the 90 % band [\d.]+ % of the time \(goal: 85 %\);/);
  expect(latencyBound(validation).factor).toBeUndefined();
  expect(validationSummary(validation)).toContain('There is no bound for the error of p95');
  expect(validationSummary(validate(evidenceOf([]), 1))).toContain('There is no data yet');
});
