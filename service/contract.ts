/**
 * The service's public contract: names, paths, limits and error codes. Pure data, the only source of these facts for the
 * manifests, the load generator and the service itself.
 */
/** Default TCP port; {@link ENV.port} overrides it. */
export const HTTP_PORT = 8080;

/** Addresses that stand for all interfaces. */
export const HOST_ALL: readonly string[] = ['0.0.0.0', '::'];

/** The service's name in its metadata. */
export const SERVICE_NAME = 'tandem';

/** Length of a model version: the first hexadecimal digits of the saved model's SHA-256. */
export const VERSION_DIGITS = 12;

/** The container image that the Dockerfile builds and the manifests reference: repository and tag. */
export const IMAGE = 'tandem:0.1.0';

/** User and group id of the container: numeric, so that the kubelet can verify `runAsNonRoot`. */
export const RUN_AS_USER_ID = 65532;

/** Environment variables that the service reads; service/config.ts documents them. */
export const ENV = {
  port: 'PORT',
  host: 'HOST',
  models: 'MODELS',
  engine: 'ENGINE',
  precision: 'PRECISION',
  /** The manifests set it through the Downward API. */
  cpuLimitMillis: 'CPU_LIMIT_MILLIS',
  modelsDir: 'MODELS_DIR',
  onnxCacheDir: 'ONNX_CACHE_DIR',
  logLevel: 'LOG_LEVEL',
  apiKeyFile: 'API_KEY_FILE',
  metricsPort: 'METRICS_PORT',
  grpcPort: 'GRPC_PORT',
  corsOrigins: 'CORS_ORIGINS',
  maxConnections: 'MAX_CONNECTIONS',
} as const;

/** Every path, in Express syntax. */
export const PATHS = {
  page: '/',
  /** The API explorer. */
  docs: '/docs',
  classify: '/v1/classify',
  live: '/v2/health/live',
  ready: '/v2/health/ready',
  server: '/v2',
  models: '/v2/models',
  /** Before {@link PATHS.model}, which it matches too. */
  statistics: '/v2/models/stats',
  repositoryIndex: '/v2/repository/index',
  model: '/v2/models/:id',
  modelReady: '/v2/models/:id/ready',
  modelConfig: '/v2/models/:id/config',
  modelStatistics: '/v2/models/:id/stats',
  infer: '/v2/models/:id/infer',
  modelVersion: '/v2/models/:id/versions/:version',
  modelVersionReady: '/v2/models/:id/versions/:version/ready',
  modelVersionConfig: '/v2/models/:id/versions/:version/config',
  modelVersionStatistics: '/v2/models/:id/versions/:version/stats',
  inferVersion: '/v2/models/:id/versions/:version/infer',
  /** KServe's V1 protocol. */
  v1Models: '/v1/models',
  /** Before {@link PATHS.v1Model}, which it matches too. */
  predict: '/v1/models/:id\\:predict',
  v1Model: '/v1/models/:id',
  openapi: '/openapi.json',
  metrics: '/metrics',
  /** Names of sample images for the page. */
  samples: '/samples',
  sample: '/samples/:name',
} as const;

/** Form fields of images, the documented one first; a form may repeat them. */
export const IMAGE_FIELDS = [
  'image',
  'images',
  'images[]',
  'image[]',
  'file',
  'files',
  'files[]',
  'file[]',
] as const;

/** Limits of a request. */
export const LIMITS = {
  imageBytes: 10 * 1024 * 1024,
  imagePixels: 40_000_000,
  /** Images in one form, JSON body or tensor. */
  images: 8,
  /** A complete form. */
  formBytes: 32 * 1024 * 1024,
  /** Text fields of a form; more than the known ones, so that an unknown one is refused by its name. */
  formTexts: 8,
  formTextBytes: 200,
  /** One image of {@link LIMITS.imageBytes} as base64 takes 14 MB. */
  imageJsonBytes: 16 * 1024 * 1024,
  /** A body of the Open Inference Protocol: Python prints a float32 with up to 24 characters, so eight images take 29 MB. */
  tensorBytes: 32 * 1024 * 1024,
  /** Bodies of all unanswered requests together. */
  pendingBytes: 128 * 1024 * 1024,
  /** The same of one client address, so that one client cannot use up the memory for everybody's bodies. */
  addressPendingBytes: 64 * 1024 * 1024,
  headerBytes: 16 * 1024,
  topClasses: 1000,
  topClassesDefault: 5,
} as const;

/** After SIGTERM, readiness fails while requests are still accepted for this long, so that load balancers can notice. */
export const DRAIN_DELAY_MS = 5_000;
/** A request that takes longer gets 504. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** A connection whose headers take longer to arrive gets 408 and is closed. */
export const HEADERS_TIMEOUT_MS = 15_000;
/** A request whose body takes longer to arrive gets 408 and its connection is closed: 10 MiB at 350 kB/s. */
export const BODY_TIMEOUT_MS = 30_000;
/** A connection without traffic in either direction for this long is closed, so that no client holds an answer unread. */
export const UNREAD_TIMEOUT_MS = 60_000;
/** Longer than the idle timeout of common load balancers (60 s), so that they never reuse a connection closed here. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** A shell's exit code for a program that Ctrl-C ended: 128 plus the number of SIGINT. */
export const EXIT_INTERRUPTED = 130;

/** Stable error codes with HTTP status and title. A problem's `type` is `urn:tandem:error:<code>`. */
export const ERRORS = {
  BAD_REQUEST: { status: 400, title: 'The request is malformed' },
  UNAUTHENTICATED: { status: 401, title: 'An API key is required' },
  UNKNOWN_MODEL: { status: 404, title: 'The model does not exist' },
  UNKNOWN_VERSION: { status: 404, title: 'The model version does not exist' },
  NOT_FOUND: { status: 404, title: 'The path does not exist' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path does not allow this method' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_TYPE: { status: 415, title: 'The media type is not supported' },
  BAD_IMAGE: { status: 422, title: 'The image cannot be decoded' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  OVERLOADED: { status: 503, title: 'The service is overloaded' },
  NOT_READY: { status: 503, title: 'The service is not ready' },
  WORKER_FAILED: { status: 503, title: 'The model process failed' },
  DEADLINE_EXCEEDED: { status: 504, title: 'The answer took too long' },
  INTERNAL: { status: 500, title: 'An unexpected error occurred' },
} as const;
/** One of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;
