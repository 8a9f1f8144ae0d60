/** Variables that every server of `npm run bench:peers` is started with. */
export const PEER_ENV = {
  port: 'PORT',
  /** Path of the exported graph. */
  graph: 'GRAPH',
  /** Names of the classes, a JSON array. */
  classes: 'CLASSES',
  /** Threads of one inference. */
  threads: 'THREADS',
  processes: 'PROCESSES',
  model: 'MODEL',
  precision: 'MODEL_PRECISION',
  onnxCacheDir: 'ONNX_CACHE_DIR',
} as const;
