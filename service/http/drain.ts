/**
 * Drains a server so that no client's request fails when its connection closes.
 */
import type { RequestListener, Server, ServerResponse } from 'node:http';

/** Interval at which newly idle connections are closed. */
const IDLE_CHECK_INTERVAL_MS = 50;

/** Tracks unanswered requests and announces the shutdown. */
export interface Drain {
  readonly draining: boolean;
  /** The application's handler, with tracking of unanswered requests. */
  readonly handler: RequestListener;
  /** From now on, every response carries `Connection: close`. */
  begin(): void;
}

/** Wraps an application. */
export function createDrain(app: RequestListener): Drain {
  const unanswered = new Set<ServerResponse>();
  let draining = false;
  const setConnectionClose = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  return {
    get draining() {
      return draining;
    },
    handler: (request, response) => {
      unanswered.add(response);
      response.once('close', () => unanswered.delete(response));
      if (draining) setConnectionClose(response);
      app(request, response);
    },
    begin: () => {
      draining = true;
      unanswered.forEach(setConnectionClose);
    },
  };
}

/**
 * Accepts no more connections, closes idle ones, and waits for the others to finish.
 *
 * @param maxWaitMs after this time, open connections are aborted
 */
export async function closeServer(server: Server, maxWaitMs: number): Promise<void> {
  const closingIdle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_INTERVAL_MS);
  const aborting = setTimeout(() => server.closeAllConnections(), maxWaitMs);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  clearInterval(closingIdle);
  clearTimeout(aborting);
}
