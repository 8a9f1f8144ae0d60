/** `npm run bench:twin`: how long the twin takes for an hour at 1,000 requests per second on 100 pods. */
import { DEFAULT_FLAGS, settingsOf } from '../autoscaler/settings';
import { drawSchedule } from '../load/schedule';
import type { Scenario } from '../twin/scenario';
import { simulate } from '../twin/simulate';
import { programArguments } from './program-arguments';

const RATE_PER_SECOND = 1_000;
const PODS = 100;
/** A schedule of the generator has at most a million requests, so that the hour is drawn in parts. */
const PARTS = 4;
const PART_SECONDS = 900;

function hourOfArrivals(): Float64Array {
  const load = { kind: 'poisson', ratePerSecond: RATE_PER_SECOND, seconds: PART_SECONDS } as const;
  const parts = Array.from({ length: PARTS }, (_, part) =>
    drawSchedule(load, part + 1).map((ms) => ms + 1000 * PART_SECONDS * part),
  );
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

const scaling = {
  kind: 'hpa',
  flags: DEFAULT_FLAGS,
  // Half used at the target: 100 pods stay 100.
  settings: settingsOf({ minReplicas: PODS, maxReplicas: 2 * PODS, metrics: [] }, DEFAULT_FLAGS),
  sampling: 'housekeeping',
  metricResolutionMs: 15_000,
} as const;

programArguments(__filename, {});
const arrivalsMs = hourOfArrivals();
const scenario: Scenario = {
  arrivalsMs,
  durationMs: 1000 * PART_SECONDS * PARTS,
  connections: { kind: 'fresh' },
  timeoutMs: 10_000,
  pod: {
    ...{ cpuRequestMillis: 400, cpuLimitMillis: 900, processes: 1 },
    ...{
      cpuMsPerImage: 20,
      cpuSpread: 0.2,
      coldShare: 0.2,
      stretch: 1,
      idleMillis: 10,
      startCpuMs: 1500,
      refusalCpuMs: 0.25,
    },
  },
  nodes: 10,
  maxPods: 2 * PODS,
  scaling,
};
const cpuBefore = process.cpuUsage();
const before = performance.now();
const { outcome } = simulate(scenario, 1);
const seconds = (performance.now() - before) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
console.log(
  `${outcome.length} requests in an hour on ${PODS} pods: ${seconds.toFixed(1)} s, ` +
    `${((user + system) / 1e6).toFixed(1)} s of CPU, ${((1e6 * seconds) / outcome.length).toFixed(2)} microseconds a request`,
);
