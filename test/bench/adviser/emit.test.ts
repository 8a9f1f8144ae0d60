import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { emit } from '../../../bench/adviser/emit';
import { headerOf, SYNTH } from '../../../infra/write-manifests';
import { VARIANTS } from '../../../infra/variants';
import { objects, readFolder } from '../../support/manifests';

const NAMESPACE = '00-namespace.k8s.yaml';
const [variant, other] = ['latency-max-size', 'latency-hpa'].map((name, i) => ({
  ...VARIANTS.find((each) => each.name === name)!,
  name: `planned-${i}`,
}));

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tandem-emit-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('the manifests apply to a fresh cluster: the namespace comes first', () => {
  expect(emit(variant!, folder, {})).toEqual([NAMESPACE, 'planned-0.k8s.yaml']);
  const files = readFolder(folder);
  expect([...files.keys()]).toEqual([NAMESPACE, 'planned-0.k8s.yaml']);
  const { Namespace } = objects(files.get(NAMESPACE)!);
  const { Deployment } = objects(files.get('planned-0.k8s.yaml')!);
  expect(Deployment.metadata.namespace).toBe(Namespace.metadata.name);
});

test('a plan for the precision that the service would not choose says so in its row and its manifest', () => {
  const planned = { ...variant!, env: { PRECISION: 'fp32' } };
  emit(planned, folder, { TANDEM_ENV: 'LOG_LEVEL=debug,PRECISION=int8' });
  const { Deployment } = objects(readFolder(folder).get('planned-0.k8s.yaml')!);
  const { env } = Deployment.spec.template.spec.containers[0]!;
  expect(env.filter(({ name }: { name: string }) => /LOG_LEVEL|PRECISION/.test(name))).toEqual([
    { name: 'LOG_LEVEL', value: 'debug' },
    { name: 'PRECISION', value: 'fp32' },
  ]);
});

test('a namespace that the settings name is there already', () => {
  expect(emit(variant!, folder, { TANDEM_NAMESPACE: 'shop' })).toEqual(['planned-0.k8s.yaml']);
});

test('a plan takes the place of an earlier one, and of nothing else', () => {
  writeFileSync(join(folder, 'notes.k8s.yaml'), 'kind: ConfigMap\n');
  writeFileSync(join(folder, 'latency-hpa.k8s.yaml'), `${headerOf(SYNTH)}\n`);
  emit(variant!, folder, {});
  emit(other!, folder, {});
  expect([...readFolder(folder).keys()]).toEqual([
    NAMESPACE,
    'latency-hpa.k8s.yaml',
    'notes.k8s.yaml',
    'planned-1.k8s.yaml',
  ]);
});

test.each([
  ['of others', 'kind: Namespace\n'],
  ['of synth', `${headerOf(SYNTH)}\nkind: Namespace\n`],
])('a file %s under a manifest’s name is refused, and nothing is written', (_, text) => {
  writeFileSync(join(folder, NAMESPACE), text);
  expect(() => emit(variant!, folder, {})).toThrow(
    `received ${NAMESPACE}: move that file or choose another folder (--emit)`,
  );
  expect([...readFolder(folder)]).toEqual([[NAMESPACE, text]]);
});

test('a file in the place of the folder is refused by the option’s name', () => {
  const file = join(folder, 'planned');
  writeFileSync(file, 'notes');
  expect(() => emit(variant!, file, {})).toThrow('--emit must be a folder that can be created');
  expect(readFileSync(file, 'utf8')).toBe('notes');
});
