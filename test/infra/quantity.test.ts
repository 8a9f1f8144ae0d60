import fc from 'fast-check';

import { formatCpu, formatMemory, formatOf, parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';

test.each([
  ['2405m', 2405],
  ['1', 1000],
  ['1.5', 1500],
  ['0.0001', 1],
  ['2.', 2000],
])('CPU of %s is %i millicores', (text, millis) => {
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
])('memory of %s is %i bytes', (text, bytes) => {
  expect(parseMemoryBytes(text)).toBe(bytes);
});

test('formatting and parsing are inverse', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 1e9 }),
      fc.constantFrom('binary' as const, 'decimal' as const),
      (value, format) => {
        expect(parseMemoryBytes(formatMemory(value, format))).toBe(value);
        expect(parseCpuMillis(formatCpu(value))).toBe(value);
      },
    ),
    { seed: 5 },
  );
});

test('the canonical form has the largest suffix that leaves a whole number', () => {
  expect(formatMemory(2.5 * 1024 ** 3, 'binary')).toBe('2560Mi');
  expect(formatMemory(4627034 * 1024, 'binary')).toBe('4627034Ki');
  expect(formatMemory(6544139520, 'binary')).toBe('6544139520');
  expect(formatMemory(443115520, 'decimal')).toBe('443115520');
  expect(formatOf('1Gi')).toBe('binary');
  expect(formatOf('443115520')).toBe('decimal');
});

test.each(['', 'much', '1 Gi', '-1', '9Ei', '1e', '1eGi', '.', '1e99'])('%j is refused', (text) => {
  expect(() => parseMemoryBytes(text)).toThrow(`received ${text}`);
});
