/**
 * What a capacity search leaves behind: one JSON document with every probe, complete enough to draw the search.
 */
import type { GeneratorReport, ImageFact } from './run-document';
import { parseDocument } from './parse-document';

/** Name and version of the document; the version rises when a field changes its meaning. */
export const CAPACITY_SCHEMA = 'tandem.capacity';
export const CAPACITY_VERSION = 1;

export type Verdict = 'pass' | 'fail' | 'cannot tell apart';

/** One rate that was tried. */
export interface ProbeRecord {
  readonly ratePerSecond: number;
  readonly verdict: Verdict;
  readonly reason: string;
  /** False if the generator broke a rule of validity, so that the figures are not the server's. */
  readonly valid: boolean;
  /** Requests that count: those of the warm-up do not. */
  readonly requests: number;
  /** Requests that were not answered right within the limit. */
  readonly violations: number;
  /** As many independent requests would say as much as `requests`, whose latencies are correlated. */
  readonly effectiveRequests: number;
  /** True if requests in flight drifted upward: the server is overloaded, whatever its violations are so far. */
  readonly drifting: boolean;
  /** From the first request to the last, with the warm-up. */
  readonly seconds: number;
}

/** What a search found, in requests per second. */
export interface Capacity {
  /** The highest rate that passed; 0 if none did. */
  readonly lowPerSecond: number;
  /** The lowest rate that failed; missing if none did. */
  readonly highPerSecond?: number;
  /**
   * Where the share of violations crosses what the objective allows, between `lowPerSecond` and `highPerSecond`: by
   * isotonic regression over all probes and linear interpolation. Missing unless one rate passed and one failed.
   */
  readonly estimatePerSecond?: number;
  /** Why the search ended. */
  readonly ended: string;
  /** Of each probe's verdict. */
  readonly confidence: number;
  /** Over all probes. */
  readonly requests: number;
  readonly seconds: number;
  /** In the order in which they were made. */
  readonly probes: readonly ProbeRecord[];
  /** One long run at `lowPerSecond` after the search, if one was asked for. */
  readonly confirmation?: ProbeRecord;
}

export interface CapacityDocument extends Capacity {
  readonly schema: typeof CAPACITY_SCHEMA;
  readonly version: typeof CAPACITY_VERSION;
  readonly settings: {
    readonly url: string;
    /** In the form of `--slo`. */
    readonly slo: string;
    /** In the form of `--connections`. */
    readonly connections: string;
    readonly timeoutMs: number;
    readonly seed: number;
    readonly maxProbeSeconds: number;
    /** Posted in turn; a search without images sends GET. */
    readonly images: readonly ImageFact[];
  };
  readonly generator: Pick<GeneratorReport, 'cpuModel' | 'cores' | 'nodeVersion' | 'platform'>;
  /** Median latency of one client that waits for each answer: sets the first rate. */
  readonly singleStreamMs: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseCapacityDocument = (text: string): CapacityDocument =>
  parseDocument<CapacityDocument>(
    text,
    { schema: CAPACITY_SCHEMA, version: CAPACITY_VERSION },
    'tandem bench capacity --out',
  );
