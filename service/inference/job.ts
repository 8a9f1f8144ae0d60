/**
 * One piece of work in a queue: who waits for it, its timers, and how it fails.
 */
import { ServiceError } from '../errors';
import type { LoadedModel, Work, WorkResult } from './protocol';

/** A result with the time its work waited in the queue, and the model that it is from. */
export interface QueuedResult extends WorkResult {
  readonly queueMs: number;
  /** Of the process that did the work: another one may have started before or after a model was replaced on disk. */
  readonly loaded: LoadedModel;
}

/** What the queue needs of an AbortSignal; making a real one for each request costs more than the queue. */
export interface Disconnection {
  readonly aborted: boolean;
  addEventListener(event: 'abort', cancel: () => void): void;
}

/** Work that is queued or running. */
export interface Job {
  readonly id: number;
  readonly work: Work;
  /** As `performance.now()`. */
  readonly enqueuedAt: number;
  readonly resolve: (result: QueuedResult) => void;
  readonly reject: (error: ServiceError) => void;
  /** Fires at the request's deadline, counted from when it was queued. */
  deadline?: NodeJS.Timeout;
  /** Fires when the process hangs, counted from when it received the work. */
  hang?: NodeJS.Timeout;
  /** As `performance.now()`. */
  startedAt?: number;
  /** The model of the process that got the work. */
  loaded?: LoadedModel;
}

export const STOPPED = ['WORKER_FAILED', 'The service is shutting down; try another replica.'] as const;
export const DISCONNECTED = ['BAD_REQUEST', 'The client disconnected.'] as const;

/** Answers with an error. Running work continues: its process is judged by {@link Job.hang}. */
export function failJob(
  { deadline, reject }: Job,
  code: ServiceError['code'],
  message: string,
  retryAfterMs?: number,
): void {
  clearTimeout(deadline);
  reject(new ServiceError(code, message, retryAfterMs));
}
