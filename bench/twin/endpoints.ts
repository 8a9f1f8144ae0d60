/**
 * Which pod a request reaches: kube-proxy sends each new connection to a random endpoint of the Service, where it stays.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/proxy/nftables/proxier.go (numgen random)
 */
import type { Connections } from '../load/connections';

/** A pod as the Service's clients see it. */
export interface Endpoint {
  /** When it is deleted, which closes its idle connections; Infinity before. */
  readonly deletedMs: number;
}

interface Connection<T extends Endpoint> {
  readonly pod: T;
  readonly openedMs: number;
  /** When its last answer is complete. */
  freeMs: number;
}

/** The pod that a request reaches now, or when a connection is free. */
export type Route<T extends Endpoint> =
  | {
      readonly pod: T;
      /** Call this with the end of the answer. */
      readonly answered: (atMs: number) => void;
    }
  | { readonly waitUntilMs: number };

/** Finds the way of a request; undefined if the Service has no endpoint. `uniform` is in [0, 1). */
export type Router<T extends Endpoint> = (
  nowMs: number,
  endpoints: readonly T[],
  uniform: number,
) => Route<T> | undefined;

/** Chooses pods as the load generator's agents do. */
export function router<T extends Endpoint>(connections: Connections): Router<T> {
  const pick = (endpoints: readonly T[], uniform: number) =>
    endpoints[Math.floor(uniform * endpoints.length)];
  if (connections.kind === 'fresh') {
    const answered = () => undefined;
    return (_, endpoints, uniform) => {
      const pod = pick(endpoints, uniform);
      return pod && { pod, answered };
    };
  }
  const { count } = connections;
  const lifeMs = connections.kind === 'renewed' ? 1000 * connections.everySeconds : Infinity;
  let open: Connection<T>[] = [];
  return (nowMs, endpoints, uniform) => {
    open = open.filter(
      ({ pod, openedMs, freeMs }) => freeMs > nowMs || (pod.deletedMs > nowMs && freeMs - openedMs < lifeMs),
    );
    // The one that is free for longest, as Node's agent takes it with `scheduling: 'fifo'`.
    let used = open.reduce<Connection<T> | undefined>(
      (first, each) => (first === undefined || each.freeMs < first.freeMs ? each : first),
      undefined,
    );
    if (used === undefined || used.freeMs > nowMs) {
      if (used !== undefined && open.length >= count) return { waitUntilMs: used.freeMs };
      const pod = pick(endpoints, uniform);
      if (pod === undefined) return undefined;
      used = { pod, openedMs: nowMs, freeMs: nowMs };
      open.push(used);
    }
    const connection = used;
    return {
      pod: connection.pod,
      answered: (atMs) => {
        connection.freeMs = atMs;
      },
    };
  };
}
