import { DEFAULT_FLAGS, settingsOf } from '../../bench/autoscaler/settings';
import { pipeline, type PlantPod } from './pipeline';
import { drawSubjects, type Subject } from './subjects';

const START_MS = 1_800_000_000_000;
const steady: Subject = {
  ...{ name: 'steady', cpuRequestMillis: 100, startReplicas: 2, load: 'steady' },
  spec: { maxReplicas: 5 },
  demandMillis: () => 300,
};
const pod = (name: string, startedAtMs: number, isReady = true): PlantPod => ({
  ...{ name, app: 'steady', startedAtMs, isReady },
});

test('ready pods share the demand, and their use is served once two samples were scraped', () => {
  const plant = pipeline([steady], START_MS, 1);
  const pods = [pod('a', START_MS - 600_000), pod('b', START_MS - 600_000), pod('c', START_MS, false)];
  plant.advance(START_MS, pods);
  expect(plant.useOf('a')).toBeUndefined();
  for (let second = 1; second <= 120; second++) plant.advance(START_MS + 1000 * second, pods);
  const use = plant.useOf('a')!;
  expect(use.windowMs).toBeGreaterThanOrEqual(10_000);
  expect(use.windowMs).toBeLessThanOrEqual(36_000);
  expect(START_MS + 120_000 - use.atMs).toBeLessThan(36_000);
  expect(Math.round(use.nanos / 1e6)).toBe(155);
  expect(Math.round(plant.useOf('c')!.nanos / 1e6)).toBe(5);
});

test('a pod that is gone has no use', () => {
  const plant = pipeline([steady], START_MS, 1);
  const pods = [pod('a', START_MS - 600_000)];
  for (let second = 0; second <= 60; second++) plant.advance(START_MS + 1000 * second, pods);
  expect(plant.useOf('a')).toBeDefined();
  plant.advance(START_MS + 61_000, []);
  expect(plant.useOf('a')).toBeUndefined();
});

test('thirty subjects have every load and every behavior, each with settings that the controller takes', () => {
  const subjects = drawSubjects(30, 1200, 1);
  expect(new Set(subjects.map(({ load }) => load)).size).toBe(6);
  expect(new Set(subjects.map(({ spec }) => JSON.stringify(spec.behavior))).size).toBe(7);
  for (const { spec, startReplicas, demandMillis } of subjects) {
    const { minReplicas, maxReplicas } = settingsOf(spec, DEFAULT_FLAGS);
    expect(startReplicas).toBeGreaterThanOrEqual(minReplicas);
    expect(startReplicas).toBeLessThanOrEqual(maxReplicas);
    expect(demandMillis(600)).toBeGreaterThan(0);
  }
  const again = drawSubjects(30, 1200, 1);
  expect(again.map(({ demandMillis }) => demandMillis(77))).toEqual(
    subjects.map(({ demandMillis }) => demandMillis(77)),
  );
});
