import { memoryUseOf } from '../../../bench/adviser/candidate';
import type { ModelProfile } from '../../../bench/adviser/model-profile';
import { withPrecisions } from '../../../bench/adviser/precision-rows';
import { MACHINE } from './subject';

const figure = (value: number) => ({ value, source: 'a run' });
const PROFILE: ModelProfile = {
  ...{ model: 'latency', precision: 'int8', machine: '2 cores' },
  ...{
    cpuMsPerImage: figure(12),
    cpuSpread: figure(0.2),
    coldShare: figure(0),
    stretch: figure(1),
    idleMillis: figure(10),
  },
  ...{ startCpuMs: figure(1_500), memoryBytes: figure(100e6) },
};
const measured = MACHINE.cpuPerImage[0]!;
const machine = {
  cpuPerImage: [
    { ...measured, precision: 'int8' as const, isDefault: true, cpuSecondsPerImage: [0.014, 0.015, 0.016] },
    {
      ...measured,
      ...{ precision: 'fp32' as const, isDefault: false, cpuSecondsPerImage: [0.03], idleCpuMillis: 8 },
    },
  ],
};
const cell = (precision: string, processes: number, mebibytes: number) => ({
  ...{ model: 'latency', precision, processes, threads: 1, pssMebibytes: [mebibytes] },
});
const CELLS = [cell('int8', 1, 110), cell('int8', 2, 180), cell('fp32', 1, 121), cell('fp32', 2, 201)];

test('the other precision is the fitted profile, scaled by what was measured at both', () => {
  const [int8, fp32, ...others] = withPrecisions([PROFILE], machine, CELLS);
  expect(others).toEqual([]);
  expect(int8).toMatchObject({ precision: 'int8', cpuMsPerImage: { value: 12 } });
  // The service chooses the fitted one by itself.
  expect([int8, fp32].map((each) => each!.isPrecisionSet ?? false)).toEqual([false, true]);
  expect(fp32!.precision).toBe('fp32');
  expect(fp32!.cpuMsPerImage.value).toBeCloseTo(24, 9);
  expect(fp32!.cpuMsPerImage.source).toBe('a run; times 2.00: machine, fp32 of int8');
  // A service without load computes in no precision.
  expect(fp32!.idleMillis.value).toBe(10);
  expect(fp32!.memoryBytes.value).toBeCloseTo(110e6, 3);
});

test('a second process adds what it was measured to add, and as much as a pod where it was not', () => {
  const [int8] = withPrecisions([PROFILE], machine, CELLS);
  expect(memoryUseOf({ profile: int8!, cpuLimitMillis: 1_000 })).toBe(100e6);
  expect(memoryUseOf({ profile: int8!, cpuLimitMillis: 2_000 })).toBe(100e6 + 70 * 1024 * 1024);
  expect(memoryUseOf({ profile: PROFILE, cpuLimitMillis: 2_000 })).toBe(200e6);
});

test('a precision whose memory was not measured has no profile', () => {
  expect(withPrecisions([PROFILE], machine, [cell('int8', 1, 110)])).toHaveLength(1);
});
