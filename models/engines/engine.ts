/**
 * The interface of an engine, which runs a saved model. The service and the evaluation know only this.
 */
import type { ChecksummedFile } from '../weights/saved-model';

/** Precisions that a model can run in. */
export const PRECISIONS = ['fp32', 'int8', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];
/** The precision that every engine can compute in. */
export const DEFAULT_PRECISION: Precision = 'fp32';

export const ENGINE_KINDS = ['onnxruntime', 'openvino', 'tfjs-node', 'wasm'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** The precisions that each engine can compute in. */
export const PRECISIONS_OF: Readonly<Record<EngineKind, readonly Precision[]>> = {
  onnxruntime: ['fp32', 'int8'],
  openvino: ['fp32', 'bf16'],
  'tfjs-node': ['fp32'],
  wasm: ['fp32'],
};

/** The engines that can compute in a precision, in words. */
export const enginesAt = (precision: Precision): string =>
  ENGINE_KINDS.filter((kind) => PRECISIONS_OF[kind].includes(precision)).join(' or ');

/** @throws RangeError with the remedy if an engine cannot compute in a precision */
export function checkPrecision(kind: EngineKind, precision: Precision): void {
  const own = PRECISIONS_OF[kind];
  if (own.includes(precision)) return;
  throw new RangeError(
    `engine ${kind} computes in ${own.join(' or ')}, received precision ${precision}: choose engine ${enginesAt(precision)}, or precision ${DEFAULT_PRECISION}`,
  );
}

/** A loaded classifier. */
export interface Engine {
  readonly kind: EngineKind;
  /** Version of the library that computes. */
  readonly version: string;
  readonly precision: Precision;
  /** Threads that one prediction may use. */
  readonly threads: number;
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  /** The exported graph, for engines that run one. */
  readonly graph?: ChecksummedFile;
  /** Why the next start must export the graph again. */
  readonly graphNotStored?: string;
  /**
   * Classifies a batch.
   *
   * @param images float32 [batch, 224, 224, 3], RGB in [0, 1]
   * @returns probabilities, float32 [batch, classes]
   */
  predict(images: Float32Array, batch: number): Promise<Float32Array>;
  /** Number of live tensors, for engines that count them. */
  readonly tensors?: () => number;
  /** Frees the model; do not use the engine afterwards. */
  dispose(): Promise<void>;
}

/** Advice on a slow engine; undefined for the others. */
export function adviceOn(kind: EngineKind): string | undefined {
  if (kind !== 'wasm') return undefined;
  return 'wasm runs on one thread and takes several times as long: choose onnxruntime, or tfjs-node after `npm run build:tfjs-node`';
}

/** Describes an engine in one line, with advice on a slow one. */
export function describeEngine({
  kind,
  version,
  precision,
  threads,
}: Pick<Engine, 'kind' | 'version' | 'precision' | 'threads'>): string {
  const advice = adviceOn(kind);
  return `engine: ${kind} ${version}, precision: ${precision}, threads: ${threads}${advice === undefined ? '' : `; ${advice}`}`;
}

/** Which model to load, and how to run it. */
export interface EngineOptions {
  readonly kind: EngineKind;
  /** Folder of the saved model. */
  readonly modelDir: string;
  readonly threads: number;
  /**
   * @default with onnxruntime int8 if it passed the gate for this model and the CPU is fast at it, with openvino bf16 if
   *   the CPU has it; else fp32
   */
  readonly precision?: Precision | undefined;
  /** Folder of exported graphs, for engines that run one. */
  readonly onnxCacheDir: string;
}

/** Loads a saved model into an engine. */
export type LoadEngine = (options: EngineOptions) => Promise<Engine>;
