import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { synthesize as synthesizeInto } from '../../infra/main';
import { checkRouteFolder, parseRoute } from '../../infra/route';
import { VARIANTS } from '../../infra/variants';
import { objects, synthesize } from '../support/manifests';

test('a route is a Service named after the model that selects the pods of one variant', () => {
  const files = synthesize({}, [parseRoute('accuracy=hpa')]);
  const { Service } = objects(files.get('route-accuracy.k8s.yaml')!);
  const { Deployment } = objects(files.get('accuracy-hpa.k8s.yaml')!);
  expect(Service.metadata).toMatchObject({ name: 'accuracy', namespace: 'tandem' });
  expect(Deployment.spec.template.metadata.labels).toMatchObject(Service.spec.selector);
  expect(Service.spec.selector['app.kubernetes.io/instance']).toBe('accuracy-hpa');
});

test('with a model of your own, the route keeps its name and has the labels of the pods', () => {
  const files = synthesize({ TANDEM_MODELS: 'latency=flowers' }, [parseRoute('latency=hpa')]);
  const { Service } = objects(files.get('route-latency.k8s.yaml')!);
  expect(Service.metadata.name).toBe('latency');
  const { Deployment } = objects(files.get('latency-hpa.k8s.yaml')!);
  const component = 'app.kubernetes.io/component';
  expect(Service.metadata.labels[component]).toBe('flowers');
  expect(Deployment.spec.template.metadata.labels[component]).toBe('flowers');
});

test.each<[string[], string[]]>([
  [[], VARIANTS.map(({ name }) => name)],
  [
    ['accuracy=hpa', 'latency=hpa'],
    ['route-accuracy', 'route-latency'],
  ],
  [
    ['latency=hpa'],
    ['route-latency', ...VARIANTS.flatMap(({ name, model }) => (model === 'accuracy' ? [name] : []))],
  ],
])(
  'with the routes %j and the type LoadBalancer, these Services are load balancers: %j',
  (routes, expected) => {
    const files = synthesize({ TANDEM_SERVICE_TYPE: 'LoadBalancer' }, routes.map(parseRoute));
    const typeOf = (text: string) => objects(text)['Service']?.spec.type as string | undefined;
    const balancers = [...files].filter(([, text]) => typeOf(text) === 'LoadBalancer');
    expect(balancers.map(([name]) => name)).toEqual(expected.map((name) => `${name}.k8s.yaml`).sort());
    const internal = [...files.values()].filter((text) => typeOf(text) === 'ClusterIP');
    expect(internal).toHaveLength(VARIANTS.length + routes.length - expected.length);
  },
);

test('with a domain the route has an Ingress, and the variants of its model have none', () => {
  const environment = { TANDEM_DOMAIN: 'models.example', TANDEM_INGRESS_CLASS: 'nginx' };
  const files = synthesize(environment, [parseRoute('accuracy=hpa')]);
  const { Ingress } = objects(files.get('route-accuracy.k8s.yaml')!);
  expect(Ingress.spec.rules[0].host).toBe('accuracy.models.example');
  const names = [...files].filter(([, text]) => 'Ingress' in objects(text)).map(([name]) => name);
  const rest = VARIANTS.filter(({ model }) => model === 'latency').map(({ name }) => `${name}.k8s.yaml`);
  expect(names).toEqual([...rest, 'route-accuracy.k8s.yaml'].sort());
});

test('the annotations of the Service are those of the one that clients reach', () => {
  const environment = {
    TANDEM_SERVICE_TYPE: 'LoadBalancer',
    TANDEM_SERVICE_ANNOTATIONS: 'cloud.example/internal=true',
  };
  const files = synthesize(environment, [parseRoute('latency=hpa')]);
  const serviceOf = (name: string) => objects(files.get(`${name}.k8s.yaml`)!)['Service'];
  const annotations = { 'cloud.example/internal': 'true' };
  expect(serviceOf('route-latency').metadata.annotations).toEqual(annotations);
  expect(serviceOf('latency-hpa')).toMatchObject({ spec: { type: 'ClusterIP' } });
  expect(serviceOf('latency-hpa').metadata.annotations).toBeUndefined();
  expect(serviceOf('accuracy-hpa').metadata.annotations).toEqual(annotations);
});

test('a synth without a route removes that route’s file and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-route-'));
  const others = ['route-birds.k8s.yaml', 'route-latency.yaml', 'my-route-latency.k8s.yaml'];
  for (const name of others) writeFileSync(join(folder, name), '');
  synthesizeInto(folder, {}, [parseRoute('accuracy=hpa'), parseRoute('latency=hpa')]);
  const routes = () => readdirSync(folder).filter((name) => name.includes('route'));
  expect(routes()).toEqual([...others, 'route-accuracy.k8s.yaml', 'route-latency.k8s.yaml'].sort());
  synthesizeInto(folder, {}, [parseRoute('latency=hpa')]);
  expect(routes()).toEqual([...others, 'route-latency.k8s.yaml'].sort());
  synthesizeInto(folder, {});
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
