/** The time at which generators that share a schedule start it together, by their wall clocks. */

/** Begins the error of a generator that is ready only after the time to start. */
export const LATE_START = '--start-at must be later than the generator is ready';

/** A generator that waits longer than this was given a wrong time. */
const MAX_WAIT_SECONDS = 3_600;

/**
 * Reads a time such as `2026-11-28T10:00:00Z`.
 *
 * @throws RangeError if it is malformed, in the past or too far away
 */
// eslint-disable-next-line no-restricted-properties -- a point in time, to compare with the one given
export function parseStartAt(text: string, nowMs: number = Date.now()): Date {
  const isUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text);
  const atMs = isUtc ? Date.parse(text) : NaN;
  if (!(atMs > nowMs && atMs <= nowMs + 1000 * MAX_WAIT_SECONDS)) {
    throw new RangeError(
      `--start-at must be a time in UTC within the next ${MAX_WAIT_SECONDS} s, such as 2026-11-28T10:00:00Z, ` +
        `received "${text}"`,
    );
  }
  return new Date(atMs);
}
