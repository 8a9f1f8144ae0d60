/**
 * The service's configuration, read from environment variables. One table states each variable's schema, default and
 * meaning; the reader, the error messages and the table in docs/serving.md all come from it.
 */
import { join, relative, resolve } from 'node:path';

import { z } from 'zod';

import { PACKAGE_ROOT } from '../files/package-root';
import { isModelName, MODEL_IDS, MODEL_NAME_FORM, type ModelName } from '../models/catalog';
import { ENGINE_KINDS, enginesAt, PRECISIONS, PRECISIONS_OF } from '../models/engines/engine';
import { DEMO_MODELS_DIR } from '../models/weights/saved-model';
import { ENV, HTTP_PORT } from './contract';
import { ANY_ORIGIN } from './http/cors';
import { cpuLimitMillis, threadsFor } from './cpu-limit';
import {
  defaultConnections,
  descriptorLimit,
  fewestConnections,
  mostConnections,
  RESERVED_DESCRIPTORS,
} from './descriptors';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const ONNX_CACHE_DIR = join(PACKAGE_ROOT, 'build', 'onnx');
const MAX_PORT = 65_535;
const MAX_CPU_LIMIT_MILLIS = 1_000_000;
const MAX_CONNECTIONS = 1_000_000;

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine(
      (text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number);

const modelList = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.string().refine(isModelName, `must be names of ${MODEL_NAME_FORM}`)))
  .transform((names): readonly ModelName[] => [...new Set(names)]);

/** An origin exactly as browsers send it: scheme, host and port, without a path. */
const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;
const originList = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine(
    (origins) => origins.every((origin) => origin === ANY_ORIGIN || isOrigin(origin)),
    'must be * or origins such as https://example.com, separated by commas',
  )
  .transform((origins): readonly string[] => origins);

const path = z.string().transform((text) => resolve(text));

/** What a variable sets and its default, as docs/serving.md shows them. */
type Help = {
  readonly description: string;
  readonly default: string;
};
const help = (meaning: string, shownDefault: string): Help => ({
  description: meaning,
  default: shownDefault,
});

/** Every variable: keys as in {@link ENV}, values as text. */
const VARIABLES = z.object({
  port: wholeNumber(0, MAX_PORT)
    .prefault(String(HTTP_PORT))
    .meta(help('TCP port to listen on; 0 picks a free port', String(HTTP_PORT))),
  host: z
    .string()
    .optional()
    .meta(help('address to listen on', 'all interfaces; `npm start` and `tandem serve` use 127.0.0.1')),
  models: modelList
    .prefault(MODEL_IDS.join(','))
    .meta(help('names of the models to serve, separated by commas', MODEL_IDS.join(','))),
  engine: oneOf(ENGINE_KINDS)
    .prefault('onnxruntime')
    .meta(help(`inference engine: one of ${ENGINE_KINDS.join(', ')}`, 'onnxruntime')),
  precision: oneOf(PRECISIONS)
    .optional()
    .meta(
      help(
        `precision of the models: one of ${PRECISIONS.join(', ')}`,
        'with onnxruntime int8 for a model that passed its gate, on a CPU with VNNI; with openvino bf16 on a CPU that has it; else fp32',
      ),
    ),
  modelsDir: path
    .prefault(DEMO_MODELS_DIR)
    .meta(
      help(
        'folder of saved models: one subfolder per model, with its name',
        relative(PACKAGE_ROOT, DEMO_MODELS_DIR),
      ),
    ),
  onnxCacheDir: path
    .prefault(ONNX_CACHE_DIR)
    .meta(help('folder that caches exported ONNX graphs', relative(PACKAGE_ROOT, ONNX_CACHE_DIR))),
  cpuLimitMillis: wholeNumber(1, MAX_CPU_LIMIT_MILLIS)
    .optional()
    .transform((limitMillis) => limitMillis ?? cpuLimitMillis())
    .meta(
      help(
        'CPU limit in millicores, which sets the processes and threads of each model; the manifests set it',
        'the cgroup’s limit, else all cores',
      ),
    ),
  logLevel: oneOf(LOG_LEVELS)
    .prefault('info')
    .meta(help(`one of ${LOG_LEVELS.join(', ')}`, 'info; `npm start` and `tandem serve` use warn')),
  apiKeyFile: path
    .optional()
    .meta(help('file of API keys, one key per line; reread when it changes', 'no key required')),
  metricsPort: wholeNumber(0, MAX_PORT)
    .optional()
    .meta(help('serve /metrics on this port instead of `PORT`; 0 picks a free port', 'the value of `PORT`')),
  grpcPort: wholeNumber(0, MAX_PORT)
    .optional()
    .meta(help('serve the Open Inference Protocol as gRPC on this port; 0 picks a free port', 'no gRPC')),
  corsOrigins: originList
    .optional()
    .transform((origins) => origins ?? [])
    .meta(
      help(
        'origins whose pages may call the API from a browser, separated by commas; * for all',
        'none: browsers allow the service’s own page only',
      ),
    ),
  maxConnections: wholeNumber(1, MAX_CONNECTIONS)
    .optional()
    .transform((count) => count ?? defaultConnections())
    .meta(
      help(
        'connections to hold at once; the service closes further ones unanswered',
        `the limit of open files less ${RESERVED_DESCRIPTORS}, at most ${defaultConnections(Infinity)}`,
      ),
    ),
} satisfies Record<keyof typeof ENV, z.ZodType>);

/** Everything that the environment can set; paths are absolute. */
export interface Config extends Readonly<z.output<typeof VARIABLES>> {
  /** Threads per inference, derived from the CPU limit. */
  readonly threads: number;
}

type VariableKey = keyof typeof ENV;

/** Each variable's name, meaning and default, for docs/serving.md. */
export const VARIABLE_HELP: readonly (Help & { readonly name: string })[] = Object.entries(
  VARIABLES.shape,
).map(([key, schema]) => ({ name: ENV[key as VariableKey], ...(schema.meta() as Help) }));

/**
 * Reads the configuration. An empty variable counts as unset.
 *
 * @throws RangeError naming the variable, its allowed values and the value received
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const texts = Object.entries(ENV).flatMap(([key, name]) => {
    const text = environment[name];
    return text === undefined || text === '' ? [] : [[key, text]];
  });
  const { data, error } = VARIABLES.safeParse(Object.fromEntries(texts), { reportInput: true });
  if (data === undefined) {
    const {
      path: [key],
      message,
      input,
    } = error.issues[0]!;
    throw new RangeError(`${ENV[key as VariableKey]} ${message}, received "${String(input)}"`);
  }
  const { port, metricsPort, grpcPort, engine, precision, maxConnections } = data;
  if (metricsPort !== undefined && metricsPort !== 0 && metricsPort === port) {
    throw new RangeError(
      `${ENV.metricsPort} must differ from ${ENV.port}, received "${metricsPort}": unset it to serve the metrics on ${port}`,
    );
  }
  if (grpcPort !== undefined && grpcPort !== 0 && [port, metricsPort].includes(grpcPort)) {
    throw new RangeError(
      `${ENV.grpcPort} must differ from ${ENV.port} and ${ENV.metricsPort}, received "${grpcPort}": choose another port`,
    );
  }
  if (maxConnections > mostConnections()) {
    throw new RangeError(
      `${ENV.maxConnections} must be at most ${mostConnections()} where a process may open ${descriptorLimit()} files, received "${maxConnections}": lower it, or raise the limit (ulimit -n)`,
    );
  }
  if (maxConnections < fewestConnections(grpcPort !== undefined)) {
    throw new RangeError(
      `${ENV.maxConnections} must be at least 2 with ${ENV.grpcPort}, received "${maxConnections}": raise it and the limit of open files (ulimit -n), or unset ${ENV.grpcPort}`,
    );
  }
  if (precision !== undefined && !PRECISIONS_OF[engine].includes(precision)) {
    throw new RangeError(
      `${ENV.precision} must be ${PRECISIONS_OF[engine].join(' or ')} with ${ENV.engine} ${engine}, received "${precision}": choose ${ENV.engine} ${enginesAt(precision)}, or unset ${ENV.precision}`,
    );
  }
  return { ...data, threads: threadsFor(data.cpuLimitMillis) };
}
