/**
 * Probes of a server over HTTP: for the capacity search.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { capacity, type CapacityOptions, type Probe } from './capacity';
import { CAPACITY_SCHEMA, CAPACITY_VERSION, type CapacityDocument } from './capacity-document';
import { summarize } from './documents';
import { DEFAULT_CONNECTIONS, type RunOptions, runLoad } from './generator';
import { MAX_IN_FLIGHT, MAX_REQUESTS, MAX_SECONDS } from './load';
import { judgeSample, type ProbeSample } from './probe-verdict';
import { decodeRequests, OUTCOMES, type RunDocument, type ValidityRule } from './run-document';
import type { SendProgress } from './sender';
import { formatSlo, type Slo } from './slo';
import { brokenText } from './validity';

/** Requests that are due in a probe's first seconds do not count: the server starts empty. */
const WARM_UP_SECONDS = 2;
/** Between probes, so that the server ends the work of the last one. */
const PAUSE_MS = 2_000;
const WINDOW_MS = 1_000;
const SINGLE_STREAM_SECONDS = 5;
/** Rules that speak of the generator; a probe is short and ends early by design. */
const GENERATOR_RULES: readonly ValidityRule[] = ['lag', 'unsent', 'generatorCpu', 'clockDrift'];
const RIGHT = OUTCOMES.indexOf('right');

export const DEFAULT_MAX_PROBE_SECONDS = 120;

export interface HttpCapacityOptions
  extends
    Omit<RunOptions, 'load' | 'slo' | 'shard' | 'onProgress'>,
    Pick<CapacityOptions, 'slo' | 'onProbe' | 'confirmSeconds'> {
  /** A probe that is not decided by then cannot tell. @default 120 */
  readonly maxProbeSeconds?: number;
}

/** What sends the loads of a search, and waits between them. */
export interface Generator {
  readonly run: (options: RunOptions) => Promise<RunDocument>;
  readonly pause: (ms: number) => Promise<unknown>;
}

const HTTP: Generator = { run: runLoad, pause: sleep };

/** Collects what a probe has seen, in order of the intended send times. */
function collector(slo: Slo) {
  const violated: number[] = [];
  const latencyMs: number[] = [];
  const busyMs: number[] = [];
  let lastMs = 0;
  return {
    add: (part: Pick<SendProgress, 'intendedMs' | 'latencyMs' | 'outcome'>) =>
      part.intendedMs.forEach((dueMs, i) => {
        const countedMs = dueMs - 1000 * WARM_UP_SECONDS;
        if (countedMs < 0) return;
        const tookMs = part.latencyMs[i]!;
        violated.push(part.outcome[i] !== RIGHT || tookMs > slo.limitMs ? 1 : 0);
        latencyMs.push(tookMs);
        const window = Math.floor(countedMs / WINDOW_MS);
        while (busyMs.length <= window) busyMs.push(0);
        busyMs[window]! += tookMs;
        lastMs = dueMs;
      }),
    sample: (): ProbeSample => ({
      violated: Uint8Array.from(violated),
      latencyMs: Float64Array.from(latencyMs),
      // Little's law; the last window may not be full.
      inFlight: Float64Array.from(busyMs.slice(0, -1), (ms) => ms / WINDOW_MS),
      elapsedSeconds: lastMs / 1000,
      countedSeconds: Math.max(0, lastMs / 1000 - WARM_UP_SECONDS),
    }),
  };
}

/**
 * Whether requests that are not sent, since {@link MAX_IN_FLIGHT} wait, say that the server is overloaded: by Little's law
 * so many at a rate wait for longer than the limit on average, so that one more would violate it too.
 */
const isOverload = (ratePerSecond: number, { limitMs }: Slo): boolean =>
  (1000 * MAX_IN_FLIGHT) / ratePerSecond > limitMs;

function invalidity({ validity }: RunDocument, ratePerSecond: number, slo: Slo): string | undefined {
  const broken = validity.broken.find(
    ({ rule }) => GENERATOR_RULES.includes(rule) && !(rule === 'unsent' && isOverload(ratePerSecond, slo)),
  );
  return broken && brokenText(broken);
}

function requestsFrom(document: RunDocument, from: number) {
  const { intendedMs, latencyMs, outcome } = decodeRequests(document.requests);
  return {
    intendedMs: intendedMs.subarray(from),
    latencyMs: latencyMs.subarray(from),
    outcome: outcome.subarray(from),
  };
}

/** The load of a probe that counts for `seconds`, or for as long as one run may send at this rate. */
function probeLoad(ratePerSecond: number, seconds: number): string {
  const rate = Number(ratePerSecond.toPrecision(6));
  // One request less than the bound: a product of rounded numbers may lie just above it.
  const longestSeconds = Math.min(MAX_SECONDS, (MAX_REQUESTS / 2 - 1) / rate);
  const milliseconds = Math.floor(1000 * Math.min(longestSeconds, WARM_UP_SECONDS + seconds));
  return `poisson:${rate}:${milliseconds / 1000}s`;
}

/**
 * A probe of a server: Poisson arrivals on it until the search has decided.
 *
 * @param generator by default over HTTP
 */
export function httpProbe(options: HttpCapacityOptions, { run, pause } = HTTP): Probe {
  const { slo, maxProbeSeconds = DEFAULT_MAX_PROBE_SECONDS, stop, ...rest } = options;
  return async (ratePerSecond, seed, isDecided, seconds = maxProbeSeconds) => {
    const enough = new AbortController();
    const collected = collector(slo);
    let heard = 0;
    const document = await run({
      ...rest,
      load: probeLoad(ratePerSecond, seconds),
      seed,
      stop: stop ? AbortSignal.any([stop, enough.signal]) : enough.signal,
      onProgress: (progress) => {
        if (enough.signal.aborted) return;
        collected.add(progress);
        heard = progress.settled;
        if (isDecided(collected.sample())) enough.abort();
      },
    });
    // What was settled after the last message, such as the slowest answers.
    if (!enough.signal.aborted) collected.add(requestsFrom(document, heard));
    if (!stop?.aborted) await pause(PAUSE_MS);
    const invalid = invalidity(document, ratePerSecond, slo);
    return { ...collected.sample(), ...(invalid !== undefined && { invalid }) };
  };
}

/** Whether one client alone violates an objective. A slow server answers it too rarely to test more than the median. */
function failsAlone(single: RunDocument, slo: Slo): boolean {
  const collected = collector(slo);
  collected.add(requestsFrom(single, 0));
  return (
    summarize(single).answered.p50Ms > slo.limitMs ||
    judgeSample(collected.sample(), slo, 1)?.verdict === 'fail'
  );
}

/**
 * Finds the capacity of a server at a URL.
 *
 * @param generator by default over HTTP
 * @returns undefined if it is stopped before the first probe
 * @throws Error if it answers nothing right
 */
export async function httpCapacity(
  options: HttpCapacityOptions,
  generator = HTTP,
): Promise<CapacityDocument | undefined> {
  const {
    slo,
    seed = 1,
    maxProbeSeconds = DEFAULT_MAX_PROBE_SECONDS,
    confirmSeconds,
    onProbe,
    stop,
  } = options;
  const single = await generator.run({
    ...options,
    load: `closed:1:${SINGLE_STREAM_SECONDS}s`,
    connections: 'kept:1',
  });
  if (stop?.aborted) return undefined;
  const { answered, outcomes } = summarize(single);
  if (outcomes.right === 0) {
    const failures = Object.entries(single.failures);
    const others = OUTCOMES.filter((outcome) => outcome !== 'failed').map(
      (outcome) => [outcome, outcomes[outcome]] as const,
    );
    const notRight = [...failures, ...others].flatMap(([kind, n]) => (n > 0 ? [`${n} × ${kind}`] : []));
    throw new Error(
      `${options.url} answered none of ${single.settings.images.length > 0 ? 'the images' : 'the requests'} right ` +
        `(${notRight.join(', ')}): check --url and --image`,
    );
  }
  const found = await capacity({
    probe: httpProbe(options, generator),
    slo,
    seed,
    singleStreamMs: answered.p50Ms,
    failsAlone: failsAlone(single, slo),
    ...(confirmSeconds !== undefined && { confirmSeconds }),
    ...(onProbe && { onProbe }),
    isStopped: () => stop?.aborted ?? false,
  });
  const { url, timeoutMs, images } = single.settings;
  const { cpuModel, cores, nodeVersion, platform } = single.generators[0]!;
  return {
    schema: CAPACITY_SCHEMA,
    version: CAPACITY_VERSION,
    settings: {
      url,
      slo: formatSlo(slo),
      connections: options.connections ?? DEFAULT_CONNECTIONS,
      timeoutMs,
      seed,
      maxProbeSeconds,
      images,
    },
    generator: { cpuModel, cores, nodeVersion, platform },
    singleStreamMs: answered.p50Ms,
    startedAt: single.startedAt,
    finishedAt: new Date().toISOString(),
    ...found,
  };
}
