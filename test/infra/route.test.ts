import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { synthesize } from '../../infra/main';
import { checkRouteFolder, parseRoute } from '../../infra/route';
import { VARIANTS } from '../../infra/variants';
import { objects } from '../support/manifests';

test('a route is a Service named after the model that selects the pods of one variant', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-route-'));
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  synthesize(folder, {}, [parseRoute('accuracy=hpa')]);
  const { Service } = objects(readFileSync(join(folder, 'route-accuracy.k8s.yaml'), 'utf8'));
  const { Deployment } = objects(readFileSync(join(folder, 'accuracy-hpa.k8s.yaml'), 'utf8'));
  expect(Service.metadata).toMatchObject({ name: 'accuracy', namespace: 'tandem' });
  expect(Deployment.spec.template.metadata.labels).toMatchObject(Service.spec.selector);
  expect(Service.spec.selector['app.kubernetes.io/instance']).toBe('accuracy-hpa');
});

test('a synth without a route removes that route’s file and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-route-'));
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const others = ['route-birds.k8s.yaml', 'route-latency.yaml', 'my-route-latency.k8s.yaml'];
  for (const name of others) writeFileSync(join(folder, name), '');
  synthesize(folder, {}, [parseRoute('accuracy=hpa'), parseRoute('latency=hpa')]);
  const routes = () => readdirSync(folder).filter((name) => name.includes('route'));
  expect(routes()).toEqual([...others, 'route-accuracy.k8s.yaml', 'route-latency.k8s.yaml'].sort());
  synthesize(folder, {}, [parseRoute('latency=hpa')]);
  expect(routes()).toEqual([...others, 'route-latency.k8s.yaml'].sort());
  synthesize(folder, {});
  expect(routes()).toEqual([...others].sort());
});

test.each([
  ['accuracy=hpa', 'accuracy-hpa'],
  ['accuracy=accuracy-hpa', 'accuracy-hpa'],
  ['accuracy=max-size', 'accuracy-max-size'],
  ['accuracy=previous-max-size', 'previous-max-size'],
])('the route %s leads to %s', (text, name) => {
  expect(parseRoute(text).name).toBe(name);
});

test('every variant has a route', () => {
  for (const variant of VARIANTS) expect(parseRoute(`${variant.model}=${variant.name}`)).toBe(variant);
});

test.each(['accuracy', 'accuracy=previous', 'latency=accuracy-hpa', 'previous=max-size'])(
  '%s is not a route',
  (text) => {
    expect(() => parseRoute(text)).toThrow(
      /^--route must be one of accuracy=single-pod, .*latency=hpa, accuracy=accuracy-single-pod, .*, accuracy=previous-max-size, received /,
    );
  },
);

describe('the folder of a route', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-dist-'));
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  symlinkSync(dist, join(folder, 'link'));
  symlinkSync(folder, join(dist, 'out'));

  test.each([
    'dist',
    'dist/',
    'dist/sub',
    'dist/sub/sub',
    './dist/../dist',
    'link',
    'link/sub',
    'dist/..sub',
  ])('must not be %s', (out) => {
    expect(() => checkRouteFolder(`${folder}/${out}`, dist)).toThrow(
      `--route must not write into dist/, which holds variants only: choose another --out, received ${folder}/${out}`,
    );
  });

  test.each(['', 'dist-2', 'build/dist', 'dist/out', '../other'])('may be %j', (out) => {
    expect(() => checkRouteFolder(`${folder}/${out}`, dist)).not.toThrow();
  });
});
