/**
 * Starts the service: `node build/bundle/main.js`, which `npm run build` makes of this file and all that it imports.
 */
import { join } from 'node:path';

import type { Logger } from 'pino';

import type { ArchitectureId, ModelName } from '../models/catalog';
import { adviceOn } from '../models/engines/engine';
import { readSavedModel } from '../models/weights/saved-model';
import { openApiKeys } from './http/api-key';
import { createApp, createShared } from './api/app';
import { type Config, readConfig } from './config';
import { DRAIN_DELAY_MS, ENV, EXIT_INTERRUPTED, REQUEST_TIMEOUT_MS } from './contract';
import { usableMillis } from './cpu-limit';
import { closeServer, createDrain } from './http/drain';
import { connectionsOf, METRICS_CONNECTIONS } from './descriptors';
import { createHttpServer, type Timeouts } from './http/server';
import { createMetrics } from './metrics';
import { createMetricsApp } from './api/metrics-app';
import { RESTART_MS, type ModelState } from './inference/model-process';
import { checkNodeVersion } from './node-version';
import { ModelQueue } from './inference/model-queue';
import { listenInTurn } from './listen';
import { type Log, openLog } from './log';
import { type Parallelism, parallelismOf } from './inference/parallelism';

/** A running service. */
export interface Running {
  readonly port: number;
  /** Port of the metrics, when they have a separate one. */
  readonly metricsPort?: number;
  /** Port of gRPC, when it has one. */
  readonly grpcPort?: number;
  /** Resolves when every model is warmed up; never rejects, because loading is retried. */
  readonly ready: Promise<void>;
  readonly queues: ReadonlyMap<ModelName, ModelQueue>;
  /**
   * Shuts down: readiness fails at once, new requests are accepted during the delay, requests in flight finish. A second
   * call returns the first call's promise.
   *
   * @param delayMs time for load balancers to notice the failed readiness
   */
  stop(delayMs?: number): Promise<void>;
}

/** Options beyond the environment's configuration. */
export interface ServeOptions extends Timeouts {
  readonly log: Logger;
  /** @default 0 always */
  readonly lostLogLines?: Log['lostLogLines'];
  /** Script that the model processes run. @default worker.ts */
  readonly workerScript?: string;
  readonly requestTimeoutMs?: number;
  /** @default parallelismOf the model's architecture and the CPU limit, as far as the machine has cores for it */
  readonly parallelism?: Parallelism;
  /** Folder of each saved model, whose own name may be another. @default the subfolder of MODELS_DIR that has the model's name */
  readonly modelDirs?: ReadonlyMap<ModelName, string>;
  /** Folder of the page's sample images; may be missing. @default samples in MODELS_DIR */
  readonly samplesDir?: string;
}

/** The architecture of a saved model; undefined if it cannot be read. Its process then says why. */
function architectureIn(modelDir: string): ArchitectureId | undefined {
  try {
    return readSavedModel(modelDir).architecture;
  } catch {
    return undefined;
  }
}

/** The gRPC port’s code, loaded where it is wanted only: HTTP/2 takes memory. */
function loadGrpc() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- TypeScript imports lazily with an extension only, which Jest does not map
  return require('./grpc/server') as typeof import('./grpc/server');
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts the model processes and listens. The service is live at once, and ready when `ready` resolves. */
export async function serve(config: Config, options: ServeOptions): Promise<Running> {
  const { log, workerScript, requestTimeoutMs } = options;
  const { engine: kind, precision, onnxCacheDir } = config;
  const queues = new Map<ModelName, ModelQueue>();
  const metrics = createMetrics(queues, options.lostLogLines);
  const modelDirOf = (model: ModelName) => options.modelDirs?.get(model) ?? join(config.modelsDir, model);
  const context = {
    queues,
    metrics,
    cpuLimitMillis: config.cpuLimitMillis,
    log,
    draining: () => drain.draining,
    modelDirOf,
    ...(config.apiKeyFile === undefined
      ? {}
      : { checkApiKey: openApiKeys(config.apiKeyFile, log, () => metrics.apiKeyFileErrors.inc()) }),
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
  };
  const shared = createShared(context);
  const app = createApp({
    ...context,
    shared,
    models: config.models,
    corsOrigins: config.corsOrigins,
    samplesDir: options.samplesDir ?? join(config.modelsDir, 'samples'),
    hasMetricsPort: config.metricsPort !== undefined,
  });
  const drain = createDrain(app);
  const onRefused = () => metrics.refusedConnections.inc();
  const maxConnections = connectionsOf(config.maxConnections, config.grpcPort !== undefined);
  const server = createHttpServer(drain.handler, options, { maxConnections: maxConnections.http, onRefused });
  const metricsServer =
    config.metricsPort === undefined
      ? undefined
      : createHttpServer(createMetricsApp(metrics, log), options, { maxConnections: METRICS_CONNECTIONS });
  const grpc =
    config.grpcPort === undefined
      ? undefined
      : loadGrpc().createGrpcServer({
          ...context,
          ...shared,
          onRefused,
          maxConnections: maxConnections.grpc,
        });

  // Before a port listens: without its models the service would be ready, and know none of their names.
  const ready = config.models.map((model) => {
    const modelDir = modelDirOf(model);
    const { processes, threads } =
      options.parallelism ?? parallelismOf(architectureIn(modelDir), usableMillis(config.cpuLimitMillis));
    log.info({ model, modelDir, engine: kind, processes, threads }, 'loading model');
    return new Promise<void>((resolve) => {
      const onState = (state: ModelState) => {
        if (state.kind === 'ready') {
          log.info({ model, ...state.loaded, classes: state.loaded.classes.length }, 'model ready');
          const advice = adviceOn(kind);
          if (advice !== undefined) log.warn({ model }, advice);
          const { graphNotStored } = state.loaded;
          if (graphNotStored !== undefined)
            log.warn(
              { model, reason: graphNotStored },
              `the graph is not cached, so each start exports it again: set ${ENV.onnxCacheDir} to a folder that can be written to`,
            );
          resolve();
        } else if (state.kind === 'failed')
          log.error(
            { model, modelDir, reason: state.message },
            `model not loaded; retrying with exponential backoff of up to ${RESTART_MS.max / 1000} s`,
          );
      };
      const onRestart = (reason: string) => {
        metrics.restarts.inc({ model });
        // The reason of a failed load is already in the log.
        const failed = queue.state.kind === 'failed';
        log[failed ? 'debug' : 'warn']({ model, reason }, 'model process restarts');
      };
      const onMixed = (sha256s: readonly string[]) =>
        log.warn(
          { model, sha256s },
          'the processes of this model run different versions of it, because its files were replaced: restart the service',
        );
      const queue = new ModelQueue({
        model: options.modelDirs === undefined ? model : undefined,
        processes,
        engine: { kind, modelDir, threads, precision, onnxCacheDir },
        onState,
        onRestart,
        onMixed,
        ...(workerScript === undefined ? {} : { script: workerScript }),
        ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      });
      queues.set(model, queue);
    });
  });

  const stopQueues = () => queues.forEach((queue) => queue.stop());
  const [port, metricsPort, grpcPort] = await listenInTurn(config.host, [
    [server, config.port, ENV.port],
    [metricsServer, config.metricsPort, ENV.metricsPort],
    [grpc?.server, config.grpcPort, ENV.grpcPort],
  ]).catch((error: unknown) => {
    stopQueues();
    throw error;
  });
  log.info({ port, metricsPort, grpcPort }, 'listening');

  const end = async (delayMs: number): Promise<void> => {
    drain.begin();
    log.info({ delayMs }, 'draining');
    await delay(delayMs);
    await Promise.all([closeServer(server, REQUEST_TIMEOUT_MS), grpc?.close(REQUEST_TIMEOUT_MS)]);
    metricsServer?.close();
    metricsServer?.closeAllConnections();
    stopQueues();
    log.info('stopped');
  };
  let ending: Promise<void> | undefined;
  const stop = (delayMs = 0): Promise<void> => (ending ??= end(delayMs));
  return {
    port: port!,
    ...(metricsPort === undefined ? {} : { metricsPort }),
    ...(grpcPort === undefined ? {} : { grpcPort }),
    ready: Promise.all(ready).then(() => undefined),
    queues,
    stop,
  };
}

/**
 * Shuts down on SIGTERM after the drain delay, on Ctrl-C without the delay. Requests in flight finish, unless a second
 * Ctrl-C ends the process at once.
 */
export function stopOnSignals(running: Running): void {
  const end = (delayMs: number) => void running.stop(delayMs).then(() => process.exit(0));
  process.on('SIGTERM', () => end(DRAIN_DELAY_MS));
  process.once('SIGINT', () => {
    end(0);
    process.once('SIGINT', () => {
      console.error('stopped at once: requests in flight were aborted');
      process.exit(EXIT_INTERRUPTED);
    });
  });
}

async function main(): Promise<void> {
  checkNodeVersion();
  const config = readConfig(process.env);
  const opened = openLog(config.logLevel);
  const { log } = opened;
  const running = await serve(config, opened);
  stopOnSignals(running);
  await running.ready;
  log.info('ready');
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error((error as Error).message);
    process.exit(1);
  });
}
