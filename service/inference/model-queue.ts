/**
 * A model's queue and process, seen from the server: a bounded queue, a deadline on each request, one piece of work at a
 * time. Each model has its own, so that no model waits behind another's work; the kernel shares the CPU between them.
 */
import { REQUEST_TIMEOUT_MS } from '../contract';
import { ServiceError } from '../errors';
import type { ResultMessage, Work, WorkResult } from './protocol';
import { ModelProcess, type ModelProcessOptions, type WorkerState } from './model-process';
import { ServiceTimes } from './service-time';

/** Most work that may wait, in milliseconds of estimated service time. */
const QUEUE_LIMIT_MS = 2_000;

/** A result with the time it waited. */
export interface QueuedResult extends WorkResult {
  readonly queueMs: number;
}

/** What a worker is made of, and who hears of it. */
export interface ModelWorkerOptions extends Pick<ModelProcessOptions, 'model' | 'engine' | 'script'> {
  /** @default REQUEST_TIMEOUT_MS of the contract */
  readonly requestTimeoutMs?: number;
  readonly onState?: (state: WorkerState) => void;
  readonly onRestart?: (reason: string) => void;
}

interface Job {
  readonly id: number;
  readonly work: Work;
  readonly enqueuedAt: number;
  readonly resolve: (result: QueuedResult) => void;
  readonly reject: (error: ServiceError) => void;
  /** Until the deadline, from when the request was queued. */
  deadline?: NodeJS.Timeout;
  /** Until the process counts as hung, from when it was given the work. */
  hang?: NodeJS.Timeout;
  startedAt?: number;
}

/** One model's process and queue. */
export class ModelWorker {
  private readonly process: ModelProcess;
  /** Most time for a request, milliseconds. */
  readonly timeoutMs: number;
  private readonly queue: Job[] = [];
  private running: Job | undefined;
  private nextId = 1;
  private times = new ServiceTimes(0);

  constructor(options: ModelWorkerOptions) {
    this.timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.process = new ModelProcess({
      ...options,
      onState: (state) => {
        if (state.kind === 'ready') this.times = new ServiceTimes(state.loaded.inferenceMs);
        options.onState?.(state);
        this.next();
      },
      onResult: (message) => this.finish(message),
      onEnd: (reason) => {
        this.failRunning();
        options.onRestart?.(reason);
      },
    });
  }

  get state(): WorkerState {
    return this.process.state;
  }

  /** Requests that wait or run. */
  get inFlight(): number {
    return this.queue.length + (this.running === undefined ? 0 : 1);
  }

  /** The process' id, for operators and tests. */
  get processId(): number | undefined {
    return this.process.processId;
  }

  /** Why a request would be turned away now: known before its body is read. Nothing where it would be taken. */
  refusal(): ServiceError | undefined {
    if (this.state.kind !== 'ready') {
      const failed = this.state.kind === 'failed';
      const detail = failed ? 'cannot be loaded; see the log' : 'is still loading; try again soon';
      return new ServiceError('NOT_READY', `The model ${detail}.`, this.process.restartMs);
    }
    const waitMs = this.waitMs();
    if (waitMs <= QUEUE_LIMIT_MS) return undefined;
    const message = `${this.inFlight} requests wait already; try again later or add replicas.`;
    return new ServiceError('OVERLOADED', message, waitMs);
  }

  /**
   * Queues a piece of work.
   *
   * @param signal aborted when nobody waits for the answer any more
   * @param leftMs what is left of the request's time, where a part of it is spent
   * @throws ServiceError NOT_READY, OVERLOADED, DEADLINE_EXCEEDED, WORKER_FAILED or what the work itself failed with
   */
  run(work: Work, signal?: AbortSignal, leftMs = this.timeoutMs): Promise<QueuedResult> {
    const refusal = this.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const job: Job = { id: this.nextId++, work, enqueuedAt: performance.now(), resolve, reject };
      if (signal?.aborted === true) {
        this.fail(job, ...GONE);
        return;
      }
      job.deadline = setTimeout(() => this.expire(job), leftMs);
      signal?.addEventListener('abort', () => this.forget(job), { once: true });
      this.queue.push(job);
      this.next();
    });
  }

  /** Ends the process; what still waits fails. */
  stop(): void {
    for (const job of this.queue.splice(0))
      this.fail(job, 'WORKER_FAILED', 'The service stops; try another replica.');
    clearTimeout(this.running?.hang);
    clearTimeout(this.running?.deadline);
    this.process.stop();
  }

  /** Milliseconds until the process could turn to new work. */
  private waitMs(): number {
    const { running } = this;
    if (running === undefined) return 0;
    const runningMs = this.times.estimateMs(running.work) - (performance.now() - running.startedAt!);
    return this.queue.reduce((sum, { work }) => sum + this.times.estimateMs(work), Math.max(0, runningMs));
  }

  private next(): void {
    if (this.running !== undefined || this.state.kind !== 'ready') return;
    const job = this.queue.shift();
    if (job === undefined) return;
    this.running = job;
    job.startedAt = performance.now();
    job.hang = setTimeout(() => {
      this.process.replace(`a request took longer than ${this.timeoutMs} ms`);
    }, this.timeoutMs);
    this.process.send({ id: job.id, ...job.work });
  }

  private finish(message: ResultMessage): void {
    const job = this.running;
    if (job?.id !== message.id) return;
    this.running = undefined;
    clearTimeout(job.hang);
    clearTimeout(job.deadline);
    const startedAt = job.startedAt!;
    if (message.kind === 'done') {
      this.times.observe(job.work, message, performance.now() - startedAt);
      job.resolve({ ...message, queueMs: startedAt - job.enqueuedAt });
    } else job.reject(new ServiceError(message.code, message.message));
    this.next();
  }

  private fail(job: Job, code: ServiceError['code'], message: string, retryAfterMs?: number): void {
    clearTimeout(job.deadline);
    job.reject(new ServiceError(code, message, retryAfterMs));
  }

  private failRunning(): void {
    const job = this.running;
    if (job === undefined) return;
    this.running = undefined;
    clearTimeout(job.hang);
    const message = 'The model process ended while it worked on this; try again.';
    this.fail(job, 'WORKER_FAILED', message, this.process.restartMs);
  }

  private dequeue(job: Job): boolean {
    const waiting = this.queue.indexOf(job);
    if (waiting >= 0) this.queue.splice(waiting, 1);
    return waiting >= 0;
  }

  /** Answers at the deadline. Work that was begun goes on: only its own time, not its wait, shows whether it hangs. */
  private expire(job: Job): void {
    this.dequeue(job);
    this.fail(job, 'DEADLINE_EXCEEDED', 'The answer took too long; try again later or with a smaller batch.');
  }

  private forget(job: Job): void {
    if (this.dequeue(job)) this.fail(job, ...GONE);
  }
}

const GONE = ['BAD_REQUEST', 'The client went away.'] as const;
