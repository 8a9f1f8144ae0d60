import fc from 'fast-check';

import {
  canonicalCpu,
  canonicalMemory,
  formatCpu,
  formatMemory,
  formatOf,
  parseCpuMillis,
  parseMemoryBytes,
} from '../../infra/quantity';
import { VARIANTS } from '../../infra/variants';

test.each([
  ['2405m', 2405],
  ['1', 1000],
  ['1.5', 1500],
  ['0.0001', 1],
  ['2.', 2000],
  ['.5', 500],
  ['+1', 1000],
  ['1500u', 2],
  ['500e-3', 500],
  ['100000001n', 101],
  ['16Ei', 2 ** 63 * 1000],
])('CPU of %s is %d millicores', (text, millis) => {
  expect(parseCpuMillis(text)).toBe(millis);
});

test.each([
  ['4627034Ki', 4627034 * 1024],
  ['6544139520', 6544139520],
  ['2.5Gi', 2.5 * 1024 ** 3],
  ['1G', 1e9],
  ['1500m', 2],
  ['1.1Gi', 1181116007],
  ['0.3G', 3e8],
  ['2Pi', 2 * 1024 ** 5],
  ['1e9', 1e9],
  ['5E3', 5000],
  ['5E+3', 5000],
  ['1.5e-1', 1],
  ['.5Ki', 512],
  ['1.Ki', 1024],
  ['1k', 1000],
  ['0e999999999', 0],
  ['-0', 0],
  ['9007199254740993', 2 ** 53],
  ['16Pi', 2 ** 54],
  ['1Ei', 2 ** 60],
  ['8Ei', 2 ** 63],
  ['1e999999999', 2 ** 63],
  ['1e-999999999', 1],
])('memory of %s is %d bytes', (text, bytes) => {
  expect(parseMemoryBytes(text)).toBe(bytes);
});

/** The factor of each suffix, as a fraction. */
const UNITS: readonly (readonly [suffix: string, numerator: bigint, denominator: bigint])[] = [
  ...['n', 'u', 'm'].map((suffix, i) => [suffix, 1n, 1000n ** BigInt(3 - i)] as const),
  ...['', 'k', 'M', 'G', 'T', 'P', 'E'].map((suffix, i) => [suffix, 1000n ** BigInt(i), 1n] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, i) => [suffix, 1024n ** BigInt(i + 1), 1n] as const),
];

const unit = fc.oneof(
  fc.constantFrom(...UNITS),
  fc
    .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat({ max: 40 }))
    .map(([letter, sign, exponent]) => {
      const power = 10n ** BigInt(exponent);
      const suffix = `${letter}${sign}${exponent}`;
      return sign === '-' ? ([suffix, 1n, power] as const) : ([suffix, power, 1n] as const);
    }),
);
const digits = fc.stringMatching(/^\d{0,20}$/);
const number = fc
  .record({
    sign: fc.constantFrom('', '+'),
    whole: digits,
    point: fc.constantFrom('', '.'),
    fraction: digits,
  })
  .map((parts) => (parts.point === '' ? { ...parts, fraction: '' } : parts))
  .filter(({ whole, fraction }) => whole + fraction !== '');

test('every quantity of the grammar is read as its value rounded up, capped as in Kubernetes', () => {
  fc.assert(
    fc.property(number, unit, ({ sign, whole, point, fraction }, [suffix, numerator, denominator]) => {
      const text = `${sign}${whole}${point}${fraction}${suffix}`;
      const divisor = denominator * 10n ** BigInt(fraction.length);
      const expected = (unitsPerOne: bigint) => {
        const dividend = BigInt(whole + fraction) * numerator * unitsPerOne;
        const rounded = dividend / divisor + (dividend % divisor === 0n ? 0n : 1n);
        const max = (2n ** 63n - 1n) * unitsPerOne;
        return Number(rounded < max ? rounded : max);
      };
      expect(parseMemoryBytes(text)).toBe(expected(1n));
      expect(parseCpuMillis(text)).toBe(expected(1000n));
    }),
    { seed: 5, numRuns: 1000 },
  );
});

test('a negative quantity is refused', () => {
  fc.assert(
    fc.property(number, unit, ({ whole, point, fraction }, [suffix]) => {
      fc.pre(BigInt(whole + fraction) > 0n);
      const text = `-${whole}${point}${fraction}${suffix}`;
      expect(() => parseMemoryBytes(text)).toThrow(`a quantity must not be negative, received ${text}`);
    }),
    { seed: 5 },
  );
});

const format = fc.constantFrom('binary' as const, 'decimal' as const, 'exponent' as const);

test('formatting and parsing are inverse', () => {
  const amount = fc.oneof(fc.nat({ max: 1e9 }), fc.maxSafeNat());
  fc.assert(
    fc.property(amount, format, (value, how) => {
      expect(parseMemoryBytes(formatMemory(value, how))).toBe(value);
      expect(parseCpuMillis(formatCpu(value))).toBe(value);
    }),
    { seed: 5 },
  );
});

test('a value above 2^53 is formatted so that it can be read again', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** 53, max: 2 ** 63, noNaN: true }), format, (value, how) => {
      expect(parseMemoryBytes(formatMemory(value, how))).toBe(value);
      expect(parseCpuMillis(formatCpu(value * 1000))).toBe(value * 1000);
    }),
    { seed: 5 },
  );
});

test('the canonical form has the largest suffix that leaves a whole number', () => {
  expect(formatMemory(2.5 * 1024 ** 3, 'binary')).toBe('2560Mi');
  expect(formatMemory(4627034 * 1024, 'binary')).toBe('4627034Ki');
  expect(formatMemory(6544139520, 'binary')).toBe('6544139520');
  expect(formatMemory(443115520, 'decimal')).toBe('443115520');
  expect(formatMemory(1000, 'binary')).toBe('1k');
  expect(formatMemory(1000, 'exponent')).toBe('1e3');
  expect(formatMemory(12e8, 'exponent')).toBe('1200e6');
  expect(formatCpu(1_000_000)).toBe('1k');
  expect(formatCpu(1500, 'exponent')).toBe('1500e-3');
  expect(formatOf('1Gi')).toBe('binary');
  expect(formatOf('1E3')).toBe('exponent');
  expect(formatOf('1E')).toBe('decimal');
  expect(formatOf('443115520')).toBe('decimal');
});

test('every figure of the reference is in the form that the API server stores', () => {
  for (const { requests, limits } of VARIANTS.map(({ resources }) => resources)) {
    for (const { cpu, memory } of [requests, limits]) {
      expect([canonicalCpu(cpu), canonicalMemory(memory)]).toEqual([cpu, memory]);
    }
  }
});

test('the canonical form of an amount too large for a double is its text', () => {
  expect(canonicalMemory('9007199254740993')).toBe('9007199254740993');
});

test.each(['', 'much', '1 Gi', '1e', '1eGi', '.', '-', '+.', '1K', '1ki', '1mi', '1e1.5', '--1', '1.2.3'])(
  '%j is not a quantity',
  (text) => {
    expect(() => parseMemoryBytes(text)).toThrow(
      `a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received ${text}`,
    );
  },
);
