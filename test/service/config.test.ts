import fs from 'node:fs';

import { readConfig } from '../../service/config';
import { cgroupCpuLimitMillis, cgroupCpuThrottling, threadsFor } from '../../service/cpu-limit';
import { RESERVED_DESCRIPTORS } from '../../service/descriptors';
import { checkNodeVersion } from '../../service/node-version';

test('an empty environment serves both models with onnxruntime on port 8080', () => {
  expect(readConfig({})).toMatchObject({
    port: 8080,
    models: ['accuracy', 'latency'],
    engine: 'onnxruntime',
  });
});

test('models of any name are served, each once', () => {
  const { models } = readConfig({ MODELS: 'flowers-2, latency,flowers-2' });
  expect(models).toEqual(['flowers-2', 'latency']);
});

test('the Downward API’s CPU limit decides the threads', () => {
  expect(readConfig({ CPU_LIMIT_MILLIS: '4400' })).toMatchObject({ cpuLimitMillis: 4400, threads: 4 });
  expect(readConfig({ CPU_LIMIT_MILLIS: '750' }).threads).toBe(1);
});

test('the API key file and the metrics port are absent unless set', () => {
  expect(readConfig({ API_KEY_FILE: '', METRICS_PORT: '' })).not.toHaveProperty('apiKeyFile');
  expect(readConfig({ API_KEY_FILE: '', METRICS_PORT: '' })).not.toHaveProperty('metricsPort');
  expect(readConfig({ API_KEY_FILE: '/keys', METRICS_PORT: '9090' })).toMatchObject({
    apiKeyFile: '/keys',
    metricsPort: 9090,
  });
});

test('the gRPC port is absent unless set', () => {
  expect(readConfig({ GRPC_PORT: '' })).not.toHaveProperty('grpcPort');
  expect(readConfig({ GRPC_PORT: '9000' }).grpcPort).toBe(9000);
  expect(readConfig({ PORT: '0', METRICS_PORT: '0', GRPC_PORT: '0' }).grpcPort).toBe(0);
});

test('origins are a list, empty unless set', () => {
  expect(readConfig({}).corsOrigins).toEqual([]);
  expect(readConfig({ CORS_ORIGINS: 'https://a.example, http://b.example:81' }).corsOrigins).toEqual([
    'https://a.example',
    'http://b.example:81',
  ]);
  expect(readConfig({ CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
});

test('connections leave descriptors for the model processes', () => {
  const read = fs.readFileSync;
  const limits = jest
    .spyOn(fs, 'readFileSync')
    .mockImplementation((file, ...options) =>
      file === '/proc/self/limits' ? 'Max open files 1024 4096 files' : read(file, ...options),
    );
  try {
    expect(readConfig({}).maxConnections).toBe(1024 - RESERVED_DESCRIPTORS);
    expect(readConfig({ MAX_CONNECTIONS: '7' }).maxConnections).toBe(7);
    expect(() => readConfig({ MAX_CONNECTIONS: '925' })).toThrow(
      'MAX_CONNECTIONS must be at most 924 where a process may open 1024 files, received "925": lower it, or raise the limit (ulimit -n)',
    );
  } finally {
    limits.mockRestore();
  }
});

test('the precision is each model’s own unless set', () => {
  expect(readConfig({ PRECISION: '' })).not.toHaveProperty('precision');
  expect(readConfig({ PRECISION: 'int8' }).precision).toBe('int8');
  expect(readConfig({ PRECISION: 'fp32', ENGINE: 'wasm' }).precision).toBe('fp32');
});

test.each([
  [{ CORS_ORIGINS: 'example.com' }, 'CORS_ORIGINS must be * or origins such as https://example.com'],
  [{ CORS_ORIGINS: 'https://example.com/app' }, 'received "https://example.com/app"'],
  [{ PRECISION: 'fp16' }, 'PRECISION must be one of fp32, int8, bf16, received "fp16"'],
  [
    { PRECISION: 'bf16' },
    'PRECISION must be fp32 or int8 with ENGINE onnxruntime, received "bf16": choose ENGINE openvino, or unset PRECISION',
  ],
  [
    { PRECISION: 'int8', ENGINE: 'wasm' },
    'PRECISION must be fp32 with ENGINE wasm, received "int8": choose ENGINE onnxruntime, or unset PRECISION',
  ],
  [{ METRICS_PORT: 'x' }, 'METRICS_PORT must be a whole number from 0 to 65535, received "x"'],
  [{ METRICS_PORT: '8080' }, 'METRICS_PORT must differ from PORT, received "8080"'],
  [{ GRPC_PORT: '8080' }, 'GRPC_PORT must differ from PORT and METRICS_PORT, received "8080"'],
  [{ METRICS_PORT: '9090', GRPC_PORT: '9090' }, 'GRPC_PORT must differ from PORT and METRICS_PORT'],
  [{ MAX_CONNECTIONS: '0' }, 'MAX_CONNECTIONS must be a whole number from 1 to 1000000, received "0"'],
  [
    { MAX_CONNECTIONS: '1', GRPC_PORT: '8081' },
    'MAX_CONNECTIONS must be at least 2 with GRPC_PORT, received "1": raise it and the limit of open files (ulimit -n), or unset GRPC_PORT',
  ],
  [{ PORT: '8e3' }, 'PORT must be a whole number from 0 to 65535, received "8e3"'],
  [{ PORT: 'http' }, 'PORT must be a whole number from 0 to 65535, received "http"'],
  [{ PORT: '70000' }, 'PORT must be a whole number from 0 to 65535, received "70000"'],
  [
    { MODELS: 'accuracy,Flowers' },
    'MODELS must be names of at most 63 of a-z, 0-9 and -, not starting or ending with -, and not stats or none, received "Flowers"',
  ],
  [{ MODELS: 'accuracy,' }, 'received ""'],
  [{ MODELS: 'stats' }, 'received "stats"'],
  [{ ENGINE: 'torch' }, 'ENGINE must be one of onnxruntime, openvino, tfjs-node, wasm, received "torch"'],
  [{ CPU_LIMIT_MILLIS: '0' }, 'CPU_LIMIT_MILLIS must be a whole number from 1 to 1000000, received "0"'],
])('rejects %j by name', (environment, message) => {
  expect(() => readConfig(environment)).toThrow(message);
});

const files = (contents: Record<string, string>) => (file: string) => contents[file];

test('reads cgroups of both versions', () => {
  const v1 = (quota: string) =>
    files({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': quota, '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' });
  expect(cgroupCpuLimitMillis(files({ '/sys/fs/cgroup/cpu.max': '150000 100000' }))).toBe(1500);
  expect(cgroupCpuLimitMillis(files({ '/sys/fs/cgroup/cpu.max': 'max 100000' }))).toBeUndefined();
  expect(cgroupCpuLimitMillis(v1('75000'))).toBe(750);
  expect(cgroupCpuLimitMillis(v1('-1'))).toBeUndefined();
  expect(cgroupCpuLimitMillis(files({}))).toBeUndefined();
});

test('outside containers, the lowest limit of the cgroup and its ancestors applies', () => {
  const v2 = {
    '/proc/self/cgroup': '0::/system.slice/tandem.service',
    '/sys/fs/cgroup/system.slice/cpu.max': '150000 100000',
  };
  const inner = '/sys/fs/cgroup/system.slice/tandem.service/cpu.max';
  expect(cgroupCpuLimitMillis(files(v2))).toBe(1500);
  expect(cgroupCpuLimitMillis(files({ ...v2, [inner]: 'max 100000' }))).toBe(1500);
  expect(cgroupCpuLimitMillis(files({ ...v2, [inner]: '50000 100000' }))).toBe(500);
  const v1 = {
    '/proc/self/cgroup': '4:memory:/other\n3:cpu,cpuacct:/lab\n0::/',
    '/sys/fs/cgroup/cpu/lab/cpu.cfs_quota_us': '75000',
    '/sys/fs/cgroup/cpu/lab/cpu.cfs_period_us': '100000',
    '/sys/fs/cgroup/cpu/other/cpu.cfs_quota_us': '1000',
    '/sys/fs/cgroup/cpu/other/cpu.cfs_period_us': '100000',
  };
  expect(cgroupCpuLimitMillis(files(v1))).toBe(750);
});

test('reads throttling of both versions; undefined when no cgroup counts it', () => {
  const stat = 'nr_periods 40\nnr_throttled 10\n';
  const throttling = { periods: 40, throttledPeriods: 10, throttledSeconds: 2.5 };
  const v2 = files({ '/sys/fs/cgroup/cpu.stat': `usage_usec 9\n${stat}throttled_usec 2500000` });
  const v1 = files({ '/sys/fs/cgroup/cpu/cpu.stat': `${stat}throttled_time 2500000000` });
  expect(cgroupCpuThrottling(v2)).toEqual(throttling);
  expect(cgroupCpuThrottling(v1)).toEqual(throttling);
  expect(cgroupCpuThrottling(files({ '/sys/fs/cgroup/cpu.stat': 'usage_usec 9' }))).toBeUndefined();
});

test('reads the throttling of the cgroup whose limit is the lowest, which those inside do not count', () => {
  const stat = (periods: number) => `nr_periods ${periods}\nnr_throttled ${periods}\nthrottled_usec 0`;
  const inner = '/sys/fs/cgroup/tandem.slice/service';
  const tree = {
    '/proc/self/cgroup': '0::/tandem.slice/service',
    [`${inner}/cpu.stat`]: stat(0),
    '/sys/fs/cgroup/tandem.slice/cpu.stat': stat(40),
    '/sys/fs/cgroup/tandem.slice/cpu.max': '50000 100000',
  };
  expect(cgroupCpuThrottling(files(tree))?.periods).toBe(40);
  const limited = { ...tree, [`${inner}/cpu.max`]: '200000 100000' };
  expect(cgroupCpuThrottling(files(limited))?.periods).toBe(40);
  const equal = { ...tree, [`${inner}/cpu.max`]: '50000 100000' };
  expect(cgroupCpuThrottling(files(equal))?.periods).toBe(0);
  const unlimited = { ...tree, '/sys/fs/cgroup/tandem.slice/cpu.max': 'max 100000' };
  expect(cgroupCpuThrottling(files(unlimited))?.periods).toBe(0);
  // A limit whose cgroup counts nothing.
  const silent = { ...tree, '/sys/fs/cgroup/tandem.slice/cpu.stat': 'usage_usec 9' };
  expect(cgroupCpuThrottling(files(silent))?.periods).toBe(0);
});

test.each([
  [405, 1],
  [1000, 1],
  [2900, 2],
])('a limit of %i millicores gives %i threads', (limitMillis, threads) => {
  expect(threadsFor(limitMillis)).toBe(threads);
});

test('rejects a Node before 20 in one line, and no later one', () => {
  expect(() => checkNodeVersion('18.20.0')).toThrow(
    'Tandem needs Node 20 or later, this is Node 18.20.0: install Node 22 and start again',
  );
  for (const version of ['20.19.0', '22.13.0', '24.9.0', '26.0.0'])
    expect(() => checkNodeVersion(version)).not.toThrow();
});
