/** A server with known behaviour for the load generator's tests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly url: string;
  /** Requests per connection, in the order in which the connections were opened. */
  readonly requestsPerConnection: number[];
  close(): Promise<void>;
}

export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse, index: number) => void,
): Promise<TestServer> {
  const requestsPerConnection: number[] = [];
  const numbers = new WeakMap<object, number>();
  let index = 0;
  const server = createServer((request, response) => {
    request.resume();
    requestsPerConnection[numbers.get(request.socket)!]!++;
    answer(request, response, index++);
  });
  server.on('connection', (socket) => {
    numbers.set(socket, requestsPerConnection.length);
    requestsPerConnection.push(0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requestsPerConnection,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
