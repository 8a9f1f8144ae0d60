/**
 * A model's process, seen from the server: a bounded queue before it, a deadline on each request, a new process when
 * it dies.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { EngineOptions } from '../models/engines/engine';
import { REQUEST_TIMEOUT_MS } from './contract';
import { ServiceError } from './errors';
import type { LoadedModel, LoadMessage, Work, WorkerMessage, WorkMessage, WorkResult } from './messages';

/** Most work that may wait, in milliseconds of estimated service time. */
const QUEUE_LIMIT_MS = 2_000;
/** Weight of the newest service time in the estimate. */
const ESTIMATE_WEIGHT = 0.2;
const FIRST_ESTIMATE_MS = 100;
const RESTART_MS = { first: 250, most: 30_000 } as const;

const TYPESCRIPT = __filename.endsWith('.ts');
const DEFAULT_WORKER = join(__dirname, TYPESCRIPT ? 'worker.ts' : 'worker.js');

/** A result with the time it waited. */
export interface QueuedResult extends WorkResult {
  readonly queueMs: number;
}

export type WorkerState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly loaded: LoadedModel }
  | { readonly kind: 'failed'; readonly message: string };

export interface ModelWorkerOptions {
  readonly engine: EngineOptions;
  /** Script of the process. @default worker.ts beside this file */
  readonly script?: string;
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
  timer?: NodeJS.Timeout;
  startedAt?: number;
}

/** One model's process and queue. */
export class ModelWorker {
  state: WorkerState = { kind: 'loading' };
  private child: ChildProcess | undefined;
  private readonly queue: Job[] = [];
  private running: Job | undefined;
  private nextId = 1;
  private estimateMs = FIRST_ESTIMATE_MS;
  private restartMs: number = RESTART_MS.first;
  private restartTimer: NodeJS.Timeout | undefined;
  private stopped = false;
  private killReason: string | undefined;

  constructor(private readonly options: ModelWorkerOptions) {
    this.start();
  }

  /** Requests that wait or run. */
  get inFlight(): number {
    return this.queue.length + (this.running === undefined ? 0 : 1);
  }

  /** The process' id, for operators and tests. */
  get processId(): number | undefined {
    return this.child?.pid;
  }

  /**
   * Queues a piece of work.
   *
   * @param signal aborted when nobody waits for the answer any more
   * @throws ServiceError NOT_READY, OVERLOADED, DEADLINE_EXCEEDED, WORKER_FAILED or what the work itself failed with
   */
  run(work: Work, signal?: AbortSignal): Promise<QueuedResult> {
    if (this.state.kind !== 'ready') {
      const detail =
        this.state.kind === 'failed' ? 'cannot be loaded; see the log' : 'is still loading; try again soon';
      return Promise.reject(new ServiceError('NOT_READY', `The model ${detail}.`, this.restartMs));
    }
    const waitMs = this.inFlight * this.estimateMs;
    if (this.running !== undefined && waitMs > QUEUE_LIMIT_MS) {
      const message = `${this.inFlight} requests wait already; try again later or add replicas.`;
      return Promise.reject(new ServiceError('OVERLOADED', message, waitMs));
    }
    return new Promise((resolve, reject) => {
      const job: Job = { id: this.nextId++, work, enqueuedAt: performance.now(), resolve, reject };
      job.timer = setTimeout(() => this.expire(job), this.options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
      signal?.addEventListener('abort', () => this.forget(job), { once: true });
      this.queue.push(job);
      this.next();
    });
  }

  /** Ends the process; what still waits fails. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.restartTimer);
    for (const job of this.queue.splice(0))
      this.fail(job, 'WORKER_FAILED', 'The service stops; try another replica.');
    this.child?.kill('SIGKILL');
  }

  private start(): void {
    this.state = { kind: 'loading' };
    this.killReason = undefined;
    const child = fork(this.options.script ?? DEFAULT_WORKER, [], {
      serialization: 'advanced',
      execArgv: TYPESCRIPT ? ['--import', pathToFileURL(require.resolve('tsx')).href] : [],
    });
    this.child = child;
    child.on('message', (message: WorkerMessage) => this.receive(message));
    child.on('exit', (code, signal) => this.onExit(code, signal));
    child.send({ kind: 'load', options: this.options.engine } satisfies LoadMessage);
  }

  private setState(state: WorkerState): void {
    this.state = state;
    this.options.onState?.(state);
  }

  private receive(message: WorkerMessage): void {
    if (message.kind === 'ready') {
      this.restartMs = RESTART_MS.first;
      this.setState({ kind: 'ready', loaded: message.loaded });
      this.next();
      return;
    }
    if (message.kind === 'load-failed') {
      this.setState({ kind: 'failed', message: message.message });
      return;
    }
    const job = this.running;
    if (job?.id !== message.id) return;
    this.running = undefined;
    clearTimeout(job.timer);
    const startedAt = job.startedAt!;
    if (message.kind === 'done') {
      this.estimateMs += ESTIMATE_WEIGHT * (performance.now() - startedAt - this.estimateMs);
      const { probabilities, decodeMs, inferenceMs } = message;
      job.resolve({ probabilities, decodeMs, inferenceMs, queueMs: startedAt - job.enqueuedAt });
    } else {
      job.reject(new ServiceError(message.code, message.message));
    }
    this.next();
  }

  private next(): void {
    if (this.running !== undefined || this.state.kind !== 'ready') return;
    const job = this.queue.shift();
    if (job === undefined) return;
    this.running = job;
    job.startedAt = performance.now();
    this.child!.send({ id: job.id, ...job.work } satisfies WorkMessage);
  }

  private fail(job: Job, code: ServiceError['code'], message: string, retryAfterMs?: number): void {
    clearTimeout(job.timer);
    job.reject(new ServiceError(code, message, retryAfterMs));
  }

  private expire(job: Job): void {
    const waiting = this.queue.indexOf(job);
    if (waiting >= 0) this.queue.splice(waiting, 1);
    this.fail(job, 'DEADLINE_EXCEEDED', 'The answer took too long; try again later or with a smaller batch.');
    if (waiting < 0 && this.running === job) {
      this.running = undefined;
      this.kill('a request passed its deadline');
    }
  }

  private forget(job: Job): void {
    const waiting = this.queue.indexOf(job);
    if (waiting < 0) return;
    this.queue.splice(waiting, 1);
    this.fail(job, 'BAD_REQUEST', 'The client went away.');
  }

  private kill(reason: string): void {
    this.killReason = reason;
    this.state = { kind: 'loading' };
    this.child?.kill('SIGKILL');
  }

  private onExit(code: number | null, signal: NodeJS.Signals | null): void {
    const job = this.running;
    this.running = undefined;
    if (job !== undefined) {
      this.fail(
        job,
        'WORKER_FAILED',
        'The model process ended while it worked on this; try again.',
        this.restartMs,
      );
    }
    if (this.stopped) return;
    if (this.state.kind !== 'failed') this.setState({ kind: 'loading' });
    this.options.onRestart?.(this.killReason ?? `the process ended (${signal ?? `exit code ${code}`})`);
    this.restartTimer = setTimeout(() => this.start(), this.restartMs);
    this.restartMs = Math.min(2 * this.restartMs, RESTART_MS.most);
  }
}
