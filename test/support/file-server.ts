/** A server of a folder's files that serves ranges, as Keras' storage does. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A running server. */
export interface FileServer {
  /** URL of the folder. */
  readonly url: string;
  /** Paths and ranges of the requests, in their order. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  close(): Promise<void>;
}

/** Serves a folder on the loopback. */
export async function serveFolder(folder: string): Promise<FileServer> {
  const requests: FileServer['requests'] = [];
  const server: Server = createServer(({ url, headers: { range } }, response) => {
    requests.push({ path: url!, range });
    const file = join(folder, url!);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const bytes = readFileSync(file);
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const extent =
      range === undefined ? {} : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response
      .writeHead(range === undefined ? 200 : 206, { 'content-length': bytes.length - start, ...extent })
      .end(bytes.subarray(start));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
