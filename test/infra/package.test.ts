import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { fencedBlocks } from '../support/markdown';

const ROOT = join(__dirname, '..', '..');
const PACKAGE = join(ROOT, 'infra', 'package');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: unknown;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Manifest;
const construct = read(join(PACKAGE, 'package.json'));
const tandem = read(join(ROOT, 'package.json'));
const releases = Object.keys(construct.peerDependenciesMeta);

test('the construct has the version of Tandem', () => {
  expect(construct.version).toBe(tandem.version);
});

test('the construct needs cdk8s, constructs and one release of cdk8s-plus, and nothing else', () => {
  expect(construct.dependencies).toBeUndefined();
  expect(Object.keys(construct.peerDependencies).sort()).toEqual(['cdk8s', 'constructs', ...releases].sort());
  expect(releases).toEqual([33, 32, 31, 30, 29, 28].map((release) => `cdk8s-plus-${release}`));
  for (const { optional } of Object.values(construct.peerDependenciesMeta)) expect(optional).toBe(true);
});

test('the release that the sources are compiled with is one of the accepted ones', () => {
  expect(readFileSync(join(ROOT, 'infra', 'construct', 'cdk8s-plus.ts'), 'utf8')).toContain(
    "'cdk8s-plus-28'",
  );
  expect(releases).toContain('cdk8s-plus-28');
});

test('types and code look for the releases in the same order', () => {
  const types = readFileSync(join(PACKAGE, 'cdk8s-plus.d.ts'), 'utf8');
  const named = [...types.matchAll(/\/\/ @ts-ignore\nexport \* from '(.+)';/g)].map(([, name]) => name);
  expect(named).toEqual(releases);
});

describe('in an app', () => {
  let app: string;
  beforeEach(() => (app = mkdtempSync(join(tmpdir(), 'tandem-app-'))));
  afterEach(() => rmSync(app, { recursive: true }));

  function write(file: string, text: string): string {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Installs cdk8s and releases of cdk8s-plus that say their names; the construct's code prints whose it takes. */
  function installAll(folder: string, ...names: string[]): string {
    const modules = join(folder, 'node_modules');
    write(join(modules, 'cdk8s/index.js'), 'exports.ApiObject = class {};');
    for (const name of names) {
      const text = `exports.k8s = { KubeService: class extends require('cdk8s').ApiObject {}, name: '${name}' };`;
      write(join(modules, name, 'index.js'), text);
    }
    write(join(modules, construct.name, 'package.json'), JSON.stringify(construct));
    const code = readFileSync(join(PACKAGE, 'cdk8s-plus.cjs'), 'utf8');
    const file = write(join(modules, construct.name, 'build/infra/construct/cdk8s-plus.js'), code);
    return `process.stdout.write(require(${JSON.stringify(file)}).k8s.name)`;
  }

  const print = (script: string) => execFileSync('node', ['-e', script], { encoding: 'utf8' });

  test.each(releases)('the API objects come from %s if no other release is there', (release) => {
    expect(print(installAll(app, release))).toBe(release);
  });

  test('of several releases, the newest one counts', () => {
    const script = installAll(app, 'cdk8s-plus-29', 'cdk8s-plus-32', 'cdk8s-plus-28');
    expect(print(script)).toBe('cdk8s-plus-32');
  });

  test('a newer release in a folder above the app, with its own cdk8s, does not count', () => {
    installAll(app, 'cdk8s-plus-33');
    expect(print(installAll(join(app, 'inner'), 'cdk8s-plus-28'))).toBe('cdk8s-plus-28');
  });

  test('without any release, the error says what to install', () => {
    const { status, stderr } = spawnSync('node', ['-e', installAll(app)], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain(
      'tandem-inference-service needs cdk8s-plus beside the same cdk8s: install one of cdk8s-plus-33, cdk8s-plus-32, ' +
        'cdk8s-plus-31, cdk8s-plus-30, cdk8s-plus-29, cdk8s-plus-28, such as npm install cdk8s-plus-33',
    );
  });

  test('a release that fails to load is not passed over', () => {
    const script = installAll(app, 'cdk8s-plus-28');
    write(join(app, 'node_modules/cdk8s-plus-33/index.js'), "require('constructs');");
    const { status, stderr } = spawnSync('node', ['-e', script], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot find module 'constructs'");
  });
});

test('every export of the package is compiled from a source that its tsconfig.json lists', () => {
  const { exports, files } = {
    ...JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')),
    ...JSON.parse(readFileSync(join(PACKAGE, 'tsconfig.json'), 'utf8')),
  } as { exports: Record<string, string | Record<string, string>>; files: string[] };
  const entries = Object.values(exports).filter((entry) => typeof entry !== 'string');
  const sources = files.map((file) => file.replace('../', './build/infra/').replace(/\.ts$/, ''));
  expect(entries).toEqual(sources.map((name) => ({ types: `${name}.d.ts`, default: `${name}.js` })));
});

test('the README shows the example of docs/, with the package’s name', () => {
  const [block] = fencedBlocks(readFileSync(join(PACKAGE, 'README.md'), 'utf8'), 'ts');
  const example = readFileSync(join(ROOT, 'docs', 'example-app.ts'), 'utf8').replace(/^\/\*\*.*\*\/\n/, '');
  expect(block!.trim()).toBe(example.replace('../infra/construct/inference-service', construct.name).trim());
});
