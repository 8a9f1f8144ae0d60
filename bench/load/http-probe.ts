/**
 * Probes of a server over HTTP: for the capacity search.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Capacity, capacity, type CapacityOptions, type Probe, type ProbeSample } from './capacity';
import { summarize } from './documents';
import { type RunOptions, runLoad } from './generator';
import { OUTCOMES, type RunDocument, type ValidityRule } from './run-document';
import type { SendProgress } from './sender';
import type { Slo } from './slo';

/** Requests that are due in a probe's first seconds do not count: the server starts empty. */
const WARM_UP_MS = 2_000;
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
    Pick<CapacityOptions, 'slo' | 'onProbe'> {
  /** A probe that is not decided by then cannot tell. @default 120 */
  readonly maxProbeSeconds?: number;
}

/** Collects what a probe has seen, in order of the intended send times. */
function collector(slo: Slo) {
  const violated: number[] = [];
  const latencyMs: number[] = [];
  const busyMs: number[] = [];
  let lastMs = 0;
  return {
    add: (part: Pick<SendProgress, 'intendedMs' | 'latencyMs' | 'outcome'>) =>
      part.intendedMs.forEach((dueMs, i) => {
        if (dueMs < WARM_UP_MS) return;
        const tookMs = part.latencyMs[i]!;
        violated.push(part.outcome[i] !== RIGHT || tookMs > slo.limitMs ? 1 : 0);
        latencyMs.push(tookMs);
        const window = Math.floor((dueMs - WARM_UP_MS) / WINDOW_MS);
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
    }),
  };
}

function invalidity({ validity }: RunDocument): string | undefined {
  const broken = validity.broken.find(({ rule }) => GENERATOR_RULES.includes(rule));
  return broken && `${broken.rule} ${broken.detail}`;
}

/** A probe of a server: Poisson arrivals on it until the search has decided. */
export function httpProbe(options: HttpCapacityOptions): Probe {
  const { slo, maxProbeSeconds = DEFAULT_MAX_PROBE_SECONDS, stop, ...run } = options;
  return async (ratePerSecond, seed, isDecided) => {
    const enough = new AbortController();
    const collected = collector(slo);
    const document = await runLoad({
      ...run,
      load: `poisson:${ratePerSecond.toFixed(3)}:${maxProbeSeconds}s`,
      seed,
      stop: stop ? AbortSignal.any([stop, enough.signal]) : enough.signal,
      onProgress: (progress) => {
        if (enough.signal.aborted) return;
        collected.add(progress);
        if (isDecided(collected.sample())) enough.abort();
      },
    });
    if (!stop?.aborted) await sleep(PAUSE_MS);
    const invalid = invalidity(document);
    return { ...collected.sample(), ...(invalid !== undefined && { invalid }) };
  };
}

/**
 * Finds the capacity of a server at a URL.
 *
 * @throws Error if it answers nothing right
 */
export async function httpCapacity(options: HttpCapacityOptions): Promise<Capacity> {
  const { slo, seed = 1, onProbe, stop } = options;
  const single = await runLoad({
    ...options,
    load: `closed:1:${SINGLE_STREAM_SECONDS}s`,
    connections: 'kept:1',
  });
  const { answered, outcomes } = summarize(single);
  if (outcomes.right === 0) {
    throw new Error(
      `${options.url} answered none of ${single.settings.images.length > 0 ? 'the images' : 'the requests'} right ` +
        `(${JSON.stringify(single.failures)}): check --url and --image`,
    );
  }
  return capacity({
    ...{ probe: httpProbe(options), slo, seed, singleStreamMs: answered.p50Ms },
    ...(onProbe && { onProbe }),
    isStopped: () => stop?.aborted ?? false,
  });
}
