/**
 * Is the liveness probe answered in time under a CPU limit, at twice the rate that the service can answer?
 *
 * npx tsx bench/experiments/liveness.ts [--model accuracy] [--engine onnxruntime] [--limits 1500,750,405] [--seconds 60]
 *
 * Needs root and control groups of version 1. At no limit may a probe fail. At 1500m or more, p99 must be within 50 ms.
 * Below that, one inference uses up the whole quota and the kernel stops the process until the next period: the latency is
 * printed but not judged.
 */
import { join } from 'node:path';

import { modelId } from '../../models/catalog';
import { DEMO_MODELS_DIR } from '../../models/weights/saved-model';
import { ENV, PATHS } from '../../service/contract';
import { summarize } from '../load/documents';
import { runLoad } from '../load/generator';
import { cgroupObstacle, createCpuGroup } from './cpu-group';
import { programArguments } from './program-arguments';
import { imageSender, OVERLOAD_CONNECTIONS, REQUEST_TIMEOUT_MS } from './service-client';
import { startService } from './service-process';
import { line, settled, verdict } from './verdict';

const FACTOR = 2;
const MAX_P99_MS = 50;
/** Below this limit the latency is printed but not judged. */
const MIN_CLAIMED_LIMIT_MILLIS = 1500;
const PROBES_PER_SECOND = 10;
const CAPACITY_SECONDS = 15;

async function main(): Promise<void> {
  const { values } = programArguments(__filename, {
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
        { cgroups: [group.folder] },
      );
      const post = imageSender(service.url, join(DEMO_MODELS_DIR, 'samples', 'zigzag.jpg'));
      const capacity = settled(await post(`closed:2:${CAPACITY_SECONDS}s`, 2)).throughputPerSecond;
      const [overload, probeRun] = await Promise.all([
        post(`poisson:${(FACTOR * capacity).toFixed(3)}:${seconds}s`, OVERLOAD_CONNECTIONS),
        runLoad({
          url: `${service.url}${PATHS.live}`,
          load: `constant:${PROBES_PER_SECOND}:${seconds}s`,
          timeoutMs: REQUEST_TIMEOUT_MS,
        }),
      ]);
      await service.end();
      console.log(
        line(`${limitMillis}m, ${FACTOR} times its ${capacity.toFixed(1)} per second`, settled(overload)),
      );
      const throttledPercent = (100 * group.throttledShare()).toFixed(0);
      const probes = summarize(probeRun);
      const { p50Ms, p99Ms } = probes.answered;
      const figures = `liveness p99 at ${limitMillis}m: ${p99Ms.toFixed(1)} ms (p50 ${p50Ms.toFixed(1)} ms, ${probes.due} probes, throttled in ${throttledPercent} % of periods)`;
      const failed = probes.due - probes.outcomes.right;
      claims.push([`no probe failed at ${limitMillis}m: ${failed} failed`, failed === 0]);
      if (limitMillis >= MIN_CLAIMED_LIMIT_MILLIS)
        claims.push([`${figures}, at most ${MAX_P99_MS} ms`, p99Ms <= MAX_P99_MS]);
      else console.log(`${figures}; the latency is not judged below ${MIN_CLAIMED_LIMIT_MILLIS}m`);
    } finally {
      await group.remove();
    }
  }
  verdict(claims);
}

void main();
