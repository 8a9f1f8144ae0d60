/** What the container image contains for each engine, and what it does not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Sbom } from '../../scripts/image-sbom';
import { HTTP_PORT, RUN_AS_USER_ID } from '../../service/contract';
import { imageOf, podman, shell } from './container';

const ROOT = join(__dirname, '../..');
const COMPILERS = [
  ...['cc', 'gcc', 'c++', 'g++', 'clang', 'cpp', 'as', 'ld', 'make', 'cmake', 'ninja', 'go', 'rustc'],
  ...['python3', 'tsc', 'tsx', 'esbuild', 'swc', 'jest', 'cdk8s', 'eslint'],
];

interface LockedPackage {
  readonly dev?: boolean;
}
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};
const developmentPackages = Object.entries(lock.packages).flatMap(([path, { dev }]) => (dev ? [path] : []));

describe.each([
  {
    engine: 'onnxruntime',
    inside: ['node_modules/onnxruntime-node', 'onnx/*.onnx', 'served/accuracy/model.json'],
    outside: ['node_modules/@tensorflow/*', 'node_modules/h5wasm', 'served/*/resnet101v2.*'],
  },
  {
    engine: 'tfjs-node',
    inside: [
      'node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node',
      'served/accuracy/resnet101v2.safetensors.gz',
    ],
    outside: [
      'node_modules/onnxruntime-node',
      'onnx/*.onnx',
      'node_modules/@tensorflow/tfjs-node/deps/include',
    ],
  },
])('the image that serves with $engine', ({ engine, inside, outside }) => {
  const image = imageOf(engine);
  const list = (script: string) => shell(image, script).split('\n').filter(Boolean);

  test('runs the service as a numeric non-root user', () => {
    const config = JSON.parse(podman('image', 'inspect', '--format', '{{json .Config}}', image));
    expect(config).toMatchObject({
      User: `${RUN_AS_USER_ID}:${RUN_AS_USER_ID}`,
      ExposedPorts: { [`${HTTP_PORT}/tcp`]: {} },
      Cmd: ['node', 'build/bundle/main.js'],
    });
    expect(shell(image, 'id -u; id -g').split('\n')).toEqual([`${RUN_AS_USER_ID}`, `${RUN_AS_USER_ID}`]);
    const bytes = Number(podman('image', 'inspect', '--format', '{{.Size}}', image));
    console.log(`${engine}: ${Math.round(bytes / 1e6)} MB unpacked, base included`);
    expect(bytes).toBeLessThan(2e9);
  });

  test('has no compiler, no Python and no development tools', () => {
    const found = list(`for program in ${COMPILERS.join(' ')}; do command -v $program; done; true`);
    expect(found).toEqual([]);
    const bins = list('ls node_modules/.bin 2>/dev/null; true');
    expect(bins.filter((name) => COMPILERS.includes(name))).toEqual([]);
  });

  test('has no development dependencies', () => {
    expect(developmentPackages.length).toBeGreaterThan(100);
    const installed = new Set(list('find node_modules -name package.json | sed s,/package.json$,,'));
    expect(installed.has('node_modules/express')).toBe(true);
    expect(developmentPackages.filter((path) => installed.has(path))).toEqual([]);
  });

  test('has what its engine needs and nothing of other engines', () => {
    for (const pattern of inside) expect(list(`ls -d ${pattern}`)).not.toEqual([]);
    for (const pattern of outside) expect(list(`ls -d ${pattern} 2>/dev/null; true`)).toEqual([]);
  });

  test('is owned by root, and its user cannot write to it', () => {
    expect(list('find /app -writable ! -type l; find /app ! -user 0')).toEqual([]);
  });

  test('has an SBOM that lists every npm package, every Debian package and Node', () => {
    const file = join(ROOT, 'build', 'image', `localhost-tandem-test-${engine}.cdx.json`);
    const { components, bomFormat } = JSON.parse(readFileSync(file, 'utf8')) as Sbom;
    expect(bomFormat).toBe('CycloneDX');
    const named = (prefix: string) =>
      components
        .filter(({ purl }) => purl.startsWith(prefix))
        .map(({ name, version }) => `${name} ${version}`);
    const script = `
      const { readFileSync } = require('fs');
      for (const file of process.argv.slice(1)) {
        const { name, version } = JSON.parse(readFileSync(file, 'utf8'));
        console.log(name + ' ' + version);
      }`;
    // A package's folder lies directly in a node_modules, or in a scope below it.
    const packages = list(
      `node -e "${script.replace(/"/g, '\\"')}" $(find node_modules -regex '.*node_modules/\\(@[^/]*/\\)?[^/@.][^/]*/package.json')`,
    );
    const npm = components.flatMap(({ purl, name, version, group }) =>
      purl.startsWith('pkg:npm/') ? [`${group === undefined ? '' : `${group}/`}${name} ${version}`] : [],
    );
    expect(new Set(npm)).toEqual(new Set(packages));
    const debian = list("dpkg-query --show --showformat '${Package} ${Version}\\n'");
    expect(new Set(named('pkg:deb/'))).toEqual(new Set(debian));
    expect(named('pkg:generic/node@')).toEqual([`node ${shell(image, 'node --version').slice(1)}`]);
  });
});
