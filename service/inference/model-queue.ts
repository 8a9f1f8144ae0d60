/**
 * The queue in front of a model process: bounded, with a deadline per request, and one request at a time in the process.
 * Each model has its own queue, so that no model waits for another's work; the kernel shares the CPU between them.
 */
import { REQUEST_TIMEOUT_MS } from '../contract';
import { ServiceError } from '../errors';
import type { ResultMessage, Work, WorkResult } from './protocol';
import { ModelProcess, type ModelProcessOptions, type ModelState } from './model-process';
import { ServiceTimes } from './service-time';

/** Maximum queued work, in milliseconds of estimated service time. */
const MAX_QUEUE_MS = 2_000;

/** A result with the time its work waited in the queue. */
export interface QueuedResult extends WorkResult {
  readonly queueMs: number;
}

/** How to start the queue's process, and its callbacks. */
export interface ModelQueueOptions extends Pick<ModelProcessOptions, 'model' | 'engine' | 'script'> {
  /** @default REQUEST_TIMEOUT_MS of the contract */
  readonly requestTimeoutMs?: number;
  readonly onState?: (state: ModelState) => void;
  readonly onRestart?: (reason: string) => void;
}

interface Job {
  readonly id: number;
  readonly work: Work;
  readonly enqueuedAt: number;
  readonly resolve: (result: QueuedResult) => void;
  readonly reject: (error: ServiceError) => void;
  /** Fires at the request's deadline, counted from when it was queued. */
  deadline?: NodeJS.Timeout;
  /** Fires when the process hangs, counted from when it received the work. */
  hang?: NodeJS.Timeout;
  startedAt?: number;
}

/** One model's queue and process. */
export class ModelQueue {
  private readonly process: ModelProcess;
  /** Time limit of a request, milliseconds. */
  readonly timeoutMs: number;
  private readonly queue: Job[] = [];
  private running: Job | undefined;
  private nextId = 1;
  private times = new ServiceTimes(0);

  constructor(options: ModelQueueOptions) {
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

  get state(): ModelState {
    return this.process.state;
  }

  /** Requests that are queued or running. */
  get inFlight(): number {
    return this.queue.length + (this.running === undefined ? 0 : 1);
  }

  /** Process id, for metrics and tests. */
  get processId(): number | undefined {
    return this.process.processId;
  }

  /** Why a new request would be rejected now, known before its body is read; undefined when it would be accepted. */
  rejection(): ServiceError | undefined {
    if (this.state.kind !== 'ready') {
      const failed = this.state.kind === 'failed';
      const detail = failed ? 'cannot be loaded; see the log' : 'is still loading; try again soon';
      return new ServiceError('NOT_READY', `The model ${detail}.`, this.process.restartMs);
    }
    const waitMs = this.waitMs();
    if (waitMs <= MAX_QUEUE_MS) return undefined;
    const message = `${this.inFlight} requests are already waiting; try again later or add replicas.`;
    return new ServiceError('OVERLOADED', message, waitMs);
  }

  /**
   * Queues a piece of work.
   *
   * @param signal aborted when the client has disconnected
   * @param remainingMs time left until the request's deadline
   * @throws ServiceError NOT_READY, OVERLOADED, DEADLINE_EXCEEDED, WORKER_FAILED, or the error of the work itself
   */
  run(work: Work, signal?: AbortSignal, remainingMs = this.timeoutMs): Promise<QueuedResult> {
    const rejection = this.rejection();
    if (rejection !== undefined) return Promise.reject(rejection);
    return new Promise((resolve, reject) => {
      const job: Job = { id: this.nextId++, work, enqueuedAt: performance.now(), resolve, reject };
      if (signal?.aborted === true) {
        this.fail(job, ...DISCONNECTED);
        return;
      }
      job.deadline = setTimeout(() => this.expire(job), remainingMs);
      signal?.addEventListener('abort', () => this.cancel(job), { once: true });
      this.queue.push(job);
      this.next();
    });
  }

  /** Stops the process; queued work fails. */
  stop(): void {
    for (const job of this.queue.splice(0))
      this.fail(job, 'WORKER_FAILED', 'The service is shutting down; try another replica.');
    clearTimeout(this.running?.hang);
    clearTimeout(this.running?.deadline);
    this.process.stop();
  }

  /** Estimated time until the process could start new work, milliseconds. */
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
    const message = 'The model process ended during this request; try again.';
    this.fail(job, 'WORKER_FAILED', message, this.process.restartMs);
  }

  private dequeue(job: Job): boolean {
    const waiting = this.queue.indexOf(job);
    if (waiting >= 0) this.queue.splice(waiting, 1);
    return waiting >= 0;
  }

  /** Answers at the deadline. Running work continues: whether it hangs is judged by its own time, not by its wait. */
  private expire(job: Job): void {
    this.dequeue(job);
    this.fail(job, 'DEADLINE_EXCEEDED', 'The answer took too long; try again later or with a smaller batch.');
  }

  private cancel(job: Job): void {
    if (this.dequeue(job)) this.fail(job, ...DISCONNECTED);
  }
}

const DISCONNECTED = ['BAD_REQUEST', 'The client disconnected.'] as const;
