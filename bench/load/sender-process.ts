/**
 * Sends a load from a process of its own, so that no other work delays its event loop.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type FromSender, send, type SendJob } from './sender';

const WARM_UP_REQUESTS = 200;

/** Sends to a server of its own, since the first requests of a process take some 20 ms more of it. */
async function warmUp(): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await send(
    {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      arrivals: {
        kind: 'open',
        intendedMs: Float64Array.from({ length: WARM_UP_REQUESTS }, (_, i) => 2 * i),
      },
      durationMs: 0,
      connections: { kind: 'fresh' },
      timeoutMs: 10_000,
      images: [],
    },
    new AbortController().signal,
  );
  server.close();
}

if (require.main === module) {
  const stop = new AbortController();
  const tell = (message: FromSender) => process.send!(message);
  // Ctrl-C, the end of a terminal and that of timeout(1) reach the whole process group: the parent decides what they mean.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.once('disconnect', () => process.exit(1));
  process.on('message', (message: SendJob | 'stop') => {
    if (message === 'stop') {
      stop.abort();
      return;
    }
    const leave = (last: FromSender) => process.send!(last, () => process.exit(0));
    send(message, stop.signal, (progress) => tell({ kind: 'progress', progress })).then(
      (result) => leave({ kind: 'result', result }),
      (error: unknown) => leave({ kind: 'refused', message: (error as Error).message }),
    );
  });
  void warmUp().then(() => tell({ kind: 'ready' }));
}
