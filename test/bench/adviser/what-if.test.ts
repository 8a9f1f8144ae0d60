import { changedScenario, parseChange } from '../../../bench/adviser/change';
import { explanationText } from '../../../bench/adviser/explanation';
import { podFiguresOf, profileOf } from '../../../bench/adviser/model-profile';
import { recordedScenario } from '../../../bench/adviser/recorded-scenario';
import { MIN_INSIDE_SHARE, type WhatIf, whatIf } from '../../../bench/adviser/what-if';
import { whatIfChart } from '../../../bench/adviser/what-if-chart';
import { changeText, whatIfText } from '../../../bench/adviser/what-if-text';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { recordingOf, replayHpa } from '../../../bench/evidence/hpa-replay';
import { loadOf, loadStartMs, requestsOf } from '../../../bench/evidence/runs';
import { encodeRequests } from '../../../bench/load/run-document';
import { simulate } from '../../../bench/twin/simulate';
import { hpa, scenario } from '../twin/subject';
import { EVIDENCE, HPA_RUN } from './subject';

test('changes are read by name', () => {
  expect(parseChange('target=70,window=60,tolerance=0.05')).toEqual({
    ...{ targetPercent: 70, scaleDownWindowSeconds: 60, tolerance: 0.05 },
  });
  expect(changeText(parseChange('window=60,target=70'))).toBe('target=70 and window=60');
});

test.each([
  ['speed=2', 'a change must be one of target, tolerance, window, min, max, request, received "speed=2"'],
  ['target=0', 'target must be a whole number from 1 to 1000, received "0"'],
  ['tolerance=2', 'tolerance must be a number from 0 to 1, received "2"'],
  ['min=1.5', 'min must be a whole number from 1 to 1000, received "1.5"'],
])('the change %s is refused', (text, message) => {
  expect(() => parseChange(text)).toThrow(message);
});

test('a change alters what it names and nothing else', () => {
  const recorded = { ...scenario('poisson:10:60s', 60), scaling: hpa(50) };
  const changed = changedScenario(recorded, parseChange('target=70,window=0,request=200,min=3'));
  expect(changed.pod).toEqual({ ...recorded.pod, cpuRequestMillis: 200 });
  expect(changed.scaling.settings).toMatchObject({ targetPercent: 70, minReplicas: 3, maxReplicas: 8 });
  expect(changed.scaling.settings.behavior!.scaleDown.stabilizationMs).toBe(0);
  expect(changed.scaling.settings.behavior!.scaleUp).toEqual(recorded.scaling.settings.behavior!.scaleUp);
  expect(changed.scaling.startReplicas).toBe(3);
  expect(() => changedScenario(recorded, { minReplicas: 9 })).toThrow(
    'min must be at most max, received 9 and 8',
  );
});

test('an explanation has each sync, the unchanged ones counted', () => {
  const text = explanationText(recordingOf(HPA_RUN), replayHpa(HPA_RUN)!);
  expect(text).toMatch(/^latency-hpa: 2 to 8 pods; the target is 50 % of the CPU request of 41m\.\n/);
  expect(text).toContain('decided again by Kubernetes');
  expect(text).toContain('75 s: 2 pods stay; recorded: 7');
  expect(text).toContain(', and so at the next 2 syncs');
  expect(text).toContain('[replica_calculator.go:118]');
  expect(text).not.toMatch(/NaN|undefined/);
});

const profile = profileOf(EVIDENCE, 'latency');

/** The run with the answers and the pods that the twin gave it, from a seed that the band does not use. */
function recordedByTwin(): ExperimentRun {
  const pod = podFiguresOf(profile, HPA_RUN.applied.resources);
  const { latencyMs, outcome, replicas } = simulate(recordedScenario(HPA_RUN, pod), 99);
  const load = {
    ...loadOf(HPA_RUN),
    requests: encodeRequests({ ...requestsOf(HPA_RUN), latencyMs, outcome }),
  };
  const samples = replicas.map(({ atMs, desired, ready }) => ({
    ...{ atMs: atMs + loadStartMs(HPA_RUN), desired, ready, current: desired },
  }));
  return { ...HPA_RUN, timeline: { ...HPA_RUN.timeline, load, replicas: samples } };
}

const answer = whatIf(recordedByTwin(), profile, { maxReplicas: 2 }, 20);

test('a record that the twin made is inside its band', () => {
  expect(answer.insideShare).toBeGreaterThanOrEqual(MIN_INSIDE_SHARE);
  expect(answer.recordedLate).toBeGreaterThanOrEqual(answer.asRecorded.late.low);
  expect(answer.recordedLate).toBeLessThanOrEqual(answer.asRecorded.late.high);
});

test('without room for more pods the run costs less and is late at least as often', () => {
  expect(answer.changed!.podHours.median).toBeLessThan(answer.asRecorded.podHours.median);
  expect(answer.changed!.late.median).toBeGreaterThanOrEqual(answer.asRecorded.late.median);
});

test('a change is shown only where the twin is close to the record', () => {
  const close = { ...answer, insideShare: MIN_INSIDE_SHARE, changed: answer.asRecorded };
  expect(whatIfText(close)).toContain('simulated with max=2');
  expect(whatIfChart(HPA_RUN, close)).toContain('With max=2, simulated: ');
  expect(whatIfChart(HPA_RUN, close)).not.toMatch(/NaN|undefined/);
  const far = whatIfText({ ...close, insideShare: 0.5, changed: undefined } as unknown as WhatIf);
  expect(far).toContain('no change is simulated');
  expect(far).not.toContain('core-hours');
});
