/**
 * A model's process: started, watched and started again, with longer and longer pauses while that does not help.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ModelId } from '../../models/catalog';
import type { EngineOptions } from '../../models/engines/engine';
import { MALLOC_ENV } from './malloc';
import type { LoadedModel, LoadMessage, ResultMessage, WorkerMessage, WorkMessage } from './protocol';

/** Pause before a new process: doubled each time, back to the first once a process stayed well. */
export const RESTART_MS = { first: 250, most: 30_000 } as const;
/** A process that was ready for this long is well: its end is not the continuation of the one before. */
const HEALTHY_MS = 10_000;
/** A process that is not ready by then hangs. Exporting ResNet101V2 on a tenth of a core takes less. */
const LOAD_TIMEOUT_MS = 300_000;

const TYPESCRIPT = __filename.endsWith('.ts');
const DEFAULT_SCRIPT = join(__dirname, TYPESCRIPT ? 'worker.ts' : 'worker.js');

/** How far a model's process is. */
export type WorkerState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly loaded: LoadedModel }
  /** It cannot be loaded, and is tried again. */
  | { readonly kind: 'failed'; readonly message: string };

/** What a process is started with, and who hears of it. */
export interface ModelProcessOptions {
  readonly model: ModelId;
  readonly engine: EngineOptions;
  /** Script of the process. @default worker.ts beside this file */
  readonly script?: string;
  /** Called when the state changes; a failure that repeats itself is told once. */
  readonly onState: (state: WorkerState) => void;
  readonly onResult: (message: ResultMessage) => void;
  /** Called when the process is gone and another will be started. */
  readonly onEnd: (reason: string) => void;
}

/** The process of one model. */
export class ModelProcess {
  state: WorkerState = { kind: 'loading' };
  /** When a new process is started after the next end, milliseconds. */
  restartMs: number = RESTART_MS.first;
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

  /** Ends a process that does not do its work; another is started. */
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

  // A process that is gone takes no message: its end says so, and what was sent fails with it.
  private readonly onSent = (): void => undefined;

  private start(): void {
    this.killReason = undefined;
    this.readyAt = undefined;
    const child = fork(this.options.script ?? DEFAULT_SCRIPT, [], {
      serialization: 'advanced',
      env: { ...MALLOC_ENV, ...process.env },
      execArgv: TYPESCRIPT ? ['--import', pathToFileURL(require.resolve('tsx')).href] : [],
    });
    this.child = child;
    this.timer = setTimeout(() => {
      this.replace(`not ready within ${LOAD_TIMEOUT_MS / 1000} s`);
    }, LOAD_TIMEOUT_MS);
    child.on('message', (message: WorkerMessage) => this.receive(message));
    child.on('exit', (code, signal) => this.onExit(`the process ended (${signal ?? `exit code ${code}`})`));
    child.on('error', (error) => {
      // Where no process came to be there is no exit either.
      if (child.pid === undefined) this.onExit(`no process could be started (${error.message})`);
    });
    child.send(
      { kind: 'load', model: this.options.model, options: this.options.engine } satisfies LoadMessage,
      this.onSent,
    );
  }

  private setState(state: WorkerState): void {
    const same =
      state.kind === this.state.kind &&
      (state.kind !== 'failed' || state.message === (this.state as typeof state).message);
    this.state = state;
    if (!same) this.options.onState(state);
  }

  private receive(message: WorkerMessage): void {
    if (message.kind === 'ready') {
      clearTimeout(this.timer);
      this.readyAt = performance.now();
      this.setState({ kind: 'ready', loaded: message.loaded });
    } else if (message.kind === 'load-failed') this.setState({ kind: 'failed', message: message.message });
    else this.options.onResult(message);
  }

  private onExit(reason: string): void {
    this.child = undefined;
    clearTimeout(this.timer);
    if (this.stopped) return;
    const healthy = this.readyAt !== undefined && performance.now() - this.readyAt >= HEALTHY_MS;
    if (healthy) this.restartMs = RESTART_MS.first;
    // What cannot be loaded stays failed while it is tried again.
    if (this.state.kind === 'ready') this.setState({ kind: 'loading' });
    this.options.onEnd(this.killReason ?? reason);
    this.timer = setTimeout(() => this.start(), this.restartMs);
    this.restartMs = Math.min(2 * this.restartMs, RESTART_MS.most);
  }
}
