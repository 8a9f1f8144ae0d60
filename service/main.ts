/**
 * The service's entry: `node build/service/main.js`.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { type Logger, pino } from 'pino';

import type { ModelId } from '../models/catalog';
import { adviceOn } from '../models/engines/engine';
import { openApiKeys } from './http/api-key';
import { createApp } from './api/app';
import { type Config, readConfig } from './config';
import { DRAIN_DELAY_MS, ENV, REQUEST_TIMEOUT_MS } from './contract';
import { closeServer, createDrain } from './http/drain';
import { createHttpServer, type Timeouts } from './http/server';
import { createMetrics } from './metrics';
import { createMetricsApp } from './api/metrics-app';
import { RESTART_MS, type WorkerState } from './inference/model-process';
import { checkNodeVersion } from './node-version';
import { ModelWorker } from './inference/model-queue';

/** A running service. */
export interface Running {
  readonly port: number;
  /** Where the metrics have a port of their own. */
  readonly metricsPort?: number;
  /** Resolves when every model is warm; never rejects, since a model that cannot be loaded is tried again. */
  readonly ready: Promise<void>;
  readonly workers: ReadonlyMap<ModelId, ModelWorker>;
  /**
   * Stops: readiness fails at once, requests are taken for the delay, those in flight finish. Asked again it goes on as
   * it began.
   *
   * @param delayMs how long routing may take to notice
   */
  stop(delayMs?: number): Promise<void>;
}

/** What a service is started with beside its configuration. */
export interface ServeOptions extends Timeouts {
  readonly log: Logger;
  /** Script of the model processes. @default worker.ts */
  readonly workerScript?: string;
  readonly requestTimeoutMs?: number;
}

/** Why a port cannot be had, and what to do. */
function portProblem(code: string | undefined, variable: string): string | undefined {
  if (code === 'EADDRINUSE') return `is taken: stop what listens there or set ${variable} to another`;
  if (code === 'EACCES')
    return `may not be listened on: set ${variable} to one from 1024 on or give the process CAP_NET_BIND_SERVICE`;
  return undefined;
}

function listen(server: Server, port: number, variable: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const problem = portProblem(error.code, variable);
      reject(problem === undefined ? error : new Error(`port ${port} ${problem}`, { cause: error }));
    });
    server.listen(port, () => resolve((server.address() as AddressInfo).port));
  });
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts model processes and listens; it is live at once and ready once `ready` resolves. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  const { log, workerScript, requestTimeoutMs } = options;
  const { threads, engine: kind, onnxCacheDir } = config;
  const workers = new Map<ModelId, ModelWorker>();
  const metrics = createMetrics(workers);
  const app = createApp({
    workers,
    metrics,
    cpuLimitMillis: config.cpuLimitMillis,
    log,
    draining: () => drain.draining,
    samplesDir: join(config.modelsDir, 'samples'),
    hasMetricsPort: config.metricsPort !== undefined,
    ...(config.apiKeyFile === undefined ? {} : { checkApiKey: openApiKeys(config.apiKeyFile, log) }),
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
  });
  const drain = createDrain(app);
  const server = createHttpServer(drain.handler, options);
  const port = await listen(server, config.port, ENV.port);
  const metricsServer =
    config.metricsPort === undefined ? undefined : createHttpServer(createMetricsApp(metrics));
  const metricsPort =
    metricsServer &&
    (await listen(metricsServer, config.metricsPort!, ENV.metricsPort).catch((error: unknown) => {
      server.close();
      throw error;
    }));

  const ready = config.models.map((model) => {
    const modelDir = join(config.modelsDir, model);
    log.info({ model, modelDir, engine: kind, threads }, 'loading model');
    return new Promise<void>((resolve) => {
      const onState = (state: WorkerState) => {
        if (state.kind === 'ready') {
          log.info({ model, ...state.loaded, classes: state.loaded.classes.length }, 'model ready');
          const advice = adviceOn(kind);
          if (advice !== undefined) log.warn({ model }, advice);
          resolve();
        } else if (state.kind === 'failed')
          log.error(
            { model, modelDir, reason: state.message },
            `model not loaded; it is tried again, after longer and longer pauses of up to ${RESTART_MS.most / 1000} s`,
          );
      };
      const onRestart = (reason: string) => {
        metrics.restarts.inc({ model });
        // What keeps a model from loading was said once.
        const failed = worker.state.kind === 'failed';
        log[failed ? 'debug' : 'warn']({ model, reason }, 'model process restarts');
      };
      const worker = new ModelWorker({
        model,
        engine: { kind, modelDir, threads, onnxCacheDir },
        onState,
        onRestart,
        ...(workerScript === undefined ? {} : { script: workerScript }),
        ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      });
      workers.set(model, worker);
    });
  });

  const end = async (delayMs: number): Promise<void> => {
    drain.begin();
    log.info({ delayMs }, 'draining');
    await delay(delayMs);
    await closeServer(server, REQUEST_TIMEOUT_MS);
    metricsServer?.close();
    metricsServer?.closeAllConnections();
    for (const worker of workers.values()) worker.stop();
    log.info('stopped');
  };
  let ending: Promise<void> | undefined;
  const stop = (delayMs = 0): Promise<void> => (ending ??= end(delayMs));
  return {
    port,
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ready: Promise.all(ready).then(() => undefined),
    workers,
    stop,
  };
}

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Stops on SIGTERM after the drain's delay, on Ctrl-C without it; what is in flight finishes, whatever signal comes next,
 * but a second Ctrl-C ends the process at once.
 */
export function stopOnSignals(running: Running): void {
  const end = (delayMs: number) => void running.stop(delayMs).then(() => process.exit(0));
  process.on('SIGTERM', () => end(DRAIN_DELAY_MS));
  process.once('SIGINT', () => {
    end(0);
    process.once('SIGINT', () => {
      console.error('ended at once: requests in flight were cut off');
      process.exit(INTERRUPTED);
    });
  });
}

async function main(): Promise<void> {
  checkNodeVersion();
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel });
  const running = await serve(config, { log });
  stopOnSignals(running);
  log.info({ port: running.port }, 'listening');
  await running.ready;
  log.info('ready');
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  });
}
