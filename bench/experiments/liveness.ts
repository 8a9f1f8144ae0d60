/**
 * Whether the liveness probe is answered in time while a model is asked for twice what it can do, under a CPU limit.
 *
 * npx tsx bench/experiments/liveness.ts [--model accuracy] [--engine onnxruntime] [--limits 1500,750,405] [--seconds 60]
 *
 * Needs root and control groups of version 1. Limits of a core or more must keep p99 within 50 ms; below that one
 * inference uses the whole quota up and everything stands still until the next period, so the figure is only told.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { modelId } from '../../models/catalog';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { cgroupObstacle, createCpuGroup } from './cpu-group';
import { load, type Load } from '../load/client';
import { percentile } from '../../statistics/percentile';
import { startService } from './service-process';
import { line, summarize, verdict } from '../load/summary';

const FACTOR = 2;
const MOST_P99_MS = 50;
/** Below this the figure is told only. */
const LEAST_LIMIT_MILLIS = 1500;
const PROBE_INTERVAL_MS = 100;
const CAPACITY_SECONDS = 15;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'accuracy' },
      engine: { type: 'string', default: 'onnxruntime' },
      limits: { type: 'string', default: '1500,750,405' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const obstacle = cgroupObstacle();
  if (obstacle !== undefined) {
    console.log(`SKIPPED liveness under a CPU limit: ${obstacle}`);
    return;
  }
  const seconds = Number(values.seconds);
  const claims: [string, boolean][] = [];
  for (const limitMillis of values.limits.split(',').map(Number)) {
    const group = createCpuGroup(limitMillis);
    try {
      const service = await startService(
        { [ENV.models]: modelId(values.model), [ENV.engine]: values.engine },
        { cgroup: group.folder },
      );
      const post = (forSeconds: number, arrivals: Load['arrivals']) =>
        load({
          url: `${service.url}${PATHS.classify}`,
          imageFile: join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg'),
          seconds: forSeconds,
          arrivals,
        });
      const { goodput: capacity } = summarize(
        await post(CAPACITY_SECONDS, { kind: 'closed', clients: 2 }),
        CAPACITY_SECONDS,
      );
      const [answers, probes] = await Promise.all([
        post(seconds, { kind: 'poisson', perSecond: FACTOR * capacity, seed: 1 }),
        load({
          url: `${service.url}${PATHS.live}`,
          seconds,
          arrivals: { kind: 'steady', intervalMs: PROBE_INTERVAL_MS },
        }),
      ]);
      await service.end();
      console.log(
        line(
          `${limitMillis} m, ${FACTOR} times its ${capacity.toFixed(1)} a second`,
          summarize(answers, seconds),
        ),
      );
      const share = (100 * group.throttledShare()).toFixed(0);
      const latencies = probes.map(({ latencyMs }) => latencyMs);
      const p99 = percentile(latencies, 0.99);
      const said = `liveness p99 at ${limitMillis} m: ${p99.toFixed(1)} ms (p50 ${percentile(latencies, 0.5).toFixed(1)} ms, ${probes.length} probes, throttled in ${share} % of periods)`;
      const failed = probes.filter(({ status }) => status !== 200).length;
      claims.push([`no probe failed at ${limitMillis} m: ${failed}`, failed === 0]);
      if (limitMillis >= LEAST_LIMIT_MILLIS)
        claims.push([`${said}, at most ${MOST_P99_MS} ms`, p99 <= MOST_P99_MS]);
      else console.log(`${said}: told only, below ${LEAST_LIMIT_MILLIS} m nothing is promised`);
    } finally {
      await group.remove();
    }
  }
  verdict(claims);
}

void main();
