import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import { synthesize } from '../../infra/main';
import { parseRoute } from '../../infra/route';
import { headerOf, SYNTH, writeManifests } from '../../infra/write-manifests';
import { readFolder } from '../support/manifests';

const HEADER = headerOf(SYNTH);
const OURS = `${HEADER}\nkind: ConfigMap\n`;
const write = (out: string, files: Readonly<Record<string, string>>) =>
  writeManifests(out, new Map(Object.entries(files)), ['.k8s.yaml']);

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tandem-write-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('the folder is created, and a second call replaces the first one’s files', () => {
  const out = join(folder, 'new', 'manifests');
  write(out, { 'one.k8s.yaml': `${OURS}a: 1\n` });
  write(out, { 'one.k8s.yaml': `${OURS}a: 2\n` });
  expect([...readFolder(out)]).toEqual([['one.k8s.yaml', `${OURS}a: 2\n`]]);
});

test('the files that had other contents are named, and those that are removed, but no new or equal one', () => {
  expect(write(folder, { 'one.k8s.yaml': OURS, 'two.k8s.yaml': OURS, 'four.k8s.yaml': OURS })).toEqual([]);
  const next = { 'one.k8s.yaml': OURS, 'two.k8s.yaml': `${OURS}a: 2\n`, 'three.k8s.yaml': OURS };
  expect(write(folder, next)).toEqual(['four.k8s.yaml', 'two.k8s.yaml']);
});

test('files of an earlier call that are not written again are removed, and files of others stay', () => {
  write(folder, { 'one.k8s.yaml': OURS, 'two.k8s.yaml': OURS });
  const others = ['notes.txt', 'route-birds.k8s.yaml', 'one.yaml'];
  for (const name of others) writeFileSync(join(folder, name), `# ${HEADER}`);
  mkdirSync(join(folder, 'more.k8s.yaml'));
  write(folder, { 'one.k8s.yaml': OURS });
  expect(readdirSync(folder).sort()).toEqual([...others, 'more.k8s.yaml', 'one.k8s.yaml'].sort());
});

test.each<[string, (file: string) => void]>([
  ['a file', (file) => writeFileSync(file, 'kind: Ingress\n')],
  ['an empty file', (file) => writeFileSync(file, '')],
  ['a folder', (file) => mkdirSync(file)],
  ['a link to nothing', (file) => symlinkSync('nowhere', file)],
])('%s of others under a manifest’s name is refused, and nothing is written', (_, make) => {
  make(join(folder, 'two.k8s.yaml'));
  expect(() => write(folder, { 'one.k8s.yaml': OURS, 'two.k8s.yaml': OURS })).toThrow(
    `${folder} must not hold a file with the name of a manifest that tandem synth did not write, received two.k8s.yaml: move that file or`,
  );
  expect(readdirSync(folder)).toEqual(['two.k8s.yaml']);
});

test('an error while writing leaves the folder as it was', () => {
  write(folder, { 'one.k8s.yaml': OURS });
  expect(() => write(folder, { 'one.k8s.yaml': `${OURS}a: 2\n`, 'no/folder.k8s.yaml': OURS })).toThrow(
    'ENOENT',
  );
  expect([...readFolder(folder)]).toEqual([['one.k8s.yaml', OURS]]);
});

test('a file in the place of the folder is refused in a sentence', () => {
  const file = join(folder, 'manifests');
  writeFileSync(file, 'notes');
  expect(() => write(file, { 'one.k8s.yaml': OURS })).toThrow(
    `--out must be a folder that can be created and written to, received ${file} (EEXIST`,
  );
  expect(readFileSync(file, 'utf8')).toBe('notes');
});

test.each<[NodeJS.ProcessEnv, string]>([
  [
    { TANDEM_NAMESPACE: 'UPPER' },
    'TANDEM_NAMESPACE must be at most 63 of a-z, 0-9 and -, not starting or ending',
  ],
  [{ TANDEM_IMAGE: 'two words' }, 'TANDEM_IMAGE must be [host[:port]/]name[:tag]'],
  [{ TANDEM_IMAGE_PULL_SECRET: 'A_b' }, 'TANDEM_IMAGE_PULL_SECRET must be at most 253 of'],
])('a synth with %j writes and removes nothing', (environment, message) => {
  synthesize(folder, {}, [parseRoute('accuracy=hpa')]);
  const before = readFolder(folder);
  expect(before.size).toBe(10);
  expect(() => synthesize(folder, environment)).toThrow(message);
  expect(readFolder(folder)).toEqual(before);
});

test('a synth leaves a file of others that has the name of a route', () => {
  const route = join(folder, 'route-accuracy.k8s.yaml');
  writeFileSync(route, 'kind: Ingress\n');
  synthesize(folder, {});
  expect(readFileSync(route, 'utf8')).toBe('kind: Ingress\n');
  expect(() => synthesize(folder, {}, [parseRoute('accuracy=hpa')])).toThrow(
    'received route-accuracy.k8s.yaml',
  );
});

describe('the base of Kustomize', () => {
  const kustomizations = () => readdirSync(folder).filter((name) => /^kustomization/i.test(name));

  test('lists every manifest, those of a route too', () => {
    synthesize(folder, {}, [parseRoute('accuracy=hpa')]);
    const { resources } = parse(readFileSync(join(folder, 'Kustomization'), 'utf8')) as {
      resources: string[];
    };
    expect(resources).toEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith('.k8s.yaml'))
        .sort(),
    );
    synthesize(folder, {});
    expect(readFileSync(join(folder, 'Kustomization'), 'utf8')).not.toContain('route-accuracy');
  });

  test('has a name that kubectl apply -f leaves out', () => {
    synthesize(folder, {});
    expect(kustomizations()).toEqual(['Kustomization']);
  });

  test.each(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])(
    'is not kept beside a %s of others, which stays',
    (name) => {
      synthesize(folder, {});
      writeFileSync(join(folder, name), 'resources: []\n');
      synthesize(folder, {});
      expect(kustomizations()).toEqual([name]);
      expect(readFileSync(join(folder, name), 'utf8')).toBe('resources: []\n');
    },
  );
});
