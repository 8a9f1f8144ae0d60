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
  expect(requestsOf({ ...requests(), containers: [requests('405m')] })).toEqual([null]);
});
