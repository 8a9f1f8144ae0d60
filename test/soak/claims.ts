/** Judges how many requests of a soak were answered as they should be. */

/** Instead of a status: the client disconnected, or got no answer. */
export const DISCONNECTED = 0;

/** Requests by the status that is due to them, and by the one that they received. */
export interface Counts {
  readonly due: Map<number, number>;
  readonly received: Map<number, number>;
}

export const newCounts = (): Counts => ({ due: new Map(), received: new Map() });

/** Counts one more request of a status. */
export function count(requests: Map<number, number>, status: number): void {
  requests.set(status, (requests.get(status) ?? 0) + 1);
}

/** A slow machine may refuse some requests as overloaded. */
const REFUSED = 503;
/** The others may be refused, or were answered before their client disconnected. */
const MIN_SHARE = 0.8;

/** Claims about the answers, and whether each holds. */
export function claimsOf({ due, received }: Counts): (readonly [claim: string, holds: boolean])[] {
  const of = (requests: Counts['due'], status: number) => requests.get(status) ?? 0;
  const failures = [...received].filter(([status]) => status >= 500 && status !== REFUSED);
  const aborts = of(due, DISCONNECTED);
  const lost = of(received, DISCONNECTED);
  return [
    [`nothing answered 5xx but ${REFUSED}: ${JSON.stringify(failures)}`, failures.length === 0],
    ...[...due]
      .filter(([status]) => status !== DISCONNECTED)
      .sort(([a], [b]) => a - b)
      .map(
        ([status, expected]) =>
          [
            `of ${expected} requests due to get ${status}, at least ${100 * MIN_SHARE} % got it: ${of(received, status)}`,
            of(received, status) >= MIN_SHARE * expected,
          ] as const,
      ),
    [`only the ${aborts} clients that disconnect get no answer: ${lost}`, lost <= aborts],
  ];
}
