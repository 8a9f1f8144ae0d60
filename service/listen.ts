/**
 * Opens the service's ports.
 */
import type { AddressInfo, Server } from 'node:net';

import { ENV } from './contract';

/** Why the service cannot listen, and the remedy. */
function listenProblem(
  { code }: NodeJS.ErrnoException,
  host: string | undefined,
  port: number,
  variable: string,
): string | undefined {
  if (code === 'EADDRINUSE')
    return `port ${port} is in use: stop the process that listens there or set ${variable} to another port`;
  if (code === 'EACCES')
    return `port ${port} needs a privilege: set ${variable} to 1024 or higher, or give the process CAP_NET_BIND_SERVICE`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `${ENV.host} must be an address of this machine, received "${host}": use 127.0.0.1, or unset it for all interfaces`;
  return undefined;
}

function listen(server: Server, host: string | undefined, port: number, variable: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = listenProblem(error, host, port, variable);
      reject(problem === undefined ? error : new Error(problem, { cause: error }));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

/** A port to listen on, with its variable; one without a server is not wanted. */
type Port = readonly [server: Server | undefined, port: number | undefined, variable: string];

/**
 * Listens on one port after the other, and returns what each is; closes all when one fails.
 *
 * @throws Error naming the variable, the value and the remedy
 */
export async function listenInTurn(
  host: string | undefined,
  ports: readonly Port[],
): Promise<(number | undefined)[]> {
  const numbers: (number | undefined)[] = [];
  try {
    for (const [server, port, variable] of ports)
      numbers.push(server && (await listen(server, host, port!, variable)));
  } catch (error) {
    for (const [server] of ports) server?.close();
    throw error;
  }
  return numbers;
}
