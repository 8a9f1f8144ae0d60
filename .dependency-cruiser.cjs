/**
 * The walls between rooms: which folder may import from which, and why. docs/architecture.md draws them.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** What each folder may import beside itself; a folder that is not listed has no wall of its own. */
const ROOMS = {
  files: { may: [], why: 'files/ is at the bottom: it knows the project’s folder and nothing else' },
  statistics: { may: [], why: 'statistics/ is at the bottom: pure functions of numbers' },
  charts: { may: [], why: 'charts/ is at the bottom: it draws numbers and knows no model and no cluster' },
  'models/architectures': {
    may: ['models/'],
    why: 'an architecture knows the catalog, not how it is stored, trained or served',
  },
  'models/data': { may: ['models/', 'files', 'statistics'], why: 'images know no model' },
  'models/weights': {
    may: ['models/', 'models/architectures', 'files', 'statistics'],
    why: 'stored weights know the architectures they fill, not who trains, runs or demonstrates them',
  },
  'models/onnx': { may: ['models/'], why: 'the exporter turns a built model into bytes; it reads no files' },
  'models/engines': {
    may: ['models/', 'models/onnx', 'models/weights', 'files'],
    why: 'an engine runs a saved model; it knows no images and no training',
  },
  'models/evaluation': {
    may: ['models/', 'models/data', 'models/engines', 'statistics'],
    why: 'evaluation measures an engine on images, wherever the model came from',
  },
  'models/training': {
    may: [
      'models/',
      'models/architectures',
      'models/data',
      'models/weights',
      'models/onnx',
      'models/engines',
      'files',
      'statistics',
    ],
    why: 'training ends with a saved model; reports about it are written above',
  },
  'models/report': {
    may: [
      'models/',
      'models/architectures',
      'models/data',
      'models/weights',
      'models/engines',
      'models/evaluation',
      'models/training',
      'charts',
      'files',
      'statistics',
    ],
    why: 'a report reads evaluation and training; neither the demo nor a command',
  },
  'models/compare': {
    may: [
      'models/',
      'models/architectures',
      'models/data',
      'models/weights',
      'models/onnx',
      'models/engines',
      'models/evaluation',
      'models/training',
      'models/report',
      'charts',
      'files',
      'statistics',
    ],
    why: 'comparing bases trains and measures; neither the demo nor a command',
  },
  models: {
    may: ['charts', 'files', 'statistics'],
    why: 'models/ knows no HTTP, no Kubernetes and no command line',
  },
  'service/http': { may: ['service/'], why: 'service/http/ knows connections and headers, not models' },
  'service/inference': {
    may: ['service/', 'models', 'files'],
    why: 'service/inference/ runs models in child processes; it knows no HTTP',
  },
  'service/api': {
    may: ['service/', 'service/http', 'service/inference', 'models', 'files'],
    why: 'service/api/ answers requests; it starts nothing and listens nowhere',
  },
  'service/grpc': {
    may: ['service/', 'service/api', 'service/http', 'models', 'files'],
    why: 'service/grpc/ translates between gRPC and what service/api/ answers; only service/main.ts loads it',
  },
  service: {
    may: ['models', 'files'],
    why: 'service/ knows saved models: no Kubernetes, no training, no load generation, no command line',
  },
  infra: {
    may: ['models/catalog.ts', 'service/contract.ts', 'files'],
    why: 'infra/ reads the catalog and the contract only, so that synth loads neither tfjs nor express',
  },
  'infra/construct': {
    may: ['infra/quantity.ts', 'service/contract.ts'],
    why: 'the construct stands alone: an app installs it without our variants and without fit',
  },
  'infra/scheduler': {
    may: ['infra/', 'infra/construct'],
    why: 'infra/scheduler/ places pods as kube-scheduler does; it reads no cluster and no file',
  },
  'infra/fit': {
    may: ['infra/', 'infra/construct', 'infra/scheduler'],
    why: 'infra/fit/ says what fits: variants, any manifest, a described or a real cluster',
  },
  'bench/load': {
    may: ['service/contract.ts', 'charts', 'files', 'statistics'],
    why: 'bench/load/ is a black box’s client: it knows URLs and the contract, no model',
  },
  'bench/lab': {
    may: ['infra'],
    why: 'bench/lab/ starts clusters and nodes; it knows no service and no measurement',
  },
  'bench/autoscaler': {
    may: [],
    why: 'bench/autoscaler/ decides as Kubernetes does from what it is told; it reads no file and no cluster',
  },
  'bench/twin': {
    may: ['bench/autoscaler', 'bench/load', 'infra', 'service/contract.ts', 'statistics'],
    why: 'bench/twin/ simulates what it is told; it reads no recording and no cluster',
  },
  'bench/timeline': {
    may: ['bench/load', 'infra/quantity.ts', 'service/contract.ts', 'files', 'statistics'],
    why: 'bench/timeline/ watches a cluster or a process from outside; it changes nothing',
  },
  'bench/cluster-run': {
    may: ['bench/load', 'bench/timeline', 'infra', 'service/contract.ts', 'files', 'statistics'],
    why: 'bench/cluster-run/ measures in a cluster that exists; it starts none',
  },
  'bench/evidence': {
    may: [
      'bench/autoscaler',
      'bench/load',
      'bench/timeline',
      'bench/cluster-run',
      'bench/lab',
      'bench/experiments',
      'infra',
      'models/catalog.ts',
      'models/engines/engine.ts',
      'service/contract.ts',
      'service/cpu-limit.ts',
      'service/inference/parallelism.ts',
      'charts',
      'files',
      'statistics',
    ],
    why: 'bench/evidence/ runs the experiments on real pods and draws what they leave; it trains and serves nothing',
  },
  'bench/adviser': {
    may: [
      'bench/autoscaler',
      'bench/load',
      'bench/timeline',
      'bench/evidence',
      'bench/twin',
      'infra',
      'models/catalog.ts',
      'service/contract.ts',
      'service/inference/parallelism.ts',
      'charts',
      'statistics',
    ],
    why: 'bench/adviser/ explains and advises from recordings with the twin; it measures nothing',
  },
  bench: {
    may: ['infra', 'models', 'service', 'charts', 'files', 'statistics'],
    why: 'bench/ measures; commands and tests are above it',
  },
  cli: {
    may: ['bench', 'charts', 'files', 'infra', 'models', 'service', 'statistics'],
    why: 'cli/ is at the top: it knows every room but the tests',
  },
};

/** Packages that a folder must not load, and why. */
const PACKAGES = [
  [
    'models',
    ['express', 'cdk8s', 'cdk8s-plus-28', 'constructs', 'commander'],
    'models/ knows no HTTP, no Kubernetes and no command line',
  ],
  [
    'service',
    ['cdk8s', 'cdk8s-plus-28', 'constructs', 'commander'],
    'service/ knows no Kubernetes and no command line',
  ],
  [
    'infra',
    ['express', '@tensorflow', 'onnxruntime-node', 'sharp', 'commander'],
    'synth loads neither tfjs nor express',
  ],
];

/** `models/` with the slash means the files that lie directly in it. */
const pattern = (room) => {
  if (room.endsWith('.ts')) return `^${room.replace('.', '\\.')}$`;
  return room.endsWith('/') ? `^${room}[^/]+$` : `^${room}/`;
};

const ours = '^(bench|charts|cli|files|infra|models|scripts|service|statistics|test)/';

module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'files that import each other in a circle cannot be read or tested apart',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(ROOMS).map(([room, { may, why }]) => ({
      name: `wall-of-${room.replace('/', '-')}`,
      comment: why,
      severity: 'error',
      from: { path: pattern(room) },
      to: { path: ours, pathNot: [room, ...may].map(pattern) },
    })),
    ...PACKAGES.map(([room, packages, why]) => ({
      name: `packages-of-${room}`,
      comment: why,
      severity: 'error',
      from: { path: pattern(room) },
      to: { path: packages.map((name) => `node_modules/${name}(/|$)`) },
    })),
    {
      name: 'demo-on-top',
      comment: 'models/demo/ is the top room of models/: nothing in models/ or service/ imports it',
      severity: 'error',
      from: { path: '^(models|service)/', pathNot: '^models/demo/' },
      to: { path: '^models/demo/' },
    },
    {
      name: 'models-root-is-facts',
      comment: 'catalog and recipes are fact tables: they import each other’s types and nothing else',
      severity: 'error',
      from: { path: '^models/[^/]+$' },
      to: { path: ours, pathNot: '^models/[^/]+$' },
    },
    {
      name: 'service-decodes-its-formats-only',
      comment: 'models/data/decode-file lets libvips read formats that no request may have',
      severity: 'error',
      from: { path: '^service/' },
      to: { path: '^models/data/decode-file\\.ts$', reachable: true },
    },
    {
      name: 'one-door-to-cdk8s-plus',
      comment:
        'import infra/construct/cdk8s-plus: the package of the construct takes whichever release an app has',
      severity: 'error',
      from: { path: '^infra/', pathNot: '^infra/construct/cdk8s-plus\\.ts$' },
      to: { path: 'node_modules/cdk8s-plus-' },
    },
    {
      name: 'construct-stands-alone',
      comment: 'infra/package holds what the construct imports: the contract and cdk8s, nothing else',
      severity: 'error',
      from: { path: '^infra/construct/inference-service\\.ts$' },
      to: {
        reachable: true,
        path: [ours, '(^|/)node_modules/'],
        pathNot: [
          '^infra/construct/',
          '^infra/quantity\\.ts$',
          '^service/contract\\.ts$',
          'node_modules/(cdk8s|cdk8s-plus-28|constructs)/',
        ],
      },
    },
    {
      name: 'one-door-to-onnxruntime',
      comment: 'import models/engines/onnxruntime/runtime: it switches telemetry off',
      severity: 'error',
      from: { path: ours, pathNot: ['^models/engines/onnxruntime/runtime\\.ts$', '^test/'] },
      to: { path: 'node_modules/onnxruntime-node', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(build|dist|coverage|infra/package)/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.cjs', '.json'],
      conditionNames: ['require', 'node', 'types'],
    },
  },
};
