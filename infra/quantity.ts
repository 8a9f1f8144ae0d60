/**
 * Converts Kubernetes quantities to whole numbers and back to the API server's canonical form.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** Notation of a quantity, such as 1Ki, 1k and 1e3; it decides how kubectl prints sums that start with it. */
export type QuantityFormat = 'binary' | 'decimal' | 'exponent';

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
  exponent: [
    ['e18', 1e18],
    ['e15', 1e15],
    ['e12', 1e12],
    ['e9', 1e9],
    ['e6', 1e6],
    ['e3', 1e3],
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

/** Notation of a quantity: powers of 1024, or of 1000 with a letter or an exponent. */
export const formatOf = (text: string): QuantityFormat =>
  text.endsWith('i') ? 'binary' : /[eE][+-]?\d+$/.test(text) ? 'exponent' : 'decimal';

/** A whole number in digits; JavaScript writes doubles from 1e21 with an exponent. */
const digitsOf = (value: number) => String(BigInt(value));

/** Canonical memory: the largest suffix that leaves a whole number; below 1Ki the binary notation is decimal. */
export function formatMemory(bytes: number, format: QuantityFormat): string {
  const multiples = MULTIPLES[format === 'binary' && bytes < 1024 ? 'decimal' : format];
  const [suffix, factor] = multiples.find(([, multiple]) => bytes > 0 && bytes % multiple === 0) ?? ['', 1];
  return `${digitsOf(bytes / factor)}${suffix}`;
}

/** Canonical CPU: whole cores as a count, which has a suffix from 1k on; otherwise millicores. */
export const formatCpu = (millis: number, format: QuantityFormat = 'decimal'): string =>
  millis % 1000 === 0
    ? formatMemory(millis / 1000, format)
    : `${digitsOf(millis)}${format === 'exponent' ? 'e-3' : 'm'}`;

/**
 * The text that the API server stores for an amount of CPU. An applied manifest that has this text is unchanged when it is
 * applied again.
 *
 * @throws RangeError as {@link parseCpuMillis}
 */
export const canonicalCpu = (text: string): string => {
  const millis = parseCpuMillis(text);
  return Number.isSafeInteger(millis) ? formatCpu(millis, formatOf(text)) : text;
};

/**
 * The text that the API server stores for an amount of memory.
 *
 * @throws RangeError as {@link parseMemoryBytes}
 */
export const canonicalMemory = (text: string): string => {
  const bytes = parseMemoryBytes(text);
  return Number.isSafeInteger(bytes) ? formatMemory(bytes, formatOf(text)) : text;
};
