/**
 * The service's configuration, from its environment.
 */
import { join, relative, resolve } from 'node:path';

import { MODEL_IDS, type ModelId } from '../models/catalog';
import { ENGINE_KINDS, type EngineKind } from '../models/engines/engine';
import { PACKAGE_ROOT } from '../files/package-root';
import { DEMO_MODELS_DIR } from '../models/weights/saved-model';
import { ENV, HTTP_PORT } from './contract';
import { cpuLimitMillis, threadsFor } from './cpu-limit';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const DEFAULTS = {
  port: String(HTTP_PORT),
  models: MODEL_IDS.join(','),
  engine: 'onnxruntime',
  logLevel: 'info',
  modelsDir: DEMO_MODELS_DIR,
  onnxCacheDir: join(PACKAGE_ROOT, 'build', 'onnx'),
};

/** What each variable sets, for the README. */
export const VARIABLES: Readonly<
  Record<keyof typeof ENV, { readonly meaning: string; readonly default: string }>
> = {
  port: { meaning: 'TCP port', default: DEFAULTS.port },
  models: { meaning: 'which models to serve, separated by commas', default: DEFAULTS.models },
  engine: { meaning: `one of ${ENGINE_KINDS.join(', ')}`, default: DEFAULTS.engine },
  modelsDir: {
    meaning: 'folder of saved models, each in a folder of its name',
    default: relative(PACKAGE_ROOT, DEFAULTS.modelsDir),
  },
  onnxCacheDir: {
    meaning: 'folder of exported graphs',
    default: relative(PACKAGE_ROOT, DEFAULTS.onnxCacheDir),
  },
  cpuLimitMillis: {
    meaning: 'CPU limit in millicores, which decides the threads; the manifests set it',
    default: 'the control group’s, else all cores',
  },
  logLevel: {
    meaning: `one of ${LOG_LEVELS.join(', ')}; \`npm start\` takes warn`,
    default: DEFAULTS.logLevel,
  },
  apiKeyFile: {
    meaning: 'file of API keys, one a line, read again when it changes',
    default: 'no key is asked for',
  },
  metricsPort: { meaning: 'TCP port of the metrics, which `PORT` then has not', default: 'that of `PORT`' },
};

/** All that the environment may set. */
export interface Config {
  /** 0 takes any free port. */
  readonly port: number;
  readonly models: readonly ModelId[];
  readonly engine: EngineKind;
  readonly cpuLimitMillis: number;
  /** Threads of one inference. */
  readonly threads: number;
  readonly modelsDir: string;
  readonly onnxCacheDir: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** File of API keys, one a line; none: no key is needed. */
  readonly apiKeyFile?: string;
  /** Port of the metrics; none: they are on the first port. 0 takes any free port. */
  readonly metricsPort?: number;
}

function oneOf<T extends string>(name: string, known: readonly T[]): (text: string) => T {
  return (text) => {
    const found = known.find((each) => each === text);
    if (found === undefined)
      throw new RangeError(`${name} must be one of ${known.join(', ')}, received "${text}"`);
    return found;
  };
}

function integer(name: string, value: string, lowest: number, highest: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < lowest || number > highest) {
    throw new RangeError(`${name} must be a whole number from ${lowest} to ${highest}, received "${value}"`);
  }
  return number;
}

/**
 * Reads the configuration.
 *
 * @throws RangeError naming the variable, what it may be and what it is
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const read = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  const limit = read(ENV.cpuLimitMillis);
  const limitMillis =
    limit === undefined ? cpuLimitMillis() : integer(ENV.cpuLimitMillis, limit, 1, 1_000_000);
  const apiKeyFile = read(ENV.apiKeyFile);
  const metricsPort = read(ENV.metricsPort);
  const port = integer(ENV.port, read(ENV.port) ?? DEFAULTS.port, 0, 65535);
  const metrics = metricsPort === undefined ? undefined : integer(ENV.metricsPort, metricsPort, 0, 65535);
  if (metrics !== undefined && metrics !== 0 && metrics === port) {
    throw new RangeError(
      `${ENV.metricsPort} must be another port than ${ENV.port}, received "${metricsPort}": leave it out to have the metrics on ${port}`,
    );
  }
  const models = (read(ENV.models) ?? DEFAULTS.models)
    .split(',')
    .map((id) => oneOf(ENV.models, MODEL_IDS)(id.trim()));
  return {
    port,
    models: [...new Set(models)],
    engine: oneOf(ENV.engine, ENGINE_KINDS)(read(ENV.engine) ?? DEFAULTS.engine),
    cpuLimitMillis: limitMillis,
    threads: threadsFor(limitMillis),
    modelsDir: resolve(read(ENV.modelsDir) ?? DEFAULTS.modelsDir),
    onnxCacheDir: resolve(read(ENV.onnxCacheDir) ?? DEFAULTS.onnxCacheDir),
    logLevel: oneOf(ENV.logLevel, LOG_LEVELS)(read(ENV.logLevel) ?? DEFAULTS.logLevel),
    ...(apiKeyFile === undefined ? {} : { apiKeyFile: resolve(apiKeyFile) }),
    ...(metrics === undefined ? {} : { metricsPort: metrics }),
  };
}
