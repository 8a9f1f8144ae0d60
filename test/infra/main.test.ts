import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { App } from 'cdk8s';

import { readSettings, SETTING_VARIABLES } from '../../infra/settings';
import { objects, readFolder, synthesize } from './manifests';

const ROOT = join(__dirname, '..', '..');

describe('synth', () => {
  test('loads cdk8s, infra and the service’s contract, and neither tfjs nor express nor an engine', () => {
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
    expect(readdirSync(outdir)).toHaveLength(8);
    expect(loaded.some((file) => file.startsWith('node_modules/cdk8s-plus-28/'))).toBe(true);
    expect(loaded.filter((file) => !/^(node_modules|infra)\//.test(file))).toEqual(['service/contract.ts']);
    const heavy = /^node_modules\/(@tensorflow|express|onnxruntime-node|sharp)\//;
    expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
  });

  test('by the cdk8s command writes the eight files of dist/ and no other', () => {
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
    expect(written.size).toBe(8);
    expect(written).toEqual(readFolder(join(ROOT, 'dist')));
  });

  test('gives identical bytes each time', () => {
    expect(synthesize()).toEqual(synthesize());
  });

  test('takes namespace, image, pull secret and service type from the environment', () => {
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

  test('refuses an unknown service type by name', () => {
    expect(() => synthesize({ TANDEM_SERVICE_TYPE: 'Cluster' })).toThrow(
      'serviceType must be one of ClusterIP, NodePort, LoadBalancer, received Cluster',
    );
  });

  test('takes a setting from the app’s context, where the environment does not say otherwise', () => {
    const app = new App();
    app.node.setContext('namespace', 'vision');
    expect(readSettings(app, {}).namespace).toBe('vision');
    expect(readSettings(app, { TANDEM_NAMESPACE: 'other' }).namespace).toBe('other');
  });

  test('refuses a context that is no text by name', () => {
    const app = new App();
    app.node.setContext('namespace', 7);
    expect(() => readSettings(app, {})).toThrow('namespace must be text, received 7');
  });
});
