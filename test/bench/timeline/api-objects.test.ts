import { podSample, type PodObject } from '../../../bench/timeline/api-objects';

const requests = (cpu?: string) => ({ resources: { requests: { ...(cpu !== undefined && { cpu }) } } });
const requestsOf = (spec: PodObject['spec']) =>
  podSample(0, { metadata: { name: 'p', uid: 'p', creationTimestamp: '2026-11-28T10:00:00Z' }, spec })
    .cpuRequestsMillis;

test('the CPU requests of a pod are those that the HPA adds up', () => {
  const once = requests('900m');
  const beside = { ...requests('50m'), restartPolicy: 'Always' };
  expect(
    requestsOf({ containers: [requests('405m'), requests('1')], initContainers: [once, beside] }),
  ).toEqual([405, 1000, 50]);
  expect(requestsOf({ containers: [requests('405m'), requests()] })).toEqual([405, null]);
});

test('requests of the pod itself take the place of its containers’', () => {
  expect(requestsOf({ ...requests('2'), containers: [requests('405m')] })).toEqual([2000]);
});

test('a pod that requests only memory itself needs the most CPU that its containers need at once', () => {
  const memory = { resources: { requests: { memory: '1Gi' } } };
  const beside = { ...requests('50m'), restartPolicy: 'Always' };
  const containers = [requests('405m'), requests()];
  expect(requestsOf({ ...memory, containers })).toEqual([405]);
  expect(requestsOf({ ...memory, containers, initContainers: [requests('400m'), beside] })).toEqual([455]);
  expect(requestsOf({ ...memory, containers, initContainers: [beside, requests('900m')] })).toEqual([950]);
  expect(requestsOf({ ...memory, containers, overhead: { cpu: '20m' } })).toEqual([425]);
  expect(requestsOf({ ...memory, containers: [requests()] })).toEqual([null]);
});

test('a pod whose own requests are empty has those of its containers', () => {
  expect(requestsOf({ ...requests(), containers: [requests('405m')] })).toEqual([405]);
});
