/**
 * What the server and a model's process say to each other.
 */
import type { ModelId } from '../../models/catalog';
import type { EngineOptions } from '../../models/engines/engine';
import type { ChecksummedFile } from '../../models/weights/saved-model';
import type { ErrorCode } from '../contract';

/** One piece of work. */
export type Work =
  | { readonly kind: 'classify'; readonly image: Buffer }
  /** Images float32 [batch, 224, 224, 3] in [0, 1]. */
  | { readonly kind: 'infer'; readonly images: Float32Array; readonly batch: number };

/** What the process was started for. */
export interface LoadMessage {
  readonly kind: 'load';
  /** The name that it is to be served under. */
  readonly model: ModelId;
  readonly options: EngineOptions;
}

/** Work with a number by which its result is known. */
export type WorkMessage = { readonly id: number } & Work;

/** What a loaded process says of itself. */
export interface LoadedModel {
  readonly classes: readonly string[];
  readonly demo: boolean;
  readonly architecture: string;
  /** Checksum of the saved model. */
  readonly sha256: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly precision: string;
  readonly threads: number;
  /** What was read: by name in the saved model's folder, an exported graph by its path. */
  readonly files: readonly ChecksummedFile[];
  /** One image, when warm. */
  readonly inferenceMs: number;
  /** From the process' start to the end of its warm-up. */
  readonly loadMs: number;
}

/** Probabilities [batch, classes] and what they took. */
export interface WorkResult {
  readonly probabilities: Float32Array;
  readonly decodeMs: number;
  readonly inferenceMs: number;
  /** Tensors that the engine holds between predictions, where it counts them. */
  readonly tensors?: number;
}

/** What became of a piece of work. */
export type ResultMessage =
  | ({ readonly kind: 'done'; readonly id: number } & WorkResult)
  | { readonly kind: 'failed'; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** All that a model's process says. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly loaded: LoadedModel }
  | { readonly kind: 'load-failed'; readonly message: string }
  | ResultMessage;
