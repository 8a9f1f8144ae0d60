import { parseChange } from '../../../bench/adviser/change';
import { replayChange, replayedChangeText } from '../../../bench/adviser/replayed-change';
import { type Recording, replayRecording } from '../../../bench/evidence/hpa-replay';
import { watchedHpa } from './watched-hpa';

const answer = (change: string, recording: Recording = watchedHpa()) =>
  replayChange(recording, replayRecording(recording)!, parseChange(change));

test('a change says at which syncs the HPA would have decided otherwise, and why', () => {
  const lines = replayedChangeText(answer('target=30')).split('\n');
  expect(lines[0]).toBe('Decided again with the recorded settings: 2 of 2 syncs as the HPA did.');
  expect(lines.slice(3)).toEqual([
    '5 s: 2 to 5 pods; with the recorded settings: 2 to 3 pods',
    '    2 pods counted  [replica_calculator.go:426]',
    '    66 % of the request is 2.2 times the target of 30 % (tolerance 0.9 to 1.1)  [metrics/utilization.go:49]',
    '    2.2 x 2 pods, rounded up, asks for 5  [replica_calculator.go:118]',
    expect.stringMatching(/^20 s: /),
    ...Array.from({ length: 3 }, () => expect.stringContaining('    ')),
    '0 syncs decide the same.',
  ]);
});

test.each([
  ['request=600', [2, 2]],
  ['request=200', [6, 6]],
  ['tolerance=0.4', [2, 2]],
  ['max=2', [2, 2]],
])('%s decides %j', (change, replicas) => {
  const { changed } = answer(change);
  expect(changed!.map(({ simulated }) => simulated.replicas)).toEqual(replicas);
});

test('another request decides nothing where a container requests none: the HPA could not decide', () => {
  const recorded = watchedHpa([2, 2]);
  const [first, ...others] = recorded.timeline.pods;
  const pods = [{ ...first!, cpuRequestsMillis: [300, null] }, ...others];
  const { changed } = answer('request=200', watchedHpa([2, 2], { pods }));
  expect(changed!.map(({ simulated }) => simulated.replicas)).toEqual([2, 2]);
});

test('a change that changes no decision says so', () => {
  expect(replayedChangeText(answer('target=45'))).toMatch(/\n2 syncs decide the same\.$/);
});

test('no change is simulated where the recorded settings decide otherwise, or nothing was decided', () => {
  const other = answer('target=70', watchedHpa([3, 9]));
  expect(other.changed).toBeUndefined();
  expect(replayedChangeText(other)).toContain('1 of 2 syncs as the HPA did.\nThat is less than 90.0 %');
  const still = watchedHpa();
  const recording = {
    ...still,
    timeline: { ...still.timeline, autoscaler: still.timeline.autoscaler.slice(0, 1) },
  };
  expect(replayedChangeText(answer('target=70', recording))).toContain('record for longer');
});
