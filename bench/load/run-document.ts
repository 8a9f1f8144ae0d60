/**
 * The result of a run of the load generator: one JSON document, from which a timeline can be drawn and every percentile
 * recomputed.
 */
import { parseDocument } from './parse-document';

/** Name and version of the document; raise the version when the meaning of a field changes. */
export const RUN_SCHEMA = 'tandem.load-run';
export const RUN_VERSION = 1;

/**
 * Outcome of a request; its index here is its code in {@link RunDocument.requests}.
 *
 * - `right`: status 200; the class was the expected one, or was not checked (a sample is checked)
 * - `wrong`: status 200 with another class than the expected one
 * - `refused`: status 503 with `Retry-After`
 * - `failed`: any other status, or no complete answer; {@link RunDocument.failures} counts the kinds
 * - `timedOut`: no complete answer within the deadline, which counts from the intended send time
 * - `unsent`: due, but never sent
 */
export const OUTCOMES = ['right', 'wrong', 'refused', 'failed', 'timedOut', 'unsent'] as const;
/** One of {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number];

/** The requests in order of their intended send times, one array per property. */
export interface Requests {
  /** Milliseconds from the start of the run. */
  readonly intendedMs: Float64Array;
  /** Milliseconds from the intended to the actual start of sending: below 0 if a timer ended up to 2 ms early; 0 if unsent. */
  readonly lagMs: Float32Array;
  /**
   * Milliseconds from the intended send time, or from an earlier start of sending, to the end of the answer or to the
   * deadline; 0 if unsent.
   */
  readonly latencyMs: Float32Array;
  /** Index into {@link OUTCOMES}. */
  readonly outcome: Uint8Array;
  /** HTTP status; 0 without an answer. */
  readonly status: Uint16Array;
}

/**
 * {@link Requests} as JSON: each array's bytes, little-endian, in base64. Its latencies count from the intended send time
 * even where a request was sent before it, as in the documents of the first version.
 */
export type EncodedRequests = { readonly [Name in keyof Requests]: string };

/** Facts about one generator process. */
export interface GeneratorReport {
  readonly cpuModel: string;
  readonly cores: number;
  readonly nodeVersion: string;
  readonly platform: string;
  /** The part of the schedule that this process sent. */
  readonly shard: Shard;
  /** When the first request could have been due: ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** CPU seconds of the process per second, while it sent: of an open loop without the wait for its last answers. */
  readonly cpuShare: number;
  /** Milliseconds by which the monotonic clock and the wall clock drifted apart. */
  readonly clockDriftMs: number;
  /** Milliseconds from the start until the last answer or deadline. */
  readonly elapsedMs: number;
}

/** Part `index` of `count`, from 1: every `count`-th request of one schedule. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Settings of the run. */
export interface RunSettings {
  readonly url: string;
  /** In the form of `--load`. */
  readonly load: string;
  /** In the form of `--connections`. */
  readonly connections: string;
  readonly timeoutMs: number;
  readonly seed: number;
  /** Posted in turn; a run without images sends GET. */
  readonly images: readonly ImageFact[];
  /** In the form of `--slo`. */
  readonly slo?: string;
}

/** An image that was sent, without its bytes. */
export interface ImageFact {
  /** Without its folder. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The class that an answer must name first. */
  readonly expectedClass?: string;
}

/** Bounds of {@link VALIDITY_RULES}; shares are of one core and of the run's length. */
export const MAX_LAG_P99_MS = 10;
export const MAX_GENERATOR_CPU_SHARE = 0.7;
export const MAX_CLOCK_DRIFT_SHARE = 0.001;
const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;

/** Why a run may be invalid. */
export const VALIDITY_RULES = {
  lag: `the load generator sent requests more than ${MAX_LAG_P99_MS} ms late (p99)`,
  unsent: 'requests were planned but not sent',
  generatorCpu: `the generator used more than ${percent(MAX_GENERATOR_CPU_SHARE)} of its core`,
  sample: 'the sample is too small for its percentile',
  clockDrift: `the monotonic clock and the wall clock drifted apart by more than ${percent(MAX_CLOCK_DRIFT_SHARE)}`,
  inFlight: 'requests in flight drift upward (constant and poisson loads)',
  incomplete: 'the run ended before its schedule',
  startsApart: `the generators started more than ${MAX_LAG_P99_MS} ms apart, so they sent no common schedule`,
} as const;
/** One of {@link VALIDITY_RULES}. */
export type ValidityRule = keyof typeof VALIDITY_RULES;

/** A rule that a run broke, with the figure that broke it. */
export interface BrokenRule {
  readonly rule: ValidityRule;
  readonly detail: string;
}

/** One run of one generator, or of several whose documents were merged. */
export interface RunDocument {
  readonly schema: typeof RUN_SCHEMA;
  readonly version: typeof RUN_VERSION;
  readonly settings: RunSettings;
  /** One per process, in the order of their shards. */
  readonly generators: readonly GeneratorReport[];
  /** The earliest of the generators' starts: times of requests count from here. ISO 8601, UTC. */
  readonly startedAt: string;
  /** Length of the schedule; later answers belong to the run too. */
  readonly durationMs: number;
  /** False if the run ended before its schedule: `requests` then holds those that were due until then. */
  readonly complete: boolean;
  readonly requests: EncodedRequests;
  /** Failed requests by kind, such as `ECONNRESET` or `status 500`. */
  readonly failures: Readonly<Record<string, number>>;
  /** HDR histograms of microseconds, three significant digits, in HdrHistogram's compressed base64 (V2). */
  readonly histograms: {
    /** Latencies of right and wrong answers. */
    readonly answered: string;
    readonly refused: string;
    /** Send lags of the requests that were sent. */
    readonly lag: string;
  };
  readonly validity: { readonly valid: boolean; readonly broken: readonly BrokenRule[] };
}

const toBase64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64');

/** How long before its intended send time each request was sent: 0 or less, milliseconds. */
const earlyMs = ({ lagMs }: Pick<Requests, 'lagMs'>) => lagMs.map((lag) => Math.min(0, lag));

const added = (values: Float32Array, others: Float32Array) => values.map((value, i) => value + others[i]!);

/** Encodes requests for a document. */
export const encodeRequests = (requests: Requests): EncodedRequests => ({
  intendedMs: toBase64(requests.intendedMs),
  lagMs: toBase64(requests.lagMs),
  latencyMs: toBase64(added(requests.latencyMs, earlyMs(requests))),
  outcome: toBase64(requests.outcome),
  status: toBase64(requests.status),
});

/** Decodes a document's requests. */
export function decodeRequests(encoded: EncodedRequests): Requests {
  // A copy, since a pooled buffer is not aligned for a Float64Array.
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64')).buffer;
  const lagMs = new Float32Array(bytes(encoded.lagMs));
  const lateMs = earlyMs({ lagMs }).map((early) => -early);
  return {
    intendedMs: new Float64Array(bytes(encoded.intendedMs)),
    lagMs,
    latencyMs: added(new Float32Array(bytes(encoded.latencyMs)), lateMs),
    outcome: new Uint8Array(bytes(encoded.outcome)),
    status: new Uint16Array(bytes(encoded.status)),
  };
}

/**
 * Reads a document.
 *
 * @throws Error if the text is not a document of this schema and version
 */
export const parseRunDocument = (text: string): RunDocument =>
  parseDocument<RunDocument>(text, { schema: RUN_SCHEMA, version: RUN_VERSION }, 'tandem bench load --out');
