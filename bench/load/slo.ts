/** A service level objective: a percentile of the latency of all requests that were due. */
import { parseSeconds } from './load';

export interface Slo {
  /** Share of the requests that must be answered in time, such as 0.95. */
  readonly percentile: number;
  readonly limitMs: number;
}

/**
 * Reads an objective such as `p95=100ms`.
 *
 * @throws RangeError if it is malformed
 */
export function parseSlo(text: string): Slo {
  const [, percent, limit] = /^p(\d+(?:\.\d+)?)=(.+)$/.exec(text) ?? [];
  const percentile = Number(percent) / 100;
  if (!(percentile >= 0.5 && percentile <= 0.999) || limit === undefined) {
    throw new RangeError(`--slo must look like p95=100ms, with p50 to p99.9, received "${text}"`);
  }
  if (Number(limit) > 0) {
    throw new RangeError(`--slo must end in a unit, received "${text}": did you mean ${text}ms?`);
  }
  return { percentile, limitMs: 1000 * parseSeconds(limit) };
}

/** `p95`, `p99.9`. */
export const percentileName = (share: number): string => `p${Number((100 * share).toFixed(3))}`;

export const formatSlo = ({ percentile, limitMs }: Slo): string =>
  `${percentileName(percentile)}=${Number(limitMs.toFixed(3))}ms`;

/**
 * Refuses a deadline by which answers end before an objective's limit: the deadline would be the limit.
 *
 * @throws RangeError naming the option `--timeout`
 */
export function checkDeadline({ limitMs }: Slo, timeoutMs: number): void {
  if (timeoutMs >= limitMs) return;
  throw new RangeError(
    `--timeout must be at least the limit of --slo, ${limitMs / 1000} s, received ${timeoutMs / 1000} s: make it longer`,
  );
}
