/**
 * The queue in front of a model's processes: bounded, with a deadline per request, and one request at a time in each
 * process. Each model has its own queue, so that no model waits for another's work; the kernel shares the CPU between them.
 */
import { REQUEST_TIMEOUT_MS } from '../contract';
import { ServiceError } from '../errors';
import { DISCONNECTED, type Disconnection, failJob, type Job, type QueuedResult, STOPPED } from './job';
import type { ResultMessage, Work } from './protocol';
import {
  isSameState,
  loadedBy,
  ModelProcess,
  type ModelProcessOptions,
  type ModelState,
} from './model-process';
import { ServiceTimes } from './service-time';

/** Maximum queued work, in milliseconds of estimated service time. */
const MAX_QUEUE_MS = 2_000;

/** How to start the queue's processes, and its callbacks. */
export interface ModelQueueOptions extends Pick<ModelProcessOptions, 'model' | 'engine' | 'script'> {
  /** Processes that run the model side by side. @default 1 */
  readonly processes?: number;
  /** @default REQUEST_TIMEOUT_MS of the contract */
  readonly requestTimeoutMs?: number;
  readonly onState?: (state: ModelState) => void;
  readonly onRestart?: (reason: string) => void;
  /** Called when a process has loaded another model than those beside it, with the checksums of all. */
  readonly onMixed?: (sha256s: readonly string[]) => void;
}

/** A process and the work that it does now. */
interface Worker {
  readonly process: ModelProcess;
  running?: Job | undefined;
}

const isReady = ({ process }: Worker) => process.state.kind === 'ready';
const isFree = (worker: Worker) => isReady(worker) && worker.running === undefined;

/** One model's queue and processes. */
export class ModelQueue {
  private readonly workers: Worker[] = [];
  /** True once every process has been ready: from then on the others go on when one ends. */
  private hasStarted = false;
  private reported: ModelState = { kind: 'loading' };
  private models = 0;
  /** Time limit of a request, milliseconds. */
  readonly timeoutMs: number;
  /** Processes that run the model side by side once all have started. */
  readonly processes: number;
  private readonly queue: Job[] = [];
  private nextId = 1;
  private times = new ServiceTimes(0);
  private stopped = false;

  constructor(private readonly options: ModelQueueOptions) {
    this.timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.processes = options.processes ?? 1;
    this.addWorker();
  }

  /** Ready when a process can work, but at the start not before all of them can. */
  get state(): ModelState {
    const { workers, hasStarted } = this;
    const decisive = hasStarted ? workers.find(isReady) : workers.find((worker) => !isReady(worker));
    return (decisive ?? workers[0]!).process.state;
  }

  /** Requests that are queued or running. */
  get inFlight(): number {
    return this.queue.length + this.workers.filter(({ running }) => running !== undefined).length;
  }

  /** Process ids, for metrics. */
  get processIds(): number[] {
    return this.workers.flatMap(({ process }) => process.processId ?? []);
  }

  /** Id of the first process, for tests. */
  get processId(): number | undefined {
    return this.workers[0]!.process.processId;
  }

  /** Why a new request would be rejected now, known before its body is read; undefined when it would be accepted. */
  rejection(): ServiceError | undefined {
    const unready = this.unready();
    if (unready !== undefined) return unready;
    const waitMs = this.waitMs();
    if (waitMs <= MAX_QUEUE_MS) return undefined;
    const message = `${this.inFlight} requests are already waiting; try again later or add replicas.`;
    return new ServiceError('OVERLOADED', message, waitMs);
  }

  /** Why no work can be taken, whatever the load. */
  private unready(): ServiceError | undefined {
    if (this.stopped) return new ServiceError(...STOPPED);
    if (this.state.kind !== 'ready') {
      const failed = this.state.kind === 'failed';
      const detail = failed ? 'cannot be loaded; see the log' : 'is not loaded yet; try again soon';
      return new ServiceError('NOT_READY', `The model ${detail}.`, this.workers[0]!.process.restartMs);
    }
    return undefined;
  }

  /**
   * Queues a piece of work.
   *
   * @param disconnection aborted when the client has disconnected
   * @param remainingMs time left until the request's deadline
   * @param isAdmitted whether it is a further image of a request whose first was taken: the load does not refuse it then
   * @throws ServiceError NOT_READY, OVERLOADED, DEADLINE_EXCEEDED, WORKER_FAILED, or the error of the work itself
   */
  run(
    work: Work,
    disconnection?: Disconnection,
    remainingMs = this.timeoutMs,
    isAdmitted = false,
  ): Promise<QueuedResult> {
    const rejection = isAdmitted ? this.unready() : this.rejection();
    if (rejection !== undefined) return Promise.reject(rejection);
    return new Promise((resolve, reject) => {
      const job: Job = { id: this.nextId++, work, enqueuedAt: performance.now(), resolve, reject };
      if (disconnection?.aborted === true) {
        failJob(job, ...DISCONNECTED);
        return;
      }
      job.deadline = setTimeout(() => this.expire(job), remainingMs);
      disconnection?.addEventListener('abort', () => this.cancel(job));
      this.queue.push(job);
      this.next();
    });
  }

  /** Stops the processes; all work fails, and no more is taken. */
  stop(): void {
    this.stopped = true;
    for (const job of this.queue.splice(0)) failJob(job, ...STOPPED);
    for (const worker of this.workers) {
      const { running, process } = worker;
      worker.running = undefined;
      clearTimeout(running?.hang);
      if (running !== undefined) failJob(running, ...STOPPED);
      process.stop();
    }
  }

  private addWorker(): void {
    const worker: Worker = {
      process: new ModelProcess({
        ...this.options,
        onState: () => this.onChange(),
        onResult: (message) => this.finish(worker, message),
        onEnd: (reason) => {
          this.failRunning(worker);
          this.options.onRestart?.(reason);
        },
      }),
    };
    this.workers.push(worker);
  }

  private onChange(): void {
    const { workers, options, processes } = this;
    if (!this.hasStarted && isReady(workers[0]!)) {
      // Not before: the first may still export the graph that all of them read.
      while (workers.length < processes) this.addWorker();
      this.hasStarted = workers.every(isReady);
    }
    const { state } = this;
    const isNews = !isSameState(state, this.reported);
    this.reported = state;
    if (isNews && state.kind === 'ready') this.times = new ServiceTimes(state.loaded.inferenceMs);
    if (isNews) options.onState?.(state);
    this.reportMixed();
    this.next();
  }

  /** A process that restarts loads what is on the disk then. */
  private reportMixed(): void {
    const sha256s = new Set(this.workers.flatMap(({ process }) => loadedBy(process.state)?.sha256 ?? []));
    if (sha256s.size > 1 && sha256s.size > this.models) this.options.onMixed?.([...sha256s]);
    this.models = sha256s.size;
  }

  /** Estimated time until a process could start new work, milliseconds. */
  private waitMs(): number {
    const ready = this.workers.filter(isReady);
    if (ready.some(isFree)) return 0;
    const now = performance.now();
    const running = ready.reduce(
      (sum, { running: job }) =>
        sum + Math.max(0, this.times.estimateMs(job!.work) - (now - job!.startedAt!)),
      0,
    );
    const total = this.queue.reduce((sum, { work }) => sum + this.times.estimateMs(work), running);
    return total / ready.length;
  }

  private next(): void {
    if (this.state.kind !== 'ready') return;
    for (let free = this.workers.find(isFree); free !== undefined; free = this.workers.find(isFree)) {
      const job = this.queue.shift();
      if (job === undefined) return;
      this.start(free, job);
    }
  }

  private start(worker: Worker, job: Job): void {
    worker.running = job;
    job.startedAt = performance.now();
    // Now, because a process that is about to end may still answer, and is not ready then.
    job.loaded = loadedBy(worker.process.state)!;
    job.hang = setTimeout(() => {
      worker.process.replace(`a request took longer than ${this.timeoutMs} ms`);
    }, this.timeoutMs);
    worker.process.send({ id: job.id, ...job.work });
  }

  private finish(worker: Worker, message: ResultMessage): void {
    const job = worker.running;
    if (job?.id !== message.id) return;
    worker.running = undefined;
    clearTimeout(job.hang);
    clearTimeout(job.deadline);
    const startedAt = job.startedAt!;
    const totalMs = performance.now() - startedAt;
    if (message.kind === 'done') {
      this.times.observe(job.work, message, totalMs);
      job.resolve({ ...message, queueMs: startedAt - job.enqueuedAt, loaded: job.loaded! });
    } else {
      this.times.observeFailed(job.work, totalMs);
      job.reject(new ServiceError(message.code, message.message));
    }
    this.next();
  }

  private failRunning(worker: Worker): void {
    const job = worker.running;
    if (job === undefined) return;
    worker.running = undefined;
    clearTimeout(job.hang);
    const message = 'The model process ended during this request; try again.';
    failJob(job, 'WORKER_FAILED', message, worker.process.restartMs);
  }

  private dequeue(job: Job): boolean {
    const waiting = this.queue.indexOf(job);
    if (waiting >= 0) this.queue.splice(waiting, 1);
    return waiting >= 0;
  }

  /** Answers at the deadline. Running work continues: whether it hangs is judged by its own time, not by its wait. */
  private expire(job: Job): void {
    this.dequeue(job);
    failJob(job, 'DEADLINE_EXCEEDED', 'The answer took too long; try again later or with a smaller batch.');
  }

  private cancel(job: Job): void {
    if (this.dequeue(job)) failJob(job, ...DISCONNECTED);
  }
}
