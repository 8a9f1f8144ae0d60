/**
 * `npm run bench:twin`: how long the twin takes for a quarter of an hour and for an hour at 1,000 requests per second on 100
 * pods. Exits with 1 if the hour takes more than 10 s, or if a request of it takes more than 1.5 times as long as one of the
 * quarter.
 */
import { DEFAULT_FLAGS, settingsOf } from '../autoscaler/settings';
import { drawSchedule } from '../load/schedule';
import type { Scenario } from '../twin/scenario';
import { simulate } from '../twin/simulate';
import { programArguments } from './program-arguments';
import { verdict } from './verdict';

const RATE_PER_SECOND = 1_000;
const PODS = 100;
/** A schedule of the generator has at most a million requests, so that a load is drawn in parts. */
const PART_SECONDS = 900;
const HOUR_PARTS = 4;
/** What `npm run bench:twin` promises. */
const MAX_HOUR_SECONDS = 10;
const MAX_GROWTH = 1.5;

function arrivalsIn(count: number): Float64Array {
  const load = { kind: 'poisson', ratePerSecond: RATE_PER_SECOND, seconds: PART_SECONDS } as const;
  const parts = Array.from({ length: count }, (_, part) =>
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

const scenarioOf = (parts: number): Scenario => ({
  arrivalsMs: arrivalsIn(parts),
  durationMs: 1000 * PART_SECONDS * parts,
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
});

/** Simulates parts of a quarter of an hour each. */
function timed(name: string, parts: number): { readonly seconds: number; readonly microseconds: number } {
  const scenario = scenarioOf(parts);
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const { outcome } = simulate(scenario, 1);
  const seconds = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const microseconds = (1e6 * seconds) / outcome.length;
  console.log(
    `${outcome.length} requests in ${name} on ${PODS} pods: ${seconds.toFixed(1)} s, ` +
      `${((user + system) / 1e6).toFixed(1)} s of CPU, ${microseconds.toFixed(2)} microseconds a request`,
  );
  return { seconds, microseconds };
}

programArguments(__filename, {});
// What V8 compiles in the first run would be counted for the quarter only.
simulate(scenarioOf(1), 1);
const quarter = timed('a quarter of an hour', 1);
const hour = timed('an hour', HOUR_PARTS);
verdict([
  [`the hour takes at most ${MAX_HOUR_SECONDS} s`, hour.seconds <= MAX_HOUR_SECONDS],
  [
    `a request of the hour takes at most ${MAX_GROWTH} times as long as one of the quarter`,
    hour.microseconds <= MAX_GROWTH * quarter.microseconds,
  ],
]);
