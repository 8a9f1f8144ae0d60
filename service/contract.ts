/**
 * The service's public contract: names, paths, limits and error codes. Pure data, the only source of these facts for the
 * manifests, the load generator and the service itself.
 */
/** Default TCP port; {@link ENV.port} overrides it. */
export const HTTP_PORT = 8080;

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
} as const;

/** Every path, in Express syntax. */
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

/** Form field of an image; a form may repeat it. */
export const IMAGE_FIELD = 'image';

/** Limits of a request. */
export const LIMITS = {
  imageBytes: 10 * 1024 * 1024,
  imagePixels: 40_000_000,
  /** Images in one form, JSON body or tensor. */
  images: 8,
  /** A complete form. */
  formBytes: 32 * 1024 * 1024,
  /** One image of {@link LIMITS.imageBytes} as base64 takes 14 MB. */
  imageJsonBytes: 16 * 1024 * 1024,
  /** 150,528 numbers as JSON text take 1.5 to 3 MB; this leaves room for a small batch. */
  tensorJsonBytes: 16 * 1024 * 1024,
  /** A body with a larger Content-Length is not read: the service answers 413 and closes the connection. */
  bodyBytes: 100 * 1024 * 1024,
  /** Bodies of all unanswered requests together. */
  pendingBytes: 128 * 1024 * 1024,
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
/** Longer than the idle timeout of common load balancers (60 s), so that they never reuse a connection closed here. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

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
