/**
 * Messages between the server and a model process.
 */
import type { ModelName } from '../../models/catalog';
import type { EngineOptions, Precision } from '../../models/engines/engine';
import type { ChecksummedFile } from '../../models/weights/saved-model';
import type { ErrorCode } from '../contract';

/** Images [batch, 224, 224, 3]: float32 in [0, 1], or grey levels, which are a quarter of the bytes to send. */
export type ImageTensor = Float32Array | Uint8Array;

/** One piece of work. */
export type Work =
  | { readonly kind: 'classify'; readonly image: Buffer }
  | { readonly kind: 'infer'; readonly images: ImageTensor; readonly batch: number };

/** The first message to a model process. */
export interface LoadMessage {
  readonly kind: 'load';
  /** The name that the saved model must have; undefined for any. */
  readonly model: ModelName | undefined;
  readonly options: EngineOptions;
}

/** Work with an id that its result repeats. */
export type WorkMessage = { readonly id: number } & Work;

/** Facts about a loaded model. */
export interface LoadedModel {
  readonly classes: readonly string[];
  readonly demo: boolean;
  readonly architecture: string;
  /** Checksum of the saved model. */
  readonly sha256: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly precision: Precision;
  readonly threads: number;
  /** Files that were read: by name in the saved model's folder; an exported graph by its path. */
  readonly files: readonly ChecksummedFile[];
  /** Why the next start must export the graph again. */
  readonly graphNotStored?: string;
  /** Inference time of one image after warm-up. */
  readonly inferenceMs: number;
  /** From the process' start to the end of its warm-up. */
  readonly loadMs: number;
}

/** Probabilities [batch, classes] and the time they took. */
export interface WorkResult {
  readonly probabilities: Float32Array;
  readonly decodeMs: number;
  readonly inferenceMs: number;
  /** Tensors that the engine holds between predictions; only from engines that count them. */
  readonly tensors?: number;
}

/** The result of one piece of work. */
export type ResultMessage =
  | ({ readonly kind: 'done'; readonly id: number } & WorkResult)
  | { readonly kind: 'failed'; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** Every message from a model process. */
export type ModelProcessMessage =
  | { readonly kind: 'ready'; readonly loaded: LoadedModel }
  | { readonly kind: 'load-failed'; readonly message: string }
  | ResultMessage;
