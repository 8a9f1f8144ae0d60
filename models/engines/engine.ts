/**
 * What runs a saved model. The service and the evaluation know this interface only.
 */
import type { ChecksummedFile } from '../weights/saved-model';

export const ENGINE_KINDS = ['onnxruntime', 'tfjs-node', 'wasm'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** A loaded classifier. */
export interface Engine {
  readonly kind: EngineKind;
  /** Version of the library that computes. */
  readonly version: string;
  readonly precision: 'fp32';
  /** Threads that one prediction may use. */
  readonly threads: number;
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  /** The exported graph that runs; for engines that run one. */
  readonly graph?: ChecksummedFile;
  /**
   * Classifies a batch.
   *
   * @param images float32 [batch, 224, 224, 3], RGB in [0, 1]
   * @returns probabilities, float32 [batch, classes]
   */
  predict(images: Float32Array, batch: number): Promise<Float32Array>;
  /** Tensors alive in the engine; for engines that count them. */
  readonly tensors?: () => number;
  /** Frees the model; the engine is of no use afterwards. */
  dispose(): Promise<void>;
}

/** What to do about an engine that is slow; nothing for the others. */
export function adviceOn(kind: EngineKind): string | undefined {
  if (kind !== 'wasm') return undefined;
  return 'wasm runs on one thread and takes several times as long: choose onnxruntime, or tfjs-node after `npm run build:tfjs-node`';
}

/** An engine in a sentence, with what to do about a slow one. */
export function describeEngine({
  kind,
  version,
  threads,
}: Pick<Engine, 'kind' | 'version' | 'threads'>): string {
  const advice = adviceOn(kind);
  return `engine: ${kind} ${version}, threads: ${threads}${advice === undefined ? '' : `; ${advice}`}`;
}

/** What an engine is loaded for. */
export interface EngineOptions {
  readonly kind: EngineKind;
  /** Folder of the saved model. */
  readonly modelDir: string;
  readonly threads: number;
  /** Folder of exported graphs; onnxruntime alone uses it. */
  readonly onnxCacheDir: string;
}

/** Loads a saved model into an engine. */
export type LoadEngine = (options: EngineOptions) => Promise<Engine>;
