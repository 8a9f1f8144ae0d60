/**
 * Ending a server so that no client sees a connection die under it.
 */
import type { RequestListener, Server, ServerResponse } from 'node:http';

/** How often connections are looked for that have become idle. */
const LOOK_MS = 50;

/** What ends an application politely. */
export interface Drain {
  readonly draining: boolean;
  /** The server's handler: that of the application, with an eye on what is unanswered. */
  readonly handler: RequestListener;
  /** From now on every answer tells its client to use another connection. */
  begin(): void;
}

/** Watches the answers of an application. */
export function createDrain(app: RequestListener): Drain {
  const unanswered = new Set<ServerResponse>();
  let draining = false;
  const sayClose = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  return {
    get draining() {
      return draining;
    },
    handler: (request, response) => {
      unanswered.add(response);
      response.once('close', () => unanswered.delete(response));
      if (draining) sayClose(response);
      app(request, response);
    },
    begin: () => {
      draining = true;
      unanswered.forEach(sayClose);
    },
  };
}

/**
 * Takes no more connections, closes those that are idle or become so, and waits for the others.
 *
 * @param mostMs when what is still open is cut off
 */
export async function closeServer(server: Server, mostMs: number): Promise<void> {
  const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const cutting = setTimeout(() => server.closeAllConnections(), mostMs);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  clearInterval(looking);
  clearTimeout(cutting);
}
