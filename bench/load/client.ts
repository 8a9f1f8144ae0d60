/**
 * A client in a process of its own, so that what it measures is not its server's or its bench's business.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { pathToFileURL } from 'node:url';

import { seededRandom } from '../../statistics/seeded-random';

export interface Load {
  readonly url: string;
  /** A JPEG to post; without one the URL is got. */
  readonly imageFile?: string;
  readonly seconds: number;
  /**
   * `poisson`: requests come when they come, whether or not the ones before are answered. `closed`: each client asks
   * again as soon as it is answered. `steady`: one request an interval, each on a new connection, as a kubelet's probes.
   */
  readonly arrivals:
    | { readonly kind: 'poisson'; readonly perSecond: number; readonly seed: number }
    | { readonly kind: 'closed'; readonly clients: number }
    | { readonly kind: 'steady'; readonly intervalMs: number };
}

export interface Answer {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** From when the request should have started, so that a late client hides nothing. */
  readonly latencyMs: number;
  /** When the answer came, from the start of the load. */
  readonly atMs: number;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Puts the load on a server, in this process. */
async function run({ url, imageFile, seconds, arrivals }: Load): Promise<Answer[]> {
  const image = imageFile === undefined ? undefined : readFileSync(imageFile);
  const agent = new Agent({ keepAlive: arrivals.kind !== 'steady' });
  const answers: Answer[] = [];
  const zero = performance.now();
  const ask = (intendedMs: number) =>
    new Promise<void>((resolve) => {
      const end = (status: number) => {
        const atMs = performance.now() - zero;
        answers.push({ status, latencyMs: atMs - intendedMs, atMs });
        resolve();
      };
      const headers =
        image === undefined ? {} : { 'content-type': 'image/jpeg', 'content-length': image.length };
      request(url, { method: image === undefined ? 'GET' : 'POST', agent, headers }, (response) => {
        response.resume();
        response.once('end', () => end(response.statusCode!));
        response.once('error', () => end(0));
      })
        .once('error', () => end(0))
        .end(image);
    });
  const lastMs = 1000 * seconds;
  const now = () => performance.now() - zero;
  const asked: Promise<void>[] = [];
  if (arrivals.kind === 'closed') {
    for (let client = 0; client < arrivals.clients; client++) {
      asked.push(
        (async () => {
          while (now() < lastMs) await ask(now());
        })(),
      );
    }
  } else {
    const random = arrivals.kind === 'poisson' ? seededRandom(arrivals.seed, 'arrivals') : undefined;
    const gapMs = () =>
      arrivals.kind === 'steady'
        ? arrivals.intervalMs
        : (-1000 * Math.log(1 - random!.uniform())) / arrivals.perSecond;
    for (let dueMs = gapMs(); dueMs < lastMs; dueMs += gapMs()) {
      if (dueMs > now()) await wait(dueMs - now());
      asked.push(ask(dueMs));
    }
  }
  await Promise.all(asked);
  agent.destroy();
  return answers;
}

/** Puts the load on a server from another process. */
export async function load(options: Load): Promise<Answer[]> {
  const child: ChildProcess = fork(__filename, [], {
    execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
    serialization: 'advanced',
  });
  child.send(options);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the client ended with ${code}`)));
  });
}

if (require.main === module) {
  process.once('message', (options: Load) => {
    void run(options).then((answers) => process.send!(answers, () => process.disconnect()));
  });
}
