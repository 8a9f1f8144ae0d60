/**
 * The servers that are compared: how each is started, as its own documentation has it.
 */
import { join } from 'node:path';

import { PACKAGE_ROOT } from '../../files/package-root';
import type { ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import { ENV, PATHS } from '../../service/contract';
import { MALLOC_ENV } from '../../service/inference/malloc';
import type { Parallelism } from '../../service/inference/parallelism';

/** What a server is started with. */
export interface ServerRun {
  readonly model: ModelId;
  readonly precision: Precision;
  readonly limitMillis: number;
  readonly setting: Parallelism;
  readonly port: number;
  /** Path of the exported graph at this precision. */
  readonly graph: string;
  readonly classes: readonly string[];
  /** Folder of the exported graphs. */
  readonly onnxCacheDir: string;
  /** Folder of the peer's own packages. */
  readonly packagesDir: string;
}

interface Server {
  readonly title: string;
  /** Name of its list in bench/peers/requirements/, without the ending; none for what this project has already. */
  readonly requirements?: string;
  /** The packages whose versions are quoted. */
  readonly quoted: readonly string[];
  /** Where it answers an image; `:model` stands for the model. */
  readonly path: string;
  readonly command: (run: ServerRun) => readonly string[];
  readonly environment?: (run: ServerRun) => Readonly<Record<string, string>>;
  /** What a user sets, in words, for docs/performance.md. */
  readonly setup: string;
  /** The page that has it so. */
  readonly source?: string;
}

const SCRIPTS = join(PACKAGE_ROOT, 'bench/peers/servers');
/** Programs of this project are compiled, as in the container image. */
const compiled = (...path: readonly string[]) => join(PACKAGE_ROOT, 'build', ...path);
const python = ({ packagesDir }: ServerRun) => join(packagesDir, 'bin', 'python');

/** As uvicorn's manual has it: one process per worker. */
const uvicorn =
  (module: string) =>
  (run: ServerRun): string[] => [
    ...[python(run), '-m', 'uvicorn', `${module}:app`, '--app-dir', SCRIPTS],
    ...['--port', String(run.port), '--workers', String(run.setting.processes)],
  ];

/** What `uvicorn` and the threads of an inference are set to. */
const FASTAPI_SETUP = '`uvicorn --workers` processes, each with one session';

export const SERVERS = {
  tandem: {
    title: 'Tandem',
    quoted: ['onnxruntime-node'],
    path: `${PATHS.classify}?model=:model`,
    command: () => [process.execPath, compiled('bundle', 'main.js')],
    environment: ({ model, precision, limitMillis, port, onnxCacheDir }) => ({
      // As the container image and the manifests set them.
      ...MALLOC_ENV,
      [ENV.port]: String(port),
      [ENV.models]: model,
      [ENV.precision]: precision,
      [ENV.cpuLimitMillis]: String(limitMillis),
      [ENV.onnxCacheDir]: onnxCacheDir,
    }),
    setup: 'as in the container image, every check on; it chooses processes and threads itself',
  },
  floor: {
    title: 'bare Node server',
    quoted: ['onnxruntime-node'],
    path: '/classify',
    command: () => [process.execPath, compiled('bench', 'peers', 'servers', 'floor.js')],
    environment: () => MALLOC_ENV,
    setup: 'one process with our decoder and engine; no check, no queue, no log',
  },
  fastapi: {
    title: 'FastAPI, onnxruntime',
    requirements: 'fastapi',
    quoted: ['fastapi', 'uvicorn', 'onnxruntime', 'pillow'],
    path: '/classify',
    command: uvicorn('fastapi_onnxruntime'),
    setup: FASTAPI_SETUP,
    source: 'https://fastapi.tiangolo.com/deployment/server-workers/',
  },
  openvino: {
    title: 'FastAPI, OpenVINO as it comes',
    requirements: 'openvino',
    quoted: ['fastapi', 'uvicorn', 'openvino', 'pillow'],
    path: '/classify',
    command: uvicorn('fastapi_openvino'),
    setup: `${FASTAPI_SETUP}; OpenVINO chooses the precision: bfloat16 where the CPU has it`,
    source:
      'https://docs.openvino.ai/2025/openvino-workflow/running-inference/optimize-inference/precision-control.html',
  },
  'openvino-f32': {
    title: 'FastAPI, OpenVINO in float32',
    requirements: 'openvino',
    quoted: ['fastapi', 'uvicorn', 'openvino', 'pillow'],
    path: '/classify',
    command: uvicorn('fastapi_openvino'),
    environment: () => ({ INFERENCE_PRECISION: 'f32' }),
    setup: `${FASTAPI_SETUP}; only where OpenVINO would choose another precision`,
    source:
      'https://docs.openvino.ai/2025/openvino-workflow/running-inference/optimize-inference/precision-control.html',
  },
  litserve: {
    title: 'LitServe, onnxruntime',
    requirements: 'litserve',
    quoted: ['litserve', 'onnxruntime', 'pillow'],
    path: '/classify',
    command: (run) => [python(run), join(SCRIPTS, 'litserve_onnxruntime.py')],
    setup: '`workers_per_device` processes, no batching',
    source: 'https://lightning.ai/docs/litserve/api-reference/litserver',
  },
  bentoml: {
    title: 'BentoML, onnxruntime',
    requirements: 'bentoml',
    quoted: ['bentoml', 'onnxruntime', 'pillow'],
    path: '/classify',
    command: (run) => [
      ...[python(run), '-m', 'bentoml', 'serve', 'bentoml_onnxruntime:Classifier'],
      ...['--working-dir', SCRIPTS, '--port', String(run.port)],
    ],
    environment: () => ({ BENTOML_DO_NOT_TRACK: 'True' }),
    setup: '`workers` processes, no batching',
    source: 'https://docs.bentoml.com/en/latest/build-with-bentoml/parallelize-requests.html',
  },
  mlserver: {
    title: 'MLServer, onnxruntime',
    requirements: 'mlserver',
    quoted: ['mlserver', 'onnxruntime', 'pillow'],
    path: '/classify',
    command: (run) => [join(run.packagesDir, 'bin', 'mlserver'), 'start', join(SCRIPTS, 'mlserver')],
    environment: ({ port }) => ({
      PYTHONPATH: SCRIPTS,
      MLSERVER_HOST: '127.0.0.1',
      MLSERVER_HTTP_PORT: String(port),
      MLSERVER_GRPC_PORT: String(port + 1),
      MLSERVER_METRICS_PORT: String(port + 2),
      MLSERVER_PARALLEL_WORKERS: '0',
    }),
    setup: 'a custom runtime with a custom endpoint, in one process (`parallel_workers` 0)',
    source: 'https://docs.seldon.ai/mlserver/user-guide/custom',
  },
  express: {
    title: 'Express, tfjs-node',
    quoted: ['express', '@tensorflow/tfjs-node'],
    path: '/classify',
    command: () => [process.execPath, compiled('bench', 'peers', 'servers', 'express.js')],
    setup: 'one process; `tf.node.decodeImage` and `resizeBilinear`',
    source: 'https://js.tensorflow.org/api_node/latest/#node.decodeImage',
  },
} as const satisfies Readonly<Record<string, Server>>;
/** One of {@link SERVERS}. */
export type ServerName = keyof typeof SERVERS;
export const SERVER_NAMES = Object.keys(SERVERS) as readonly ServerName[];
/** The same with the type that all rows share. */
export const serverOf = (name: ServerName): Server => SERVERS[name];
