import { namesVnni } from '../../../../models/engines/onnxruntime/cpu';

const cpuinfo = (flags: string) =>
  `processor\t: 0\nmodel name\t: CPU\nflags\t\t: fpu ${flags} avx2\n\nprocessor\t: 1\n`;

test.each([
  ['avx512_vnni', true],
  ['avx_vnni', true],
  ['avx512bw', false],
  ['avx512_vnni_of_tomorrow', false],
])('a CPU with %s: %s', (flags, expected) => {
  expect(namesVnni(cpuinfo(flags))).toBe(expected);
});

test('a text without flags names none', () => {
  expect(namesVnni('')).toBe(false);
});
