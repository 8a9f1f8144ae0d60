/**
 * Kubernetes quantities as whole numbers and back, as the API server's canonical form has them.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** How a quantity was written, which decides how sums with it are printed. */
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

const PATTERN = /^(\d+)(?:\.(\d*))?(m|[EPTGM]i?|Ki|k|[eE]\d{1,2})?$/;

/**
 * Reads a quantity in fractions of its unit, rounded up, as Kubernetes does with what is finer.
 *
 * @throws RangeError for what is no quantity, or is more than a double counts exactly
 */
function parseUnits(text: string, unitsPerOne: bigint): number {
  const match = PATTERN.exec(text);
  const [, whole = '', fraction = '', suffix = ''] = match ?? [];
  const known = [...MULTIPLES.binary, ...MULTIPLES.decimal].find(([name]) => name === suffix);
  const exponent = /^e(\d+)$/i.exec(suffix)?.[1];
  const factor = exponent !== undefined ? 10n ** BigInt(exponent) : BigInt(known?.[1] ?? 1);
  const divisor = 10n ** BigInt(fraction.length) * (suffix === 'm' ? 1000n : 1n);
  const units = BigInt(whole + fraction) * factor * unitsPerOne;
  const value = Number((units + divisor - 1n) / divisor);
  if (match === null || !Number.isSafeInteger(value)) {
    throw new RangeError(`a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received ${text}`);
  }
  return value;
}

/** CPU in millicores; a fraction of one counts as one, as in Kubernetes. */
export const parseCpuMillis = (text: string): number => parseUnits(text, 1000n);

/** Memory in bytes; a fraction of a byte counts as one, as in Kubernetes. */
export const parseMemoryBytes = (text: string): number => parseUnits(text, 1n);

/** Whether a quantity was written in powers of 1024 or of 1000. */
export const formatOf = (text: string): QuantityFormat => (text.endsWith('i') ? 'binary' : 'decimal');

/** Canonical CPU: whole cores without a suffix, else millicores. */
export const formatCpu = (millis: number): string =>
  millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;

/** Canonical memory: the largest suffix that leaves a whole number. */
export function formatMemory(bytes: number, format: QuantityFormat): string {
  const [suffix, factor] = MULTIPLES[format].find(([, multiple]) => bytes > 0 && bytes % multiple === 0) ?? [
    '',
    1,
  ];
  return `${bytes / factor}${suffix}`;
}
