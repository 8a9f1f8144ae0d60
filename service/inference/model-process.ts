/**
 * Starts a model process, watches it, and restarts it with exponential backoff.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ModelName } from '../../models/catalog';
import type { EngineOptions } from '../../models/engines/engine';
import { MALLOC_ENV } from './malloc';
import type { LoadedModel, LoadMessage, ResultMessage, ModelProcessMessage, WorkMessage } from './protocol';

/** Backoff before a restart: doubles each time, and returns to the minimum after a healthy process. */
export const RESTART_MS = { min: 250, max: 30_000 } as const;
/** A process that was ready for this long was healthy: the backoff starts over when it ends. */
const HEALTHY_MS = 10_000;
/** A process that is not ready after this time hangs. Exporting ResNet101V2 on a tenth of a core is faster. */
const LOAD_TIMEOUT_MS = 300_000;

const TYPESCRIPT = __filename.endsWith('.ts');
const DEFAULT_SCRIPT = join(__dirname, TYPESCRIPT ? 'worker.ts' : 'worker.js');
// Resolved once: it reads files, for which no descriptor may be left when a process restarts.
const EXEC_ARGV = TYPESCRIPT ? ['--import', pathToFileURL(require.resolve('tsx')).href] : [];

/** State of a model process. */
export type ModelState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly loaded: LoadedModel }
  /** The model cannot be loaded; loading is retried. */
  | { readonly kind: 'failed'; readonly message: string };

/** Facts about the model of a process that is ready. */
export const loadedBy = (state: ModelState): LoadedModel | undefined =>
  state.kind === 'ready' ? state.loaded : undefined;

/** Whether two states say the same to a client and to the log. */
export const isSameState = (one: ModelState, other: ModelState): boolean =>
  one.kind === other.kind && (one.kind !== 'failed' || one.message === (other as typeof one).message);

/** How to start a process, and its callbacks. */
export interface ModelProcessOptions {
  /** The name that the saved model must have; undefined for any. */
  readonly model: ModelName | undefined;
  readonly engine: EngineOptions;
  /** Script that the process runs. @default worker.ts beside this file */
  readonly script?: string;
  /** Called when the state changes; a repeated failure with the same message is reported once. */
  readonly onState: () => void;
  readonly onResult: (message: ResultMessage) => void;
  /** Called when the process has ended and will be restarted. */
  readonly onEnd: (reason: string) => void;
}

/** One model's process. */
export class ModelProcess {
  state: ModelState = { kind: 'loading' };
  /** Backoff before the next restart, milliseconds. */
  restartMs: number = RESTART_MS.min;
  private child: ChildProcess | undefined;
  private readyAt: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private killReason: string | undefined;

  constructor(private readonly options: ModelProcessOptions) {
    this.start();
  }

  get processId(): number | undefined {
    return this.child?.pid;
  }

  send(message: WorkMessage): void {
    this.child!.send(message, this.onSent);
  }

  /** Kills a process that hangs; a new one is started. */
  replace(reason: string): void {
    this.killReason = reason;
    this.setState({ kind: 'loading' });
    this.child?.kill('SIGKILL');
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.child?.kill('SIGKILL');
  }

  // Errors are ignored here: when the process has ended, its exit fails the work that was sent.
  private readonly onSent = (): void => undefined;

  private start(): void {
    this.killReason = undefined;
    this.readyAt = undefined;
    let child: ChildProcess;
    try {
      child = fork(this.options.script ?? DEFAULT_SCRIPT, [], {
        serialization: 'advanced',
        // Before Node 22, a process with further certificates reads them at its start; this one opens no connections.
        env: { ...MALLOC_ENV, ...process.env, NODE_EXTRA_CA_CERTS: undefined },
        execArgv: EXEC_ARGV,
        // Not standard output: libuv makes what a child inherits blocking, for this process too, whose log must not wait.
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
    } catch (error) {
      // Later, as `error` is emitted: the constructor's caller cannot be told yet.
      process.nextTick(() => this.onNotStarted(error as Error));
      return;
    }
    this.child = child;
    this.timer = setTimeout(() => {
      this.replace(`not ready within ${LOAD_TIMEOUT_MS / 1000} s`);
    }, LOAD_TIMEOUT_MS);
    child.on('message', (message: ModelProcessMessage) => {
      // What a process sent before it ended or was killed can arrive later: it must not count as ready then.
      const isEnding = this.child !== child || this.killReason !== undefined;
      if (!this.stopped && !(isEnding && message.kind === 'ready')) this.receive(message);
    });
    child.on('exit', (code, signal) => this.onExit(`the process ended (${signal ?? `exit code ${code}`})`));
    child.on('error', (error) => {
      // A process that could not be started never emits `exit`.
      if (child.pid === undefined) this.onNotStarted(error);
    });
    // Without a descriptor for its channel a child has no `send` either.
    if (child.pid === undefined) return;
    child.send(
      { kind: 'load', model: this.options.model, options: this.options.engine } satisfies LoadMessage,
      this.onSent,
    );
  }

  private setState(state: ModelState): void {
    const isNews = !isSameState(state, this.state);
    this.state = state;
    if (isNews) this.options.onState();
  }

  private receive(message: ModelProcessMessage): void {
    if (message.kind === 'ready') {
      clearTimeout(this.timer);
      this.readyAt = performance.now();
      this.setState({ kind: 'ready', loaded: message.loaded });
    } else if (message.kind === 'load-failed') this.setState({ kind: 'failed', message: message.message });
    else this.options.onResult(message);
  }

  private onNotStarted({ message }: Error): void {
    this.onExit(`the process could not be started (${message})`);
  }

  private onExit(reason: string): void {
    this.child = undefined;
    clearTimeout(this.timer);
    if (this.stopped) return;
    const healthy = this.readyAt !== undefined && performance.now() - this.readyAt >= HEALTHY_MS;
    if (healthy) this.restartMs = RESTART_MS.min;
    // A model that cannot be loaded stays failed during retries.
    if (this.state.kind === 'ready') this.setState({ kind: 'loading' });
    // Before the callback, which may stop it.
    this.timer = setTimeout(() => this.start(), this.restartMs);
    this.options.onEnd(this.killReason ?? reason);
    this.restartMs = Math.min(2 * this.restartMs, RESTART_MS.max);
  }
}
