/**
 * Faults of traffic: more than the pod can handle, clients that leave, and slow ones.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { imageSender, OVERLOAD, OVERLOAD_CONNECTIONS } from '../../bench/experiments/service-client';
import { failedOf, settled } from '../../bench/experiments/verdict';
import { summarize } from '../../bench/load/documents';
import { runLoad } from '../../bench/load/generator';
import { BODY_TIMEOUT_MS, HEADERS_TIMEOUT_MS, PATHS } from '../../service/contract';
import { seededRandom } from '../../statistics/seeded-random';
import { CLASSIFY, IMAGE_FILE, type RunFault } from './pods';
import { claimNoneFailed, steadyLoad } from './steady-load';

const { factor: FACTOR, peakClients: PEAK_CLIENTS, maxRefusalMs: MAX_REFUSAL_MS } = OVERLOAD;
const MIN_PERCENT_OF_PEAK = OVERLOAD.minThroughputPercentOfPeak;
const CALM_FACTOR = 0.3;
const PROBES_PER_SECOND = 10;

export const overload: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const post = imageSender(pod.url, IMAGE_FILE);
  const seconds = stage.choose(6, 60);
  const peak = settled(await post(`closed:${PEAK_CLIENTS}:${stage.choose(4, 20)}s`, PEAK_CLIENTS));
  let factor = CALM_FACTOR;
  await stage.inject(() => (factor = FACTOR));
  const [run, probing] = await Promise.all([
    post(`poisson:${(factor * peak.throughputPerSecond).toFixed(3)}:${seconds}s`, OVERLOAD_CONNECTIONS),
    runLoad({
      url: `${pod.url}${PATHS.live}`,
      load: `constant:${PROBES_PER_SECOND}:${seconds}s`,
      // One second is Kubernetes' default; a busy machine proves nothing about it.
      timeoutMs: stage.choose(10_000, 1_000),
    }),
  ]);
  const [{ due, outcomes, refused }, probes] = [summarize(run), summarize(probing)];
  await stage.seen(() => outcomes.refused > 0, 0);
  const percentOfPeak = (100 * settled(run).throughputPerSecond) / peak.throughputPerSecond;
  const figures = {
    due,
    right: outcomes.right,
    refused: outcomes.refused,
    failed: due - outcomes.right - outcomes.refused,
    percentOfPeak,
    refusedP99Ms: refused.p99Ms,
    probes: probes.due,
    failedProbes: failedOf(probes) + probes.outcomes.refused,
  };
  for (const [name, value] of Object.entries(figures)) stage.figure(name, value);
  stage.claim(
    `every request is answered or refused: ${JSON.stringify({ ...outcomes, ...run.failures })}`,
    figures.failed === 0,
  );
  stage.claim('requests are answered meanwhile', outcomes.right > 0);
  stage.claim(`no liveness probe fails: ${figures.failedProbes}`, figures.failedProbes === 0);
  stage.claimTime(
    `throughput is ${MIN_PERCENT_OF_PEAK} % of the peak: ${percentOfPeak}`,
    percentOfPeak >= MIN_PERCENT_OF_PEAK,
  );
  stage.claimTime(
    `refusals take ${MAX_REFUSAL_MS} ms (p99): ${refused.p99Ms}`,
    refused.p99Ms <= MAX_REFUSAL_MS,
  );
};

const SEED = 17;
/** Below what the queue holds, so that the other clients are not refused. */
const LEAVING_AT_ONCE = 10;
const MAX_STAY_MS = 20;
/** For how long the others go on: the clients that leave are gone in a moment. */
const OTHERS_MS = 6_000;

/** Posts an image and disconnects soon afterwards. */
const leave = (port: number, image: Buffer, stayMs: number) =>
  new Promise<void>((resolve) => {
    const asking = request({ port, host: '127.0.0.1', method: 'POST', path: CLASSIFY, agent: false });
    asking.once('response', (answer) => answer.resume());
    asking.once('error', () => undefined).once('close', resolve);
    asking.end(image, () => setTimeout(() => asking.destroy(), stayMs));
  });

export const clientsLeave: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const noticed = () => pod.metric('inference_rejected_total', 'reason="CLIENT_GONE"');
  const before = await noticed();
  const random = seededRandom(SEED, 'leave');
  const image = readFileSync(IMAGE_FILE);
  const batches = stage.choose(10, 200);
  const stop = await steadyLoad(stage, pod.url);
  await stage.inject(async () => {
    for (let batch = 0; batch < batches; batch++)
      await Promise.all(
        Array.from({ length: LEAVING_AT_ONCE }, () => leave(pod.port, image, MAX_STAY_MS * random.uniform())),
      );
  });
  await stage.seen(async () => (await noticed()) > before);
  await sleep(stage.choose(OTHERS_MS, 2 * OTHERS_MS));
  claimNoneFailed(stage, await stop());
  const isIdle = async () => (await pod.metric('inference_in_flight')) === 0;
  await stage.waitFor('the queue is empty', isIdle);
  stage.figure('left', batches * LEAVING_AT_ONCE);
  stage.figure('noticed', (await noticed()) - before);
};

const SLOW_CLIENTS = 200;
const BYTE_EVERY_MS = 200;
const SLOW_HEADERS = 'GET /v2 HTTP/1.1\r\nHost: x\r\nX-Slow: ';
const SLOW_BODY = `POST ${CLASSIFY} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`;
/** Between a timeout and the check that notices it. */
const SLACK_MS = 1_000;

/** Sends a head and then a byte at a time; resolves with the status and the time of the end. */
function drip(port: number, head: string): Promise<{ status: number; ms: number }> {
  return new Promise((resolve) => {
    const started = performance.now();
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(head));
    const timer = setInterval(() => socket.write('a'), BYTE_EVERY_MS);
    socket.on('data', (data) => (heard += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearInterval(timer);
      const status = Number(/^HTTP\/1.1 (\d+)/.exec(heard)?.[1] ?? 0);
      resolve({ status, ms: performance.now() - started });
    });
  });
}

export const slowClients: RunFault = async (stage, pods) => {
  const pod = await pods.single();
  const openFiles = () => readdirSync(`/proc/${pod.processId}/fd`).length;
  const stop = await steadyLoad(stage, pod.url);
  await sleep(BYTE_EVERY_MS);
  const before = openFiles();
  const slow: Promise<{ status: number; ms: number }>[] = [];
  await stage.inject(() => {
    for (let i = 0; i < SLOW_CLIENTS; i++) slow.push(drip(pod.port, i % 2 === 0 ? SLOW_HEADERS : SLOW_BODY));
  });
  await stage.seen(() => openFiles() >= before + 0.9 * SLOW_CLIENTS);
  const answers = await Promise.all(slow);
  claimNoneFailed(stage, await stop());
  const slowestMs = Math.max(...answers.map(({ ms }) => ms));
  const answered408 = answers.filter(({ status }) => status === 408).length;
  stage.figure('slow', SLOW_CLIENTS);
  stage.figure('answered408', answered408);
  stage.figure('slowestSeconds', slowestMs / 1000);
  stage.claim(`each slow client gets 408: ${answered408} of ${SLOW_CLIENTS}`, answered408 === SLOW_CLIENTS);
  const limitMs = Math.max(HEADERS_TIMEOUT_MS, BODY_TIMEOUT_MS) + SLACK_MS;
  stage.claimTime(`the last within ${limitMs} ms: ${slowestMs}`, slowestMs <= limitMs);
};
