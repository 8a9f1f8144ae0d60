import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { MODEL_IDS } from '../../models/catalog';
import { ENV, HTTP_PORT, IMAGE, RUN_AS_USER_ID } from '../../service/contract';
import { MALLOC_ENV } from '../../service/inference/malloc';

const ROOT = join(__dirname, '..', '..');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const [, final] = dockerfile.split(/^FROM .*AS build$/m)[1]!.split(/^FROM /m);

test('the image’s port, user and entry are those of the contract', () => {
  expect(final).toContain(`EXPOSE ${HTTP_PORT}`);
  expect(final).toContain(`${ENV.port}=${HTTP_PORT}`);
  expect(final).toContain(`USER ${RUN_AS_USER_ID}:${RUN_AS_USER_ID}`);
  expect(final).toContain('CMD ["node", "build/bundle/main.js"]');
});

test('the image’s processes handle memory as the service’s table says', () => {
  for (const [name, value] of Object.entries(MALLOC_ENV)) expect(final).toContain(`${name}=${value}`);
});

test('the image that is built is the one that the manifests reference', () => {
  expect(dockerfile).toContain(`-t ${IMAGE} `);
  const manifest = readFileSync(join(ROOT, 'dist', 'latency-hpa.k8s.yaml'), 'utf8');
  expect(manifest).toContain(`image: ${IMAGE}\n`);
});

test('the engine and the models are build arguments, and the graphs are exported while building', () => {
  expect(final).toContain(`${ENV.engine}=\${ENGINE}`);
  expect(final).toContain(`${ENV.models}=\${MODELS}`);
  expect(dockerfile).toContain(`ARG ${ENV.models}=${MODEL_IDS.join(',')}\n`);
  expect(dockerfile).toContain('node build/cli/main.js export $models --out onnx');
  // Into the same folder onnxruntime keeps the optimised form of each graph.
  expect(dockerfile).toMatch(
    new RegExp(`${ENV.onnxCacheDir}=/app/onnx \\\\\n +node build/cli/main.js predict`),
  );
  expect(final).toContain(`${ENV.onnxCacheDir}=/app/onnx`);
  expect(final).toContain(`${ENV.modelsDir}=/app/served`);
});

const IMPORT = /^(?:import|export) (?!type\b)(\{[^}]*\}|[^'{]*) ?from '(\.[^']+)';$/gm;
const isTypesOnly = (names: string) =>
  names.startsWith('{') && /^(?:type [^,]*,?)+$/.test(names.slice(1, -1).replace(/\s+/g, ' ').trim());

/** The sources that a program loads at its start. */
function loadedBy(source: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(source)) return loaded;
  loaded.add(source);
  for (const [, names, path] of readFileSync(source, 'utf8').matchAll(IMPORT)) {
    if (!isTypesOnly(names!)) loadedBy(`${join(dirname(source), path!)}.ts`, loaded);
  }
  return loaded;
}

test('the image has what the load generator loads of infra/, which is not copied whole', () => {
  const loaded = [...loadedBy(join(ROOT, 'cli', 'bench', 'main.ts'))].map((file) => relative(ROOT, file));
  expect(loaded).toContain('bench/timeline/api-objects.ts');
  const needed = loaded.filter((file) => file.startsWith('infra/'));
  expect(needed).toContain('infra/variants.ts');
  expect(needed.filter((file) => !final!.includes(`/app/build/${file.replace(/ts$/, 'js')} `))).toEqual([]);
});
