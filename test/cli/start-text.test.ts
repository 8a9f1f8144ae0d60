import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { sampleImage } from '../../cli/samples';
import { curlCommand, type ReadyFacts, readyLines, urlOf } from '../../cli/start-text';
import { CLUSTER } from '../../infra/scheduler/cluster';
import { type FitWarning, fitWarnings } from '../../infra/fit/fit-text';
import { MODEL_IDS } from '../../models/catalog';
import { justifiedPrecision } from '../../models/engines/onnxruntime/engine';
import { DEMO_MODELS_DIR, readSavedModel } from '../../models/weights/saved-model';
import { dependencies } from '../../package.json';
import { testAccuracyOf } from '../../service/api/evaluation';
import { openApiKeys } from '../../service/http/api-key';

test.each([
  [undefined, 'http://localhost:8080'],
  ['0.0.0.0', 'http://localhost:8080'],
  ['127.0.0.1', 'http://localhost:8080'],
  ['10.0.0.7', 'http://10.0.0.7:8080'],
  ['fe80::1', 'http://[fe80::1]:8080'],
])('a service on the host %s is opened at %s', (host, url) => {
  expect(urlOf(host, 8080)).toBe(url);
});

test('the curl command quotes what the shell would read, and takes the key from its file', () => {
  expect(curlCommand('http://localhost:8080', 'latency', 'my models/it’s.jpg', "/run/o'keys")).toBe(
    `curl --data-binary @'my models/it’s.jpg' -H 'content-type: image/jpeg' -H "authorization: Bearer $(LC_ALL=C grep -m 1 -oE '[[:graph:]]+' '/run/o'\\''keys')" 'http://localhost:8080/v1/classify?model=latency'`,
  );
  expect(curlCommand('http://localhost:8080', 'latency', 'weave.jpg')).not.toContain('authorization');
});

test.each(['key', '\nkey\r\nother\r\n', '\ufeff\n \t\n  key \n'])(
  'of the key file %j, the shell reads the first key as the service does',
  (text) => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-key-'));
    try {
      const file = join(folder, 'keys');
      writeFileSync(file, text);
      const [header] = /(?<=-H )"[^"]*"/.exec(curlCommand('http://localhost', 'latency', 'x.jpg', file))!;
      const said = execFileSync('sh', ['-c', `printf %s ${header}`], { encoding: 'utf8' });
      expect(said).toBe('authorization: Bearer key');
      expect(() =>
        openApiKeys(file, pino({ level: 'silent' }))(said.slice('authorization: '.length)),
      ).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

const facts: ReadyFacts = {
  url: 'http://localhost:8080',
  seconds: '…',
  models: MODEL_IDS.map((model) => {
    const folder = join(DEMO_MODELS_DIR, model);
    const saved = readSavedModel(folder);
    const { architecture, classes, demo } = saved;
    const loaded = {
      classes,
      demo,
      architecture,
      sha256: '0',
      engine: 'onnxruntime',
      engineVersion: dependencies['onnxruntime-node'],
      // Of a CPU with fast int8.
      precision: justifiedPrecision(saved, true),
      threads: 1,
      files: [{ file: 'model.json', sha256: '1' }],
      inferenceMs: 1,
      loadMs: 1,
    };
    return { model, loaded, accuracy: testAccuracyOf(folder, loaded.precision) };
  }),
  image: sampleImage(join(DEMO_MODELS_DIR, 'samples')),
  apiKeyFile: undefined,
  manifests: { files: ['00-namespace.k8s.yaml'], warnings: fitWarnings('container', () => CLUSTER) },
  verbose: false,
};

test('README.md shows what npm start prints', () => {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  expect(readme).toContain(`\`\`\`\n${[`Open ${facts.url}`, ...readyLines(facts)].join('\n')}\n\`\`\`\n`);
});

test('with verbose, classes and checksums are shown too', () => {
  const added = readyLines({ ...facts, verbose: true }).filter((line) => !readyLines(facts).includes(line));
  expect(added.filter((line) => line.includes('classes: '))).toHaveLength(2);
  expect(added).toContain('    model.json: SHA-256 1');
});

test('a model of one’s own is shown without the remarks on demos, and an unmeasured one without accuracy', () => {
  const [first] = facts.models;
  const own = { ...first!, loaded: { ...first!.loaded, demo: false }, accuracy: undefined };
  const [, line, next] = readyLines({ ...facts, models: [own] });
  expect(next).toBe('Classify an image:');
  expect(line).toMatch(/^ {2}accuracy: resnet101v2 on onnxruntime [\d.]+, \w+; \d+ classes$/);
});

test('a model that runs at fp32 unasked has the reason below it', () => {
  const [first] = facts.models;
  const [, , reason] = readyLines({ ...facts, models: [{ ...first!, fp32Reason: 'at fp32, since …' }] });
  expect(reason).toBe('    at fp32, since …');
});

test('only models that a variant serves are offered to deploy', () => {
  const offered = (...names: string[]) => {
    const models = names.map((model) => ({ ...facts.models[0]!, model }));
    return readyLines({ ...facts, models }).filter((line) => line.includes('kubectl'));
  };
  expect(offered('flowers')).toEqual([]);
  expect(offered('flowers', 'accuracy')).toEqual([
    '  kubectl apply -f dist/00-namespace.k8s.yaml -f dist/accuracy-single-pod.k8s.yaml',
  ]);
  expect(offered('accuracy', 'latency').join()).toContain('latency-single-pod');
});

test('without a manifest of the namespace, none is applied', () => {
  const lines = readyLines({ ...facts, manifests: { files: ['latency-single-pod.k8s.yaml'], warnings: [] } });
  expect(lines).toContain('  kubectl apply -f dist/latency-single-pod.k8s.yaml');
});

test('the container image is built before a variant is applied', () => {
  const lines = readyLines(facts);
  const image = lines.indexOf('  npm run image');
  expect(lines[image - 1]).toMatch(/^Deploy .*nodes need the container image first/);
  expect(lines[image + 1]).toMatch(/^ {2}kubectl apply /);
});

test('variants that do not fit are named once each, and where all fit nothing is said', () => {
  const warning = { variant: 'accuracy-hpa', verdict: '', text: '' };
  const said = (warnings: readonly FitWarning[]) =>
    readyLines({ ...facts, manifests: { files: [], warnings } }).filter((line) =>
      line.includes('Some pods of'),
    );
  expect(said([warning, warning])).toEqual([
    expect.stringMatching(/^ {2}Some pods of accuracy-hpa do not fit /),
  ]);
  expect(said([])).toEqual([]);
});
