import { serviceUrl } from '../../../bench/cluster-run/service-url';

const VARIANT = { name: 'latency-hpa', model: 'latency' } as const;

test.each([
  ['10.96.0.7', {}, 'http://10.96.0.7:80/v1/classify?model=latency'],
  ['fd00::7', {}, 'http://[fd00::7]:80/v1/classify?model=latency'],
  [
    '10.96.0.7',
    { models: { latency: 'flowers', accuracy: 'birds' } },
    'http://10.96.0.7:80/v1/classify?model=flowers',
  ],
])('a Service at %s, with %j, answers at %s', async (clusterIP, settings, url) => {
  const readApi = (path: string) => {
    expect(path).toBe('/api/v1/namespaces/bench/services/latency-hpa');
    return Promise.resolve(JSON.stringify({ spec: { clusterIP, ports: [{ port: 80 }] } }));
  };
  expect(await serviceUrl(readApi, VARIANT, { namespace: 'bench', ...settings })).toBe(url);
});
