/**
 * Overload: does a service keep its throughput at three times the rate that it can answer?
 *
 * npx tsx bench/experiments/overload.ts [--model latency] [--engine onnxruntime] [--threads 1] [--seconds 20] [--seed 1]
 *   [--image FILE.jpg]
 *
 * Service, load generator and probes are processes of their own on loopback; leave them a core each. The peak is measured
 * first (8 clients in a closed loop), then Poisson arrivals at three times the peak, then 300 clients in a closed loop
 * that ignore Retry-After, then the peak again.
 */
import { join } from 'node:path';

import { modelId } from '../../models/catalog';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { summarize } from '../load/documents';
import { runLoad } from '../load/generator';
import { programArguments } from './program-arguments';
import { imageSender, OVERLOAD, OVERLOAD_CONNECTIONS } from './service-client';
import { startService } from './service-process';
import { failedOf, line, settled, verdict } from './verdict';

const { factor: FACTOR, peakClients: PEAK_CLIENTS, maxRefusalMs: MAX_REFUSAL_MS } = OVERLOAD;
const MIN_THROUGHPUT_SHARE = OVERLOAD.minThroughputPercentOfPeak / 100;
const FLOOD_CLIENTS = 300;
const WARM_UP_SECONDS = 3;
const PROBES_PER_SECOND = 20;
/** Kubernetes' default timeout of a probe. */
const PROBE_TIMEOUT_MS = 1_000;

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
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
  const service = await startService({
    [ENV.models]: modelId(values.model),
    [ENV.engine]: values.engine,
    [ENV.cpuLimitMillis]: String(1000 * Number(values.threads)),
  });
  const post = imageSender(service.url, values.image, Number(values.seed));
  const closed = (clients: number, forSeconds = seconds) => post(`closed:${clients}:${forSeconds}s`, clients);
  const probe = async () => {
    const load = `constant:${PROBES_PER_SECOND}:${seconds}s`;
    const url = `${service.url}${PATHS.live}`;
    const summary = summarize(await runLoad({ url, load, timeoutMs: PROBE_TIMEOUT_MS }));
    console.log(line('liveness meanwhile', summary));
    return { probes: summary.due, failed: summary.due - summary.outcomes.right };
  };
  await closed(PEAK_CLIENTS, WARM_UP_SECONDS);
  const peakBefore = settled(await closed(PEAK_CLIENTS));
  console.log(line('peak', peakBefore));

  const rate = FACTOR * peakBefore.throughputPerSecond;
  const [overload, overloadProbes] = await Promise.all([
    post(`poisson:${rate.toFixed(3)}:${seconds}s`, OVERLOAD_CONNECTIONS),
    probe(),
  ]);
  const overloaded = settled(overload);
  console.log(line(`${FACTOR} times the peak`, overloaded));

  const [flood, floodProbes] = await Promise.all([closed(FLOOD_CLIENTS), probe()]);
  const flooded = settled(flood);
  console.log(line(`${FLOOD_CLIENTS} clients that ignore Retry-After`, flooded));

  const peakAfter = settled(await closed(PEAK_CLIENTS));
  console.log(line('peak again', peakAfter));
  const exit = await service.end();

  const peak = (peakBefore.throughputPerSecond + peakAfter.throughputPerSecond) / 2;
  const share = (throughputPerSecond: number) => `${((100 * throughputPerSecond) / peak).toFixed(1)} %`;
  const failed = failedOf(summarize(overload)) + failedOf(summarize(flood));
  const failedProbes = overloadProbes.failed + floodProbes.failed;
  verdict([
    [
      `at ${FACTOR} times the peak load, throughput is at least 90 % of the peak: ${share(overloaded.throughputPerSecond)}`,
      overloaded.throughputPerSecond >= MIN_THROUGHPUT_SHARE * peak,
    ],
    [
      `refusals take at most ${MAX_REFUSAL_MS} ms (p99): ${overloaded.refused.p99Ms.toFixed(1)} ms`,
      overloaded.refused.p99Ms <= MAX_REFUSAL_MS,
    ],
    [`the service refused requests: ${overloaded.outcomes.refused}`, overloaded.outcomes.refused > 0],
    [`it answered all other requests right: ${failed} failed`, failed === 0],
    [
      `no probe failed or took over ${PROBE_TIMEOUT_MS} ms: ${failedProbes} of ${overloadProbes.probes + floodProbes.probes}`,
      failedProbes === 0,
    ],
    [
      `with ${FLOOD_CLIENTS} clients, throughput is at least 90 % of the peak: ${share(flooded.throughputPerSecond)}`,
      flooded.throughputPerSecond >= MIN_THROUGHPUT_SHARE * peak,
    ],
    [`after SIGTERM it exited with 0: ${exit}`, exit === 0],
  ]);
}

void main();
