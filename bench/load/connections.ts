/**
 * Connection policies. A connection through a ClusterIP stays with one pod for its life, so the policy decides whether
 * a new pod gets any load.
 */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { parseSeconds } from './load';

export type Connections =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'kept'; readonly count: number }
  | { readonly kind: 'renewed'; readonly count: number; readonly everySeconds: number };

export const MAX_CONNECTIONS = 4_096;

/** The text form of each policy, for help texts and errors. */
export const CONNECTION_FORMS = [
  ['fresh', 'a new connection per request: each request may reach another pod'],
  ['kept:8', 'at most 8 connections, kept open: each stays with one pod'],
  ['renewed:8:10s', 'at most 8 connections; each is closed after the first answer once it is 10 s old'],
] as const;

/**
 * Reads a policy in the form of {@link CONNECTION_FORMS}.
 *
 * @throws RangeError if it is malformed or above the bound
 */
export function parseConnections(text: string): Connections {
  if (text === 'fresh') return { kind: 'fresh' };
  const [, kept, renewed, every] = /^(?:kept:(\d+)|renewed:(\d+):(.+))$/.exec(text) ?? [];
  const count = Number(kept ?? renewed);
  if (!(count >= 1 && count <= MAX_CONNECTIONS)) {
    throw new RangeError(
      `--connections must be fresh, kept:N or renewed:N:10s with N from 1 to ${MAX_CONNECTIONS}, received "${text}"`,
    );
  }
  return every === undefined
    ? { kind: 'kept', count }
    : { kind: 'renewed', count, everySeconds: parseSeconds(every) };
}

/** A pool of at most so many connections; Node closes free ones above 256 unless it is told how many to keep. */
const poolOf = (count: number) =>
  ({ keepAlive: true, maxSockets: count, maxFreeSockets: count, scheduling: 'fifo' }) as const;

class RenewingAgent extends Agent {
  private readonly openedMs = new WeakMap<Duplex, number>();

  constructor(count: number, everyMs: number) {
    super(poolOf(count));
    // Before Node's own listener, which gives the connection to a waiting request first of all: it opens a new one for
    // that request once this one is closed.
    this.prependListener('free', (socket: Socket) => {
      // A connection that was opened for a waiting request is free before its first answer too.
      const isUsed = socket.bytesRead > 0;
      if (isUsed && performance.now() - this.openedMs.get(socket)! >= everyMs) socket.destroy();
    });
  }

  override createConnection(
    ...args: Parameters<Agent['createConnection']>
  ): ReturnType<Agent['createConnection']> {
    const socket = super.createConnection(...args);
    if (socket) this.openedMs.set(socket, performance.now());
    return socket;
  }
}

/** The agent that follows a policy; the caller destroys it. */
export function agentOf(connections: Connections): Agent {
  switch (connections.kind) {
    case 'fresh':
      return new Agent({ keepAlive: false });
    case 'kept':
      return new Agent(poolOf(connections.count));
    case 'renewed':
      return new RenewingAgent(connections.count, 1000 * connections.everySeconds);
  }
}
