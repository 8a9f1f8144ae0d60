/**
 * What was measured on this machine without a cluster: CPU time per image, which a shared machine changes less than its
 * knee, and a single pod at its printed CPU figures in a control group.
 */
import type { Resources } from '../../infra/variants';
import type { ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import type { Parallelism } from '../../service/inference/parallelism';
import type { Capacity } from '../load/capacity-document';
import type { Slo } from '../load/slo';
import type { Subject } from '../timeline/timeline-document';
import { parseDocument } from '../load/parse-document';

/** Its file, beside the recordings. */
export const MACHINE_FILE = 'machine.json';
/** Name and version of the document; the version rises when a field changes its meaning. */
export const MACHINE_SCHEMA = 'tandem.machine-experiments';
export const MACHINE_VERSION = 2;

/** CPU time of the whole service, parent and model process, by its control group. */
export interface CpuPerImage {
  readonly model: ModelId;
  readonly engine: 'onnxruntime';
  readonly precision: Precision;
  /** Whether the service chooses this precision by itself on this machine. */
  readonly isDefault: boolean;
  readonly threads: number;
  /** CPU limit of the control group, millicores. */
  readonly limitMillis: number;
  /** While one client waits for each answer; one figure per repetition. */
  readonly cpuSecondsPerImage: readonly number[];
  /** Images classified, by repetition. */
  readonly images: readonly number[];
  /** CPU use of the service without load, while its metrics and its readiness are read as often as a pod's. */
  readonly idleCpuMillis: number;
}

/** The knee of one service in a control group with the printed CPU limit. */
export interface PrintedPod {
  readonly model: ModelId;
  readonly variant: string;
  readonly printed: Resources;
  /** The control group's limit; the printed one, which may exceed the machine. */
  readonly limitMillis: number;
  /** What the service started: by its limit, as far as the machine has cores for it. */
  readonly parallelism: Parallelism;
  readonly slo: Slo;
  /** The search with its probes: the knee lies between `lowPerSecond` and `highPerSecond`. */
  readonly capacity: Capacity;
  /** Share of the CPU quota's periods in which the quota was used up, over the whole search. */
  readonly throttledShare: number;
  /** What differs from a pod at these figures on a node of its own, one sentence each. */
  readonly deviations: readonly string[];
}

export interface MachineDocument {
  readonly schema: typeof MACHINE_SCHEMA;
  readonly version: typeof MACHINE_VERSION;
  readonly form: 'full' | 'quick';
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly commit: string;
  readonly machine: Subject['machine'];
  readonly seed: number;
  readonly cpuPerImage: readonly CpuPerImage[];
  readonly printedPods: readonly PrintedPod[];
}

/**
 * Reads a document.
 *
 * @throws Error if the text is no document of this schema and version
 */
export const parseMachineDocument = (text: string): MachineDocument =>
  parseDocument<MachineDocument>(
    text,
    { schema: MACHINE_SCHEMA, version: MACHINE_VERSION },
    'npm run experiments',
  );
