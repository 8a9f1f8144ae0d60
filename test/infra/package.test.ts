import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  expect(readFileSync(join(ROOT, 'infra', 'cdk8s-plus.ts'), 'utf8')).toContain("'cdk8s-plus-28'");
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

  /** A package of the app, with one file. */
  function install(name: string, file: string, text: string): void {
    const folder = join(app, 'node_modules', name);
    mkdirSync(join(folder, 'build', 'infra'), { recursive: true });
    writeFileSync(join(folder, file), text);
  }

  /** The construct's file in an app with these releases; each says its name. */
  function installAll(...names: string[]): string {
    install(construct.name, 'package.json', JSON.stringify(construct));
    const file = join(app, 'node_modules', construct.name, 'build', 'infra', 'cdk8s-plus.js');
    copyFileSync(join(PACKAGE, 'cdk8s-plus.cjs'), file);
    for (const name of names) install(name, 'index.js', `exports.k8s = '${name}';`);
    return `process.stdout.write(require(${JSON.stringify(file)}).k8s)`;
  }

  test.each(releases)('the API objects come from %s if no other release is there', (release) => {
    expect(execFileSync('node', ['-e', installAll(release)], { encoding: 'utf8' })).toBe(release);
  });

  test('of several releases, the newest one counts', () => {
    const script = installAll('cdk8s-plus-29', 'cdk8s-plus-32', 'cdk8s-plus-28');
    expect(execFileSync('node', ['-e', script], { encoding: 'utf8' })).toBe('cdk8s-plus-32');
  });

  test('without any release, the error says what to install', () => {
    const { status, stderr } = spawnSync('node', ['-e', installAll()], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain(
      'tandem-inference-service needs cdk8s-plus: install one of cdk8s-plus-33, cdk8s-plus-32, cdk8s-plus-31, ' +
        'cdk8s-plus-30, cdk8s-plus-29, cdk8s-plus-28, such as npm install cdk8s-plus-33',
    );
  });

  test('a release that fails to load is not passed over', () => {
    const script = installAll('cdk8s-plus-28');
    install('cdk8s-plus-33', 'index.js', "require('constructs');");
    const { status, stderr } = spawnSync('node', ['-e', script], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot find module 'constructs'");
  });
});

test('the README shows the example of docs/, with the package’s name', () => {
  const [block] = fencedBlocks(readFileSync(join(PACKAGE, 'README.md'), 'utf8'), 'ts');
  const example = readFileSync(join(ROOT, 'docs', 'example-app.ts'), 'utf8').replace(/^\/\*\*.*\*\/\n/, '');
  expect(block!.trim()).toBe(example.replace('../infra/inference-service', construct.name).trim());
});
