/**
 * The clients that the suite runs, and what each does. Pure data: the suite checks that every case here was run, and
 * docs/clients.md shows this table.
 */

/** What must be installed for a client: a file in test/clients/requirements, or a program on the PATH. */
export type Need =
  'python' | 'kserve' | 'mlserver' | 'generators' | 'node' | 'go' | 'debian' | { readonly program: string };

/** One client. */
export interface Client {
  readonly name: string;
  readonly need: Need;
  /** What each case does, by its name in the client's program. */
  readonly cases: Readonly<Record<string, string>>;
}

/** Every proxy passes the same. */
const PROXY_CASES = {
  image: 'passes an image',
  above_image: 'passes 413 for an image above its limit, of a declared length and in chunks',
  above_form: 'passes 413 for a form above its limit',
  above_every_limit: 'passes 413 for a body above every limit',
  afterwards: 'passes an image afterwards',
};

/** Every client, by id. */
export const CLIENTS = {
  requests: {
    name: 'requests',
    need: 'python',
    cases: {
      form_file: 'an open file in a form, whose type it guesses',
      form_bytes: 'bytes in a form without a type',
      form_several: 'a form with a good, an empty and a foreign file',
      raw_body: 'an open file as the body, without a type',
      base64_json: 'base64 in JSON: plain, with line breaks, URL-safe',
      tolist_batch: 'a batch of eight as `tolist()` prints it',
      gzip_body: 'a tensor in a gzip body',
    },
  },
  httpx: {
    name: 'httpx',
    need: 'python',
    cases: {
      form_file: 'an open file in a form',
      raw_body: 'bytes as the body, without a type',
      async_stream: 'an asynchronous stream of chunks',
    },
  },
  aiohttp: {
    name: 'aiohttp',
    need: 'python',
    cases: {
      form_file: 'an open file in a form',
      form_bytes: 'a field with bytes in a form',
      raw_body: 'bytes as the body',
    },
  },
  triton: {
    name: 'tritonclient[http]',
    need: 'python',
    cases: {
      health: 'live, ready, model ready',
      metadata: 'metadata and configuration',
      repository_index: 'the repository index',
      statistics: 'the statistics of one model and of all',
      infer_defaults: 'infer with its defaults: binary both ways',
      infer_uint8_batch: 'a batch of eight UINT8 tensors',
      infer_json: 'JSON both ways',
      infer_json_to_binary: 'JSON in, binary out',
      infer_classes: 'class names, binary and in JSON',
      compression: 'gzip and deflate',
      async_infer: '`async_infer`',
      errors: 'a wrong shape raises its error with our sentence',
    },
  },
  'triton-aio': {
    name: 'tritonclient[http].aio',
    need: 'python',
    cases: { infer_defaults: 'infer with its defaults', compression: 'gzip and deflate' },
  },
  'triton-grpc': {
    name: 'tritonclient[grpc]',
    need: 'python',
    cases: {
      health: 'live, ready, model ready',
      metadata: 'metadata of the server and of the model',
      infer_defaults: 'infer with its defaults',
      infer_uint8_batch: 'a batch of eight UINT8 tensors',
      infer_classes: 'class names',
      compression: 'gzip and deflate',
      async_infer: '`async_infer`',
      asynchronous: '`aio`: infer',
      errors: 'a wrong shape raises its error with our sentence',
    },
  },
  kserve: {
    name: 'KServe’s `InferenceRESTClient`',
    need: 'kserve',
    cases: {
      health: 'live, ready, model ready',
      infer_json: 'infer with JSON',
      infer_binary: 'infer with binary tensors, one way and both ways',
      v1_ready: 'V1: model ready',
      v1_predict: 'V1: predict with base64 and with numbers',
    },
  },
  'kserve-grpc': {
    name: 'KServe’s `InferenceGRPCClient`',
    need: 'kserve',
    cases: {
      health: 'live, ready, model ready',
      infer_typed: 'infer with typed contents',
      infer_raw: 'infer with raw contents',
    },
  },
  mlserver: {
    name: 'MLServer’s types',
    need: 'mlserver',
    cases: {
      as_dict: '`.dict()`, with nulls',
      as_json: '`.json()`, as UINT8',
      metadata: 'metadata with parameters of the tensor',
    },
  },
  'open-inference': {
    name: '`open-inference-openapi`',
    need: 'python',
    cases: { health_and_metadata: 'health and metadata', infer: 'infer' },
  },
  'openapi-python-client': {
    name: '`openapi-python-client`, generated',
    need: 'generators',
    cases: {
      classify_file: 'an image as the body',
      classify_form: 'an image in a form',
      infer_tensor: 'infer',
      metadata: 'metadata',
    },
  },
  'oapi-codegen': {
    name: '`oapi-codegen`, generated',
    need: 'go',
    cases: { classify_body: 'an image as the body', infer: 'infer' },
  },
  go: {
    name: 'Go’s net/http',
    need: { program: 'go' },
    cases: {
      create_form_file: '`CreateFormFile`',
      post: 'bytes as `application/octet-stream`',
      chunked_gzip: 'chunks with gzip',
    },
  },
  fetch: {
    name: 'Node’s fetch',
    need: { program: 'node' },
    cases: {
      form_untyped_blob: 'an untyped `Blob` in a form',
      form_file: 'a file in a form',
      raw_buffer: 'a `Buffer` as the body',
      raw_stream: 'a stream as the body',
      json_as_text: 'JSON as a text',
      infer_typed_array: 'a UINT8 tensor',
    },
  },
  curl: {
    name: 'curl',
    need: { program: 'curl' },
    cases: {
      form: '`-F image=@x.jpg`',
      form_webp: '`-F image=@x.webp`, whose type it does not know',
      form_fields: '`-F file=@x.jpg -F model=… -F top=1`',
      data_binary: '`--data-binary @x.jpg`',
      upload: '`-X POST -T x.jpg`',
      json: '`--json` with base64',
      compressed: '`--data-binary` of a gzip file',
    },
  },
  wget: {
    name: 'wget',
    need: { program: 'wget' },
    cases: { post_file: '`--post-file=x.jpg`' },
  },
  httpie: {
    name: 'HTTPie',
    need: 'python',
    cases: {
      form: '`-f image@x.jpg`',
      stdin: '`< x.jpg`, which it calls JSON',
      file: '`@x.webp`',
      json: '`images[]=` with base64',
    },
  },
  nginx: { name: 'nginx, buffered', need: 'debian', cases: PROXY_CASES },
  'nginx-streaming': { name: 'nginx, `proxy_request_buffering off`', need: 'debian', cases: PROXY_CASES },
  haproxy: { name: 'haproxy', need: 'debian', cases: PROXY_CASES },
  caddy: { name: 'caddy', need: 'debian', cases: PROXY_CASES },
  spectral: { name: 'spectral', need: 'node', cases: { lint: 'no warning about the document' } },
  redocly: { name: 'redocly', need: 'node', cases: { lint: 'no warning about the document' } },
  promtool: {
    name: '`promtool check metrics`',
    need: 'debian',
    cases: { check: 'no warning about the metrics' },
  },
} as const satisfies Readonly<Record<string, Client>>;

/** Id of a client. */
export type ClientId = keyof typeof CLIENTS;
