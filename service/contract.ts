/**
 * What the service promises to those outside it: names, paths and codes. Pure data: manifests, the load generator
 * and the service itself read these facts here and nowhere else.
 */
/** TCP port that the service listens on unless {@link ENV.port} says otherwise. */
export const HTTP_PORT = 8080;

/** What the service calls itself. */
export const SERVICE_NAME = 'tandem';

/** Hexadecimal digits of a saved model's SHA-256 that make its version: enough to tell any apart, short enough to read. */
export const VERSION_DIGITS = 12;

/** The image that the Dockerfile builds and the manifests reference: repository and tag. */
export const IMAGE = 'tandem:0.1.0';

/** The user and group id that the image runs as: numeric, so that `runAsNonRoot` can be checked. */
export const RUN_AS_USER_ID = 65532;

/** Environment variables the service reads. */
export const ENV = {
  port: 'PORT',
  /** Comma-separated model ids to serve, such as `accuracy` or `accuracy,latency`. */
  models: 'MODELS',
  /** `onnxruntime`, `tfjs-node` or `wasm`. */
  engine: 'ENGINE',
  /** CPU limit of the container in millicores; by the Downward API in Kubernetes. */
  cpuLimitMillis: 'CPU_LIMIT_MILLIS',
  /** Folder that holds one saved model a folder, named by model id. */
  modelsDir: 'MODELS_DIR',
  /** Folder of exported ONNX graphs, keyed by the saved model's checksum. */
  onnxCacheDir: 'ONNX_CACHE_DIR',
  logLevel: 'LOG_LEVEL',
  /** File of API keys, one a line; without it nobody is asked for a key. */
  apiKeyFile: 'API_KEY_FILE',
  /** TCP port of {@link PATHS.metrics}, which the first port then no longer answers. */
  metricsPort: 'METRICS_PORT',
} as const;

/** Every path, in Express' form. */
export const PATHS = {
  page: '/',
  classify: '/v1/classify',
  live: '/v2/health/live',
  ready: '/v2/health/ready',
  server: '/v2',
  model: '/v2/models/:id',
  modelReady: '/v2/models/:id/ready',
  infer: '/v2/models/:id/infer',
  modelVersion: '/v2/models/:id/versions/:version',
  modelVersionReady: '/v2/models/:id/versions/:version/ready',
  inferVersion: '/v2/models/:id/versions/:version/infer',
  openapi: '/openapi.json',
  metrics: '/metrics',
  /** Names of sample images for the page. */
  samples: '/samples',
  sample: '/samples/:name',
} as const;

/** Image types accepted by {@link PATHS.classify}, raw or as the multipart field {@link IMAGE_FIELD}. */
export const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;
/** One of {@link IMAGE_TYPES}. */
export type ImageType = (typeof IMAGE_TYPES)[number];
/** The multipart field of an image; a form may repeat it. */
export const IMAGE_FIELD = 'image';

/** Bounds on one request. */
export const LIMITS = {
  imageBytes: 10 * 1024 * 1024,
  imagePixels: 40_000_000,
  /** Images in one form, JSON body or tensor. */
  images: 8,
  /** A whole form. */
  formBytes: 32 * 1024 * 1024,
  /** One image of {@link LIMITS.imageBytes} as base64 takes 14 MB. */
  imageJsonBytes: 16 * 1024 * 1024,
  /** 150,528 numbers as JSON text take 1.5 to 3 MB; this leaves room for a small batch. */
  tensorJsonBytes: 16 * 1024 * 1024,
  /** A body that says it is longer than this is not read at all: the connection is closed. */
  bodyBytes: 100 * 1024 * 1024,
  /** Bodies of all requests that are not answered yet, together. */
  pendingBytes: 128 * 1024 * 1024,
  headerBytes: 16 * 1024,
  topClasses: 1000,
  topClassesDefault: 5,
} as const;

/** After SIGTERM: readiness fails for this long while requests are still taken, so that routing can catch up. */
export const DRAIN_DELAY_MS = 5_000;
/** A request that takes longer than this is answered 504. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** A connection whose next headers take longer than this is answered 408 and closed. */
export const HEADERS_TIMEOUT_MS = 15_000;
/** A request whose body takes longer than this is answered 408 and closed: 10 MiB at 350 kB/s. */
export const BODY_TIMEOUT_MS = 30_000;
/** Longer than the idle time of common balancers (60 s), so that they never reuse a connection we just closed. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** Stable error codes, with their HTTP status and title. An answer's `type` is `urn:tandem:error:<code>`. */
export const ERRORS = {
  BAD_REQUEST: { status: 400, title: 'The request is malformed' },
  UNAUTHENTICATED: { status: 401, title: 'An API key is needed' },
  UNKNOWN_MODEL: { status: 404, title: 'There is no such model' },
  UNKNOWN_VERSION: { status: 404, title: 'There is no such version of the model' },
  NOT_FOUND: { status: 404, title: 'There is nothing at this path' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This path does not take that method' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_TYPE: { status: 415, title: 'The body has an unsupported type' },
  BAD_IMAGE: { status: 422, title: 'The image cannot be decoded' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  OVERLOADED: { status: 503, title: 'The service is overloaded' },
  NOT_READY: { status: 503, title: 'The service is not ready' },
  WORKER_FAILED: { status: 503, title: 'The model process failed' },
  DEADLINE_EXCEEDED: { status: 504, title: 'The answer took too long' },
  INTERNAL: { status: 500, title: 'The service failed' },
} as const;
/** One of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;
