/**
 * What `npm run bench:peers` measured: one JSON document, from which the tables and the chart of docs/performance.md are
 * made.
 */
import type { ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import type { Parallelism } from '../../service/inference/parallelism';
import { parseDocument } from '../load/parse-document';
import type { Subject } from '../timeline/timeline-document';
import type { ServerName } from './servers';

/** Name and version of the document; the version rises when a field changes its meaning. */
export const PEERS_SCHEMA = 'tandem.peers';
export const PEERS_VERSION = 1;

export type Form = 'full' | 'quick';

/** An image that is sent: 320x240, or one megapixel. */
export type ImageName = 'small' | 'large';

/** What is known of the images of a name. */
export interface ImageFacts {
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Of each file. */
  readonly bytes: readonly number[];
}

/** One load on one server. Every answer named the class that the same model's own engine names. */
export interface LoadFigures {
  readonly image: ImageName;
  /** Clients that each wait for their answer before they send again. */
  readonly clients: number;
  readonly seconds: number;
  /** Right answers. */
  readonly images: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** CPU time of all processes of the server, by its control group, per right answer. */
  readonly cpuMsPerImage: number;
  /** CPU seconds of the load generator per second. It is not in the server's group. */
  readonly clientCpuShare: number;
}

/** What is served, and under which limit. */
export interface Served {
  readonly model: ModelId;
  readonly precision: Precision;
  /** CPU limit of the server's control group, millicores. */
  readonly limitMillis: number;
  readonly server: ServerName;
  readonly setting: Parallelism;
}

/** A server started, measured and ended. */
export interface Visit extends Served {
  readonly round: number;
  /** From the start of the process to the first right answer. */
  readonly readyMs: number;
  /** Memory of all its processes after the loads, each with its share of what it shares. */
  readonly pssMebibytes: number;
  readonly loads: readonly LoadFigures[];
}

/** This project's engine in a process of its own, one thread: medians over the images of one round. */
export interface EngineAlone {
  readonly round: number;
  readonly model: ModelId;
  readonly precision: Precision;
  readonly images: number;
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** A server that was not measured at all, or a visit that failed. */
export interface Skipped {
  readonly what: string;
  readonly why: string;
}

export interface PeersDocument {
  readonly schema: typeof PEERS_SCHEMA;
  readonly version: typeof PEERS_VERSION;
  readonly form: Form;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Commit of the code that measured, with `-dirty` where it was changed. */
  readonly commit: string;
  readonly machine: Subject['machine'];
  /** Whether the CPU multiplies bfloat16, in which OpenVINO then computes by itself. */
  readonly hasBfloat16: boolean;
  /** Rounds that are complete: every server had its turn. */
  readonly rounds: number;
  readonly images: Readonly<Record<ImageName, ImageFacts>>;
  /** Multiply-adds of one inference. */
  readonly multiplyAdds: Readonly<Record<ModelId, number>>;
  /** Measured peak of one core in float32, GFLOP/s, once per round; none without a C compiler. */
  readonly peakGflops: readonly number[];
  /** Packages that answer, such as `fastapi 0.1.0`, by server. */
  readonly packages: Readonly<Record<ServerName, string>>;
  readonly skipped: readonly Skipped[];
  readonly engines: readonly EngineAlone[];
  readonly visits: readonly Visit[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parsePeersDocument = (text: string): PeersDocument =>
  parseDocument<PeersDocument>(text, { schema: PEERS_SCHEMA, version: PEERS_VERSION }, 'npm run bench:peers');
