import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { synthesize as synthesizeInto } from '../../infra/main';
import { readSettings } from '../../infra/settings';
import { type Manifest, objects, synthesize } from '../support/manifests';

const FILE = '00-namespace.k8s.yaml';
const namespacesIn = (files: ReadonlyMap<string, string>): string[] =>
  [...files.values()].flatMap((text) => {
    const { Namespace } = objects(text) as { Namespace?: Manifest };
    return Namespace === undefined ? [] : [Namespace.metadata.name as string];
  });

test.each<[NodeJS.ProcessEnv, string[]]>([
  [{}, ['tandem']],
  [{ TANDEM_NAMESPACE: 'tandem' }, ['tandem']],
  [{ TANDEM_NAMESPACE: 'shared' }, []],
  [{ TANDEM_NAMESPACE: 'default' }, []],
  [{ TANDEM_NAMESPACE: 'shared', TANDEM_CREATE_NAMESPACE: 'true' }, ['shared']],
  [{ TANDEM_CREATE_NAMESPACE: 'false' }, []],
])('with %j the manifests hold the Namespace objects %j', (environment, names) => {
  const files = synthesize(environment);
  expect(namespacesIn(files)).toEqual(names);
  expect(files.has(FILE)).toBe(names.length > 0);
});

test('the Namespace object is refused for the namespace default', () => {
  const refusal = 'must not be true for the namespace default, which every cluster has and others use';
  expect(() => readSettings({ TANDEM_NAMESPACE: 'default', TANDEM_CREATE_NAMESPACE: 'true' }, {})).toThrow(
    `TANDEM_CREATE_NAMESPACE ${refusal}`,
  );
  expect(() => readSettings({}, { namespace: 'default', createNamespace: true })).toThrow(
    `context createNamespace ${refusal}`,
  );
});

test('whether to write the Namespace object is read from the variable, then the context', () => {
  const read = (variable: string, inContext: unknown) =>
    readSettings({ TANDEM_CREATE_NAMESPACE: variable }, { createNamespace: inContext }).createNamespace;
  expect(read('', false)).toBe(false);
  expect(read('true', false)).toBe(true);
  expect(read('', 'false')).toBe(false);
  expect(() => read('yes', undefined)).toThrow(
    'TANDEM_CREATE_NAMESPACE must be one of true, false, received yes',
  );
  expect(() => read('', 1)).toThrow('context createNamespace must be text, received 1');
});

test('the namespace has no label of a variant, so that no prune by such a label selects it', () => {
  const files = synthesize();
  const { Namespace } = objects(files.get(FILE)!);
  const variants = [...files]
    .filter(([name]) => name !== FILE)
    .flatMap(([, text]) => Object.values(objects(text)));
  const labels = new Set(variants.flatMap(({ metadata }) => Object.keys(metadata.labels as object)));
  expect(labels.size).toBeGreaterThan(0);
  expect(Object.keys(Namespace.metadata.labels as object).filter((label) => labels.has(label))).toEqual([]);
});

test('a synth into a shared namespace removes the Namespace object that an earlier synth wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-namespace-'));
  synthesizeInto(folder, {});
  expect(readdirSync(folder)).toContain(FILE);
  synthesizeInto(folder, { TANDEM_NAMESPACE: 'shared' });
  expect(readdirSync(folder)).not.toContain(FILE);
  rmSync(folder, { recursive: true });
});
