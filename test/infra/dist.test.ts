import { join } from 'node:path';

import { VARIANTS } from '../../infra/variants';
import { objects, readFolder, synthesize, synthesizeAll } from '../support/manifests';

const files = synthesize();

describe('dist/', () => {
  test('equals a fresh synth byte for byte', () => {
    expect(readFolder(join(__dirname, '..', '..', 'dist'))).toEqual(synthesizeAll());
  });

  test('holds the namespace first, then one file per variant', () => {
    expect([...files.keys()]).toEqual(
      ['00-namespace', ...VARIANTS.map(({ name }) => name).sort()].map((n) => `${n}.k8s.yaml`),
    );
    expect(objects(files.get('00-namespace.k8s.yaml')!)['Namespace'].metadata.name).toBe('tandem');
    expect(files.get('00-namespace.k8s.yaml')).toMatchSnapshot();
  });

  test('contains no null', () => {
    for (const text of files.values()) expect(text).not.toMatch(/null|undefined/);
  });

  test('has no two objects of the same kind and name', () => {
    const ids = [...files.values()].flatMap((text) =>
      Object.values(objects(text)).map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has no selector that matches the pods of two variants', () => {
    const all = [...files.values()].map(objects).filter((found) => 'Deployment' in found);
    const podLabels = all.map(({ Deployment }) => Object.entries(Deployment.spec.template.metadata.labels));
    const matched = (selector: Record<string, string>) =>
      podLabels.filter((labels) =>
        Object.entries(selector).every(([key, value]) => labels.some(([k, v]) => k === key && v === value)),
      ).length;
    for (const { Deployment, Service, NetworkPolicy, PodDisruptionBudget } of all) {
      expect(matched(Deployment.spec.selector.matchLabels)).toBe(1);
      expect(matched(Service.spec.selector)).toBe(1);
      expect(matched(NetworkPolicy.spec.podSelector.matchLabels)).toBe(1);
      if (PodDisruptionBudget) expect(matched(PodDisruptionBudget.spec.selector.matchLabels)).toBe(1);
    }
  });
});
