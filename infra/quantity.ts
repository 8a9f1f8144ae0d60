/**
 * Kubernetes quantities as whole numbers and back, as the API server's canonical form has them.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** How a quantity was written, which decides how sums with it are printed. */
export type QuantityFormat = 'binary' | 'decimal';

const MULTIPLES: Readonly<Record<QuantityFormat, readonly [suffix: string, factor: number][]>> = {
  binary: [
    ['Ti', 1024 ** 4],
    ['Gi', 1024 ** 3],
    ['Mi', 1024 ** 2],
    ['Ki', 1024],
  ],
  decimal: [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ],
};

const PATTERN = /^(\d+(?:\.\d+)?)(m|[TGM]i?|Ki|k)?$/;

/**
 * Reads a quantity in thousandths of its unit, exactly.
 *
 * @throws RangeError for what is no quantity, or is finer than a thousandth
 */
function parseThousandths(text: string): number {
  const [, digits, suffix = ''] = PATTERN.exec(text) ?? [];
  const factors = [...MULTIPLES.binary, ...MULTIPLES.decimal];
  const factor = suffix === 'm' ? 1 : 1000 * (factors.find(([name]) => name === suffix)?.[1] ?? 1);
  const value = Number(digits) * factor;
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`a quantity must look like 500m, 1.5, 4627034Ki or 6544139520, received ${text}`);
  }
  return value;
}

/** CPU in millicores. */
export const parseCpuMillis = (text: string): number => parseThousandths(text);

/** Memory in bytes; a fraction of a byte counts as one, as in Kubernetes. */
export const parseMemoryBytes = (text: string): number => Math.ceil(parseThousandths(text) / 1000);

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
