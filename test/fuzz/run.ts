/**
 * Sends seeded mutations of real images and requests to the real service.
 *
 * npm run test:fuzz -- [NUMBER]
 *
 * The run fails if one crashes a model process, gets 5xx or a status without an error code, or takes longer than two
 * seconds. Pass a number to send only that mutation.
 */
import '../support/own-temporary-folder';

import { mkdtempSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { answerHelp } from '../../bench/experiments/program-arguments';
import { ERRORS } from '../../service/contract';
import { readConfig } from '../../service/config';
import { type Running, serve } from '../../service/main';
import { readOrEnd, wholeNumber } from '../support/arguments';
import { makeImages, type Image } from './images';
import { fuzzRequest, type FuzzRequest } from './requests';

const SEED = 6;
const COUNT = 10_000;
const MAX_ANSWER_MS = 2_000;
const MAX_REPEATS = 2;
/** Allowed statuses: success, those of the error codes, and those of static files with ranges and entity tags. */
const KNOWN_STATUSES = new Set<number>([
  200,
  206,
  304,
  412,
  416,
  ...Object.values(ERRORS).map(({ status }) => status),
]);

interface Answer {
  readonly status: number;
  readonly ms: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function send(port: number, { method, path, headers, body }: FuzzRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const request = httpRequest(
      {
        port,
        host: '127.0.0.1',
        method,
        path,
        agent,
        headers: { ...headers, 'content-length': body?.length ?? 0 },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode!, ms: performance.now() - started }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const isBad = ({ status, ms }: Answer) => status >= 500 || !KNOWN_STATUSES.has(status) || ms > MAX_ANSWER_MS;

async function sendAll(running: Running, numbers: readonly number[], images: readonly Image[]) {
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  let slowestMs = 0;
  // One after the other: the queue never fills, and a slow request can be named.
  for (const number of numbers) {
    const request = fuzzRequest(SEED, number, images);
    const name = `${number} (${request.what}: ${request.method} ${request.path.slice(0, 60)})`;
    try {
      let answer = await send(running.port, request);
      // Again, since a busy machine may have delayed it: what is slow in itself is slow each time. A 5xx is a failure.
      const isOnlySlow = ({ ms, status }: Answer) => ms > MAX_ANSWER_MS && status < 500;
      for (let again = 0; isOnlySlow(answer) && again < MAX_REPEATS; again++)
        answer = await send(running.port, request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      slowestMs = Math.max(slowestMs, answer.ms);
      if (isBad(answer)) failures.push(`${name}: ${answer.status} after ${Math.round(answer.ms)} ms`);
    } catch (error) {
      failures.push(`${name}: no answer: ${(error as Error).message}`);
    }
  }
  return { statuses, failures, slowestMs };
}

async function main(): Promise<void> {
  answerHelp(__filename);
  const only = process.argv[2];
  const numbers = readOrEnd(() =>
    only === undefined
      ? Array.from({ length: COUNT }, (_, i) => i)
      : [wholeNumber('the number of a mutation', only, 0, Number.MAX_SAFE_INTEGER)],
  );
  const onnxCacheDir = mkdtempSync(join(tmpdir(), 'tandem-fuzz-'));
  const config = readConfig({ ...process.env, PORT: '0', MODELS: 'latency', ONNX_CACHE_DIR: onnxCacheDir });
  const running = await serve(config, { log: pino({ level: 'error' }) });
  await running.ready;
  const before = running.queues.get('latency')!.processId;
  const { statuses, failures, slowestMs } = await sendAll(running, numbers, await makeImages());
  if (running.queues.get('latency')!.processId !== before)
    failures.push('the model process crashed or was replaced');
  const live = await send(running.port, {
    what: 'live',
    method: 'GET',
    path: '/v2/health/ready',
    headers: {},
  });
  if (live.status !== 200) failures.push(`the service ended not ready: ${live.status}`);
  for (const [status, count] of [...statuses].sort(([a], [b]) => a - b)) console.log(`${status}: ${count}`);
  console.log(`${numbers.length} mutations of seed ${SEED}, slowest answer ${Math.round(slowestMs)} ms`);
  for (const failure of failures.slice(0, 20)) console.error(`FAILED mutation ${failure}`);
  console.log(`${failures.length} failures`);
  agent.destroy();
  await running.stop();
  process.exit(failures.length === 0 ? 0 : 1);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
