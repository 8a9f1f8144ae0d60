/**
 * Converts Kubernetes quantities to whole numbers and back to the API server's canonical form.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** Notation of a quantity; it decides how kubectl prints sums that start with it. */
export type QuantityFormat = 'binary' | 'decimal';

const MULTIPLES: Readonly<Record<QuantityFormat, readonly [suffix: string, factor: number][]>> = {
  binary: [
    ['Ei', 1024 ** 6],
    ['Pi', 1024 ** 5],
    ['Ti', 1024 ** 4],
    ['Gi', 1024 ** 3],
    ['Mi', 1024 ** 2],
    ['Ki', 1024],
  ],
  decimal: [
    ['E', 1e18],
    ['P', 1e15],
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ],
};

/** Suffixes below one unit; only decimal quantities have them. */
const FRACTIONS: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3 };

const PATTERN = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

/** Largest quantity in whole units; Kubernetes caps larger ones to it. */
const MAX_INT64 = 2n ** 63n - 1n;

const ceilDivide = (dividend: bigint, divisor: bigint) => (dividend + divisor - 1n) / divisor;

/**
 * Reads a quantity in fractions of its unit and rounds up, as Kubernetes does. Exact up to 2^53, the nearest double above it.
 * Capped at 2^63 - 1 units as in Kubernetes, so that one huge quantity does not make a cluster unreadable.
 *
 * @throws RangeError if the text is not a quantity, or a negative one
 */
function parseUnits(text: string, unitsPerOne: bigint): number {
  const match = PATTERN.exec(text);
  if (match === null) {
    throw new RangeError(`a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received ${text}`);
  }
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  const digits = BigInt(whole + fraction);
  if (sign === '-' && digits > 0n) throw new RangeError(`a quantity must not be negative, received ${text}`);
  const multiple = [...MULTIPLES.binary, ...MULTIPLES.decimal].find(([name]) => name === suffix)?.[1] ?? 1;
  const exponent = FRACTIONS[suffix] ?? (/^e[+-]?\d/i.test(suffix) ? Number(suffix.slice(1)) : 0);
  // A larger exponent makes any digits zero or the maximum, and BigInt would run out of memory.
  const bound = whole.length + fraction.length + 40;
  const power = Math.max(-bound, Math.min(bound, exponent)) - fraction.length;
  const dividend = digits * BigInt(multiple) * unitsPerOne * 10n ** BigInt(Math.max(0, power));
  const units = ceilDivide(dividend, 10n ** BigInt(Math.max(0, -power)));
  const max = MAX_INT64 * unitsPerOne;
  return Number(units < max ? units : max);
}

/** CPU in millicores, rounded up as in Kubernetes. */
export const parseCpuMillis = (text: string): number => parseUnits(text, 1000n);

/** Memory in bytes, rounded up as in Kubernetes. */
export const parseMemoryBytes = (text: string): number => parseUnits(text, 1n);

/** A count, such as pods: the API server writes 1000 as 1k. */
export const parseCount = (text: string): number => parseUnits(text, 1n);

/** Notation of a quantity: powers of 1024 or of 1000. */
export const formatOf = (text: string): QuantityFormat => (text.endsWith('i') ? 'binary' : 'decimal');

/** A whole number in digits; JavaScript writes doubles from 1e21 with an exponent. */
const digitsOf = (value: number) => String(BigInt(value));

/** Canonical CPU: whole cores without a suffix, otherwise millicores. */
export const formatCpu = (millis: number): string =>
  millis % 1000 === 0 ? digitsOf(millis / 1000) : `${digitsOf(millis)}m`;

/** Canonical memory: the largest suffix that leaves a whole number; below 1Ki both notations are decimal. */
export function formatMemory(bytes: number, format: QuantityFormat): string {
  const multiples = MULTIPLES[bytes < 1024 ? 'decimal' : format];
  const [suffix, factor] = multiples.find(([, multiple]) => bytes > 0 && bytes % multiple === 0) ?? ['', 1];
  return `${digitsOf(bytes / factor)}${suffix}`;
}
