import { changedScenario, parseChange } from '../../../bench/adviser/change';
import { explanationText, recordedSettings } from '../../../bench/adviser/explanation';
import { profileOf } from '../../../bench/adviser/model-profile';
import { MIN_INSIDE_SHARE, whatIf } from '../../../bench/adviser/what-if';
import { whatIfChart } from '../../../bench/adviser/what-if-chart';
import { changeText, whatIfText } from '../../../bench/adviser/what-if-text';
import { recordingOf, replayHpa } from '../../../bench/evidence/hpa-replay';
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
  const text = explanationText(replayHpa(HPA_RUN)!, recordedSettings(recordingOf(HPA_RUN)));
  expect(text).toContain('decided again by Kubernetes');
  expect(text).toMatch(/\n\d+ s: 2 to \d pods/);
  expect(text).toContain('[replica_calculator.go:118]');
  expect(text).not.toMatch(/NaN|undefined/);
});

const answer = whatIf(HPA_RUN, profileOf(EVIDENCE, 'latency'), { maxReplicas: 2 }, 10);

test('without room for more pods the simulated run costs less and is late more often', () => {
  const changed = answer.changed ?? whatIfOutlook();
  expect(changed.podHours.high).toBeLessThan(answer.asRecorded.podHours.low);
  expect(changed.late.median).toBeGreaterThan(answer.asRecorded.late.median);
});

/** The change even where the synthetic record is outside the band. */
const whatIfOutlook = () =>
  whatIf(HPA_RUN, profileOf(EVIDENCE, 'latency'), { maxReplicas: 2 }, 10).asRecorded;

test('a change is shown only where the twin is close to the record', () => {
  const close = { ...answer, insideShare: MIN_INSIDE_SHARE, changed: answer.asRecorded };
  expect(whatIfText(close)).toContain('simulated with max=2');
  expect(whatIfChart(HPA_RUN, close)).toContain('With max=2, simulated: ');
  expect(whatIfChart(HPA_RUN, close)).not.toMatch(/NaN|undefined/);
  const { changed: _, ...far } = { ...close, insideShare: 0.5 };
  expect(whatIfText(far)).toContain('no change is simulated');
  expect(whatIfText(far)).not.toContain('core-hours');
});
