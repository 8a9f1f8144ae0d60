/**
 * What the service promises to those outside it: names, paths and codes. Pure data: manifests, the load generator
 * and the service itself read these facts here and nowhere else.
 */
import type { ModelId } from '../models/catalog';
import type { ClassProbability } from '../models/evaluation/top-classes';

/** TCP port that the service listens on unless {@link ENV.port} says otherwise. */
export const HTTP_PORT = 8080;

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
} as const;

export const PATHS = {
  page: '/',
  classify: '/v1/classify',
  live: '/v2/health/live',
  ready: '/v2/health/ready',
  server: '/v2',
  model: '/v2/models/:id',
  modelReady: '/v2/models/:id/ready',
  infer: '/v2/models/:id/infer',
  metrics: '/metrics',
  /** Names of sample images for the page; the files lie below. */
  samples: '/samples',
} as const;

/** Image types accepted by {@link PATHS.classify}, raw or as the multipart field {@link IMAGE_FIELD}. */
export const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];
export const IMAGE_FIELD = 'image';

/** Bounds on one request. */
export const LIMITS = {
  imageBytes: 10 * 1024 * 1024,
  imagePixels: 40_000_000,
  /** 150,528 numbers as JSON text take 1.5 to 3 MB; this leaves room for a small batch. */
  tensorJsonBytes: 16 * 1024 * 1024,
  topClassesDefault: 5,
} as const;

/** After SIGTERM: readiness fails for this long while requests are still taken, so that routing can catch up. */
export const DRAIN_DELAY_MS = 5_000;
/** A request that takes longer than this is answered 504. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than the idle time of common balancers (60 s), so that they never reuse a connection we just closed. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** Stable error codes, with their HTTP status and title. An answer's `type` is `urn:tandem:error:<code>`. */
export const ERRORS = {
  BAD_REQUEST: { status: 400, title: 'The request is malformed' },
  UNKNOWN_MODEL: { status: 404, title: 'There is no such model' },
  NOT_FOUND: { status: 404, title: 'There is nothing at this path' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This path does not take that method' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_TYPE: { status: 415, title: 'The body has an unsupported type' },
  BAD_IMAGE: { status: 422, title: 'The image cannot be decoded' },
  OVERLOADED: { status: 503, title: 'The service is overloaded' },
  NOT_READY: { status: 503, title: 'The service is not ready' },
  WORKER_FAILED: { status: 503, title: 'The model process failed' },
  DEADLINE_EXCEEDED: { status: 504, title: 'The answer took too long' },
  INTERNAL: { status: 500, title: 'The service failed' },
} as const;
export type ErrorCode = keyof typeof ERRORS;

/** Answer of {@link PATHS.classify}. */
export interface Classification {
  readonly model: ModelId;
  /** True for the embedded demo models, whose classes are procedural surfaces. */
  readonly demo: boolean;
  readonly classes: readonly string[];
  /** Best first. */
  readonly top: readonly ClassProbability[];
  readonly timeMs: {
    readonly queue: number;
    readonly decode: number;
    readonly inference: number;
    readonly total: number;
  };
}
