/**
 * Restarts instances under load. A balancer keeps routing to a stopping instance for one second, as Kubernetes does. No
 * request may fail.
 *
 * npm run test:restarts -- [--restarts 20] [--load-percent 30] [--real]
 *
 * The default is the tests' fake engine, whose speed does not depend on the machine; `--real` serves MobileNetV2 with
 * onnxruntime. A new instance is ready before an old one stops, as in a rolling update with maxSurge 1.
 */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { summarize } from '../../bench/load/documents';
import { runLoad } from '../../bench/load/generator';
import { programArguments } from '../../bench/experiments/program-arguments';
import { type ServiceProcess, startService } from '../../bench/experiments/service-process';
import { settled, verdict } from '../../bench/experiments/verdict';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { DRAIN_DELAY_MS, ENV, PATHS, REQUEST_TIMEOUT_MS } from '../../service/contract';
import { fakeModels } from '../support/server';

/** Of what two instances can answer. Low, so that a machine that is busy for seconds overloads nothing. */
const DEFAULT_LOAD_PERCENT = '30';
const STALE_ROUTING_MS = 1_000;
const CAPACITY_SECONDS = 8;
const CLIENTS = 8;
const MAX_CONNECTIONS = 256;
/** Longer than the service's own timeout. */
const LOAD_TIMEOUT_MS = 20_000;
/** Grace period of the pod, less the time that the manifests reserve for the process to exit. */
const GRACE_MS = DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS;
const IMAGE = join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg');

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Forwards requests to the instances in turn over kept connections, and never retries. */
async function startBalancer() {
  const instances: ServiceProcess[] = [];
  const agent = new Agent({ keepAlive: true });
  const failures: string[] = [];
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const { port } = instances[turn++ % instances.length]!;
    const { method, url: path, headers } = incoming;
    const fail = (error: Error) => {
      failures.push(error.message);
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    };
    const passedOn = request({ port, method, path, headers, agent }, (answer) => {
      const headers = { ...answer.headers };
      // This header belongs to one connection; it must not be forwarded.
      delete headers.connection;
      outgoing.writeHead(answer.statusCode!, headers);
      if (answer.statusCode !== 200) {
        answer.once('data', (body: Buffer) => failures.push(`${answer.statusCode} ${body.toString()}`));
      }
      answer.pipe(outgoing).on('error', fail);
    });
    passedOn.once('error', fail);
    incoming.pipe(passedOn);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    instances,
    failures,
    close: () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
    options: {
      restarts: { type: 'string', default: '20' },
      'load-percent': { type: 'string', default: DEFAULT_LOAD_PERCENT },
      real: { type: 'boolean', default: false },
    },
  });
  const restarts = Number(values.restarts);
  const modelsDir = values.real ? DEMO_MODELS_DIR : fakeModels();
  const start = () =>
    startService(
      { [ENV.models]: 'latency', [ENV.modelsDir]: modelsDir, [ENV.cpuLimitMillis]: '1000' },
      values.real ? {} : { entry: join(__dirname, '../support/fake-service.ts') },
    );
  const balancer = await startBalancer();
  const { instances } = balancer;
  instances.push(...(await Promise.all([start(), start()])));
  const url = `${balancer.url}${PATHS.classify}`;
  const post = (load: string, connections: number, seed = 1) =>
    runLoad({
      ...{ url, load, connections: `kept:${connections}`, seed, images: [{ file: IMAGE }] },
      timeoutMs: LOAD_TIMEOUT_MS,
    });
  const capacity = settled(await post(`closed:${CLIENTS}:${CAPACITY_SECONDS}s`, CLIENTS)).throughputPerSecond;
  const perSecond = (Number(values['load-percent']) / 100) * capacity;
  console.log(`two instances answer ${capacity.toFixed(1)} a second; the load is ${perSecond.toFixed(1)}`);
  balancer.failures.length = 0;

  const restarting = new AbortController();
  let due = 0;
  let failed = 0;
  const loading = (async () => {
    // In short runs, because the time that the restarts take is unknown.
    for (let seed = 1; !restarting.signal.aborted; seed++) {
      const run = summarize(await post(`poisson:${perSecond.toFixed(3)}:20s`, MAX_CONNECTIONS, seed));
      due += run.due;
      failed += run.due - run.outcomes.right;
    }
  })();

  const exits: (number | string)[] = [];
  let longestMs = 0;
  let unreadyInTime = 0;
  for (let restart = 1; restart <= restarts; restart++) {
    instances.push(await start());
    const old = instances[0]!;
    const stopping = performance.now();
    const ended = old.end();
    await wait(STALE_ROUTING_MS);
    instances.shift();
    const readiness = await fetch(`${old.url}${PATHS.ready}`).then(
      ({ status }) => status,
      () => 0,
    );
    if (readiness === 503) unreadyInTime++;
    exits.push(await ended);
    const tookMs = performance.now() - stopping;
    longestMs = Math.max(longestMs, tookMs);
    console.log(`restart ${restart}: ended after ${(tookMs / 1000).toFixed(1)} s with ${exits.at(-1)}`);
  }
  restarting.abort();
  await loading;
  await Promise.all(instances.map((instance) => instance.end('SIGINT')));
  balancer.close();
  for (const failure of balancer.failures.slice(0, 5)) console.log(failure);
  verdict([
    [`${restarts} restarts, ${due} requests, ${failed} failed`, failed === 0 && due > 0],
    [`every exit code is 0: ${exits.join(' ')}`, exits.every((exit) => exit === 0)],
    [
      `readiness had fallen a second after SIGTERM in ${unreadyInTime} of ${restarts}`,
      unreadyInTime === restarts,
    ],
    [`the longest end took ${(longestMs / 1000).toFixed(1)} s of ${GRACE_MS / 1000} s`, longestMs < GRACE_MS],
  ]);
}

void main();
