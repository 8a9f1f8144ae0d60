/**
 * What becomes of a service that is asked for three times what it can do.
 *
 * npx tsx bench/experiments/overload.ts [--model latency] [--engine onnxruntime] [--threads 1] [--seconds 20] [--seed 1]
 *   [--image FILE.jpg]
 *
 * Service, clients and probes are processes of their own on loopback; leave them a core each. First the peak is measured
 * (8 clients that ask again at once), then Poisson arrivals at three times the peak, then 300 clients that ask again at
 * once whatever they are told, then the peak again.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { modelId } from '../../models/catalog';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { load, type Load } from '../load/client';
import { percentile } from '../../statistics/percentile';
import { startService } from './service-process';
import { line, summarize, verdict } from '../load/summary';

const FACTOR = 3;
const FLOOD_CLIENTS = 300;
const PEAK_CLIENTS = 8;
const PROBE_INTERVAL_MS = 50;
const LEAST_GOODPUT_SHARE = 0.9;
const MOST_REFUSAL_MS = 250;
/** Kubernetes gives probes a second by default. */
const PROBE_TIMEOUT_MS = 1_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'latency' },
      engine: { type: 'string', default: 'onnxruntime' },
      threads: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      image: { type: 'string', default: join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg') },
    },
  });
  const seconds = Number(values.seconds);
  const model = modelId(values.model);
  const service = await startService({
    [ENV.models]: model,
    [ENV.engine]: values.engine,
    [ENV.cpuLimitMillis]: String(1000 * Number(values.threads)),
  });
  const post = (arrivals: Load['arrivals'], forSeconds = seconds) =>
    load({ url: `${service.url}${PATHS.classify}`, imageFile: values.image, seconds: forSeconds, arrivals });
  const probe = () =>
    load({
      url: `${service.url}${PATHS.live}`,
      seconds,
      arrivals: { kind: 'steady', intervalMs: PROBE_INTERVAL_MS },
    });
  const peakClients = { kind: 'closed', clients: PEAK_CLIENTS } as const;
  await post(peakClients, 3);
  const peakBefore = summarize(await post(peakClients), seconds);
  console.log(line('peak', peakBefore));

  const [overload, overloadProbes] = await Promise.all([
    post({ kind: 'poisson', perSecond: FACTOR * peakBefore.goodput, seed: Number(values.seed) }),
    probe(),
  ]);
  const at = summarize(overload, seconds);
  const probeP99 = (probes: typeof overloadProbes) =>
    percentile(
      probes.map(({ latencyMs }) => latencyMs),
      0.99,
    ).toFixed(1);
  console.log(line(`${FACTOR} times the peak`, at));
  console.log(`liveness meanwhile: p99 ${probeP99(overloadProbes)} ms of ${overloadProbes.length} probes`);

  const [flood, floodProbes] = await Promise.all([post({ kind: 'closed', clients: FLOOD_CLIENTS }), probe()]);
  const flooded = summarize(flood, seconds);
  console.log(line(`${FLOOD_CLIENTS} clients that never wait`, flooded));
  console.log(`liveness meanwhile: p99 ${probeP99(floodProbes)} ms of ${floodProbes.length} probes`);

  const peakAfter = summarize(await post(peakClients), seconds);
  console.log(line('peak again', peakAfter));
  const exit = await service.end();

  const peak = (peakBefore.goodput + peakAfter.goodput) / 2;
  const probes = [...overloadProbes, ...floodProbes];
  const failedProbes = probes.filter(
    ({ status, latencyMs }) => status !== 200 || latencyMs > PROBE_TIMEOUT_MS,
  ).length;
  verdict([
    [
      `at ${FACTOR} times the peak goodput is at least 90 % of it: ${((100 * at.goodput) / peak).toFixed(1)} %`,
      at.goodput >= LEAST_GOODPUT_SHARE * peak,
    ],
    [
      `refusals take at most ${MOST_REFUSAL_MS} ms (p99): ${at.no.p99.toFixed(1)} ms`,
      at.no.p99 <= MOST_REFUSAL_MS,
    ],
    [`some were refused: ${at.refused}`, at.refused > 0],
    [
      `nothing else happened to any request: ${at.failed + flooded.failed} failed`,
      at.failed + flooded.failed === 0,
    ],
    [
      `no probe failed or took over ${PROBE_TIMEOUT_MS} ms: ${failedProbes} of ${probes.length}`,
      failedProbes === 0,
    ],
    [
      `${FLOOD_CLIENTS} clients leave at least 90 % of the peak: ${((100 * flooded.goodput) / peak).toFixed(1)} %`,
      flooded.goodput >= LEAST_GOODPUT_SHARE * peak,
    ],
    [`SIGTERM ended it with exit code ${exit}`, exit === 0],
  ]);
}

void main();
