/**
 * Faults of model processes: they end or stop.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';

import { PATHS, REQUEST_TIMEOUT_MS } from '../../service/contract';
import { IMAGE_FILE, isAlive, type Pod, type RunFault, stateOf } from './pods';
import { steadyLoad } from './steady-load';

const SIGNALS = ['SIGKILL', 'SIGSEGV'] as const;
/** How often the long form injects. */
const EVERY_MS = 10_000;
const PROBE_INTERVAL_MS = 100;
/** What a replacement may take beyond the model's load. */
const MAX_BEYOND_LOAD_MS = 1_000;

/** The model processes; one that ends while they are listed is left out. */
export function workersOf(pod: Pod): number[] {
  try {
    return pod.workers();
  } catch {
    return [];
  }
}

/** How long the model took to load each time, as the log says. */
const loadTimes = ({ log }: Pod) =>
  log.filter(({ msg }) => msg === 'model ready').map(({ loadMs }) => Number(loadMs));

export const workerEnds: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const kills = stage.choose(2, 30);
  const stop = await steadyLoad(stage, pod.url);
  let worst = { replacedMs: 0, loadMs: 0 };
  for (let kill = 0; kill < kills; kill++) {
    const [victim] = workersOf(pod);
    const loads = loadTimes(pod).length;
    const started = performance.now();
    await stage.inject(() => process.kill(victim!, SIGNALS[kill % SIGNALS.length]));
    await stage.seen(() => !isAlive(victim!));
    await stage.waitFor(
      'another model process is ready',
      async () => workersOf(pod).some((id) => id !== victim) && (await pod.isReady()),
    );
    const replacedMs = performance.now() - started;
    await stage.waitFor('the log tells of the load', () => loadTimes(pod).length > loads);
    const loadMs = loadTimes(pod).at(-1)!;
    if (replacedMs > worst.replacedMs) worst = { replacedMs, loadMs };
    stage.claimTime(
      `replaced within the model’s load of ${loadMs} ms and ${MAX_BEYOND_LOAD_MS} ms: ${replacedMs}`,
      replacedMs <= loadMs + MAX_BEYOND_LOAD_MS,
    );
    await sleep(stage.choose(0, EVERY_MS));
  }
  const { due, refused, failed, failures } = await stop();
  for (const [name, value] of Object.entries({ kills, due, refused, failed, ...worst }))
    stage.figure(name, value);
  stage.claim('the server’s process lives', pod.isAlive());
  stage.claim(`every request is answered or refused: ${failures}`, failed === 0);
};

export const oneWorkerEnds: RunFault = async (stage, pods) => {
  const pod = await pods.pair();
  const kills = stage.choose(2, 30);
  // Which process is ready cannot be seen from outside while another one is.
  const replacementMs = Math.max(stage.choose(0, EVERY_MS), 3 * Math.max(...loadTimes(pod)) + 3_000);
  const stop = await steadyLoad(stage, pod.url);
  let unready = 0;
  const probing = setInterval(() => {
    void pod.status(PATHS.ready).then((status) => (unready += status === 200 ? 0 : 1));
  }, PROBE_INTERVAL_MS);
  stage.onEnd(() => clearInterval(probing));
  for (let kill = 0; kill < kills; kill++) {
    const victim = workersOf(pod)[kill % 2]!;
    await stage.inject(() => process.kill(victim, SIGNALS[kill % SIGNALS.length]));
    await stage.seen(() => !isAlive(victim));
    await sleep(replacementMs);
    stage.claim('another process runs instead', workersOf(pod).length === 2);
  }
  const { due, refused, failed, failures } = await stop();
  for (const [name, value] of Object.entries({ kills, due, failed: failed + refused, unready }))
    stage.figure(name, value);
  stage.claim(`only requests in the ended processes fail: ${failures}`, failed + refused <= kills);
  stage.claim(`the pod stays ready: ${unready} probes say no`, unready === 0);
};

/** Enough at once that every process gets one. */
const BURST = 6;

export const workerStops: RunFault = async (stage, pods) => {
  const pod = await pods.pair();
  const stops = stage.choose(1, 10);
  const image = readFileSync(IMAGE_FILE);
  const stop = await steadyLoad(stage, pod.url);
  let replacedMs = 0;
  let burstFailed = 0;
  for (let round = 0; round < stops; round++) {
    const victim = workersOf(pod)[round % 2]!;
    stage.onEnd(() => isAlive(victim) && stateOf(victim) === 'T' && process.kill(victim, 'SIGCONT'));
    const started = performance.now();
    await stage.inject(() => process.kill(victim, 'SIGSTOP'));
    await stage.seen(() => stateOf(victim) === 'T');
    const burst = await Promise.all(Array.from({ length: BURST }, () => pod.classify(image)));
    burstFailed += burst.filter((status) => status !== 200).length;
    await stage.waitFor('the stopped process is ended', () => !isAlive(victim));
    replacedMs = Math.max(replacedMs, performance.now() - started);
    await stage.waitFor('another process runs instead', () => workersOf(pod).length === 2);
    await sleep(stage.choose(0, EVERY_MS));
  }
  const { due, refused, failed, failures } = await stop();
  const allFailed = failed + refused + burstFailed;
  const figures = { stops, due: due + BURST * stops, failed: allFailed, replacedMs };
  for (const [name, value] of Object.entries(figures)) stage.figure(name, value);
  stage.claim(`only requests in the stopped processes fail: ${failures}`, allFailed <= stops);
  const limitMs = REQUEST_TIMEOUT_MS + MAX_BEYOND_LOAD_MS;
  stage.claimTime(`ended within ${limitMs} ms: ${replacedMs}`, replacedMs <= limitMs);
};
