import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { parse, stringify } from 'yaml';

import { readContext, readSettings, SETTING_VARIABLES } from '../../infra/settings';
import { objects, readFolder, synthesize } from '../support/manifests';

const ROOT = join(__dirname, '..', '..');
/** Every key that the context may have. */
const KEYS = Object.keys(SETTING_VARIABLES).join(', ');

describe('synth', () => {
  test('loads cdk8s, infra and the service’s contract, but not tfjs, express or an engine', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'tandem-loaded-'));
    const script = `
      require('./infra/main.ts').synthesize(${JSON.stringify(outdir)}, {});
      console.log(JSON.stringify(Object.keys(require.cache)));`;
    const output = execFileSync('node', ['--import', 'tsx', '-e', script], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const loaded = (JSON.parse(output) as string[]).map((file) => relative(ROOT, file).replaceAll('\\', '/'));
    expect(readdirSync(outdir)).toHaveLength(9);
    expect(loaded.some((file) => file.startsWith('node_modules/cdk8s-plus-28/'))).toBe(true);
    expect(loaded.filter((file) => !/^(node_modules|infra|files)\//.test(file))).toEqual([
      'service/contract.ts',
    ]);
    const heavy = /^node_modules\/(@tensorflow|express|onnxruntime-node|sharp)\//;
    expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
  });

  test('with the cdk8s command writes the nine files of dist/ and no others', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'tandem-cdk8s-'));
    const command = join(ROOT, 'node_modules', '.bin', 'cdk8s');
    execFileSync('node', [command, 'synth', '--check-upgrade=false', '--output', outdir], {
      cwd: ROOT,
      stdio: 'ignore',
      env: {
        ...process.env,
        ...Object.fromEntries(Object.values(SETTING_VARIABLES).map((name) => [name, ''])),
      },
    });
    const written = readFolder(outdir);
    expect(written.size).toBe(9);
    expect(written).toEqual(readFolder(join(ROOT, 'dist')));
  });

  test('with the cdk8s command and --stdout leaves the folder dist/ alone', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'tandem-stdout-'));
    const config = parse(readFileSync(join(ROOT, 'cdk8s.yaml'), 'utf8')) as object;
    const app = `node --import ${pathToFileURL(require.resolve('tsx')).href} ${join(ROOT, 'infra', 'main.ts')}`;
    writeFileSync(join(cwd, 'cdk8s.yaml'), stringify({ ...config, app }));
    mkdirSync(join(cwd, 'dist'));
    writeFileSync(join(cwd, 'dist', 'kept'), '');
    const command = join(ROOT, 'node_modules', '.bin', 'cdk8s');
    const printed = execFileSync('node', [command, 'synth', '--check-upgrade=false', '--stdout'], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(printed).toContain('kind: Deployment');
    expect(readdirSync(join(cwd, 'dist'))).toEqual(['kept']);
  });

  test('as npm runs it names a wrong variable in one line and leaves dist/ as it was', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const [tsx, ...args] = scripts['synth']!.split(' ');
    expect(tsx).toBe('tsx');
    const cwd = mkdtempSync(join(tmpdir(), 'tandem-wrong-'));
    mkdirSync(join(cwd, 'dist'));
    writeFileSync(join(cwd, 'dist', 'kept'), '');
    const [script, ...options] = args;
    const { stderr, status } = spawnSync(
      'node',
      [require.resolve('tsx/cli'), join(ROOT, script!), ...options],
      { cwd, encoding: 'utf8', env: { ...process.env, TANDEM_NAMESPACE: 'UPPER' } },
    );
    expect([stderr, status]).toEqual([
      expect.stringMatching(/^error: TANDEM_NAMESPACE must be .*, received UPPER\n$/),
      1,
    ]);
    expect(readdirSync(join(cwd, 'dist'))).toEqual(['kept']);
  });

  test('writes the same bytes each time', () => {
    expect(synthesize()).toEqual(synthesize());
  });

  test('reads namespace, image, pull secret and service type from the environment', () => {
    const files = synthesize({
      TANDEM_NAMESPACE: 'vision',
      TANDEM_IMAGE: `images.example/tandem@sha256:${'0'.repeat(64)}`,
      TANDEM_IMAGE_PULL_SECRET: 'credentials',
      TANDEM_SERVICE_TYPE: 'LoadBalancer',
    });
    const { Deployment, Service } = objects(files.get('latency-hpa.k8s.yaml')!);
    expect(Deployment.metadata.namespace).toBe('vision');
    expect(Deployment.spec.template.spec.containers[0].image).toMatch(
      /^images\.example\/tandem@sha256:0{64}$/,
    );
    expect(Deployment.spec.template.spec.imagePullSecrets).toEqual([{ name: 'credentials' }]);
    expect(Service.spec.type).toBe('LoadBalancer');
  });

  test('refuses an unknown service type and names its variable', () => {
    expect(() => synthesize({ TANDEM_SERVICE_TYPE: 'Cluster' })).toThrow(
      'TANDEM_SERVICE_TYPE must be one of ClusterIP, NodePort, LoadBalancer, received Cluster',
    );
  });

  test('refuses a namespace with Kubernetes’ own prefix and names its variable or key', () => {
    const refusal =
      'must not start with kube-, which Kubernetes reserves for its own namespaces: choose another name, ' +
      'received kube-system';
    expect(() => readSettings({ TANDEM_NAMESPACE: 'kube-system' }, {})).toThrow(
      `TANDEM_NAMESPACE ${refusal}`,
    );
    expect(() => readSettings({}, { namespace: 'kube-system' })).toThrow(`context namespace ${refusal}`);
    expect(readSettings({}, { namespace: 'kubernetes' }).namespace).toBe('kubernetes');
  });
});

describe('the context of cdk8s.yaml', () => {
  const folderWith = (context: unknown) => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-context-'));
    const tsx = pathToFileURL(require.resolve('tsx')).href;
    const app = `node --import ${tsx} ${join(ROOT, 'infra', 'main.ts')}`;
    writeFileSync(join(folder, 'cdk8s.yaml'), stringify({ language: 'typescript', app, context }));
    return folder;
  };

  test.each([
    ['cdk8s', join(ROOT, 'node_modules', '.bin', 'cdk8s'), ['synth', '--check-upgrade=false', '--output']],
    ['tandem', join(ROOT, 'bin', 'tandem.cjs'), ['synth', '--out']],
  ])('reaches the manifests with %s', (_, command, args) => {
    const cwd = folderWith({ namespace: 'vision', serviceType: 'NodePort', imagePullSecret: 'credentials' });
    execFileSync('node', [command, ...args, 'out'], {
      cwd,
      stdio: 'ignore',
      env: { ...process.env, TANDEM_NAMESPACE: '', TANDEM_SERVICE_TYPE: 'LoadBalancer' },
    });
    const { Service, Deployment } = objects(readFileSync(join(cwd, 'out', 'latency-hpa.k8s.yaml'), 'utf8'));
    expect(Service.metadata.namespace).toBe('vision');
    expect(Service.spec.type).toBe('LoadBalancer');
    expect(Deployment.spec.template.spec.imagePullSecrets).toEqual([{ name: 'credentials' }]);
  });

  test.each([
    [{ namespaces: 'vision' }, `must hold ${KEYS} only, received namespaces`],
    [['vision'], `must be a map of ${KEYS}, received vision`],
    ['vision', 'must be a map of namespace'],
    [null, 'must be a map of namespace'],
  ])('%j is refused', (context, message) => {
    expect(() => readContext(join(folderWith(context), 'cdk8s.yaml'))).toThrow(message);
  });

  test.each([
    ['context: {', 'must be readable YAML: '],
    ['- one', 'must be a map, received ["one"]'],
    ['words', 'must be a map, received "words"'],
  ])('a file that holds %j is refused by its name', (text, message) => {
    const file = join(folderWith(undefined), 'cdk8s.yaml');
    writeFileSync(file, text);
    expect(() => readContext(file)).toThrow(`${file} ${message}`);
  });

  test('is empty if the file is missing or empty', () => {
    const file = join(folderWith(undefined), 'cdk8s.yaml');
    expect(readContext(file)).toEqual({});
    writeFileSync(file, '');
    expect(readContext(file)).toEqual({});
    expect(readContext(`${file}.missing`)).toEqual({});
  });

  test('must hold text values', () => {
    expect(() => readSettings({}, { namespace: 7 })).toThrow('context namespace must be text, received 7');
  });

  test('is named with its key in errors', () => {
    expect(() => readSettings({}, { basis: 'pod' })).toThrow(
      'context basis must be one of container, node, received pod',
    );
  });
});
