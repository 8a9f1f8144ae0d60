import { type CompareRecord, secondsLeft, wholeWork, workOf } from '../../../models/compare/work';

const SIZE = { multiplyAdds: 3e8, trainImages: 100, calibrationImages: 10, measuredImages: 20 };

test('the whole is done when every step is', () => {
  const records: CompareRecord[] = [];
  const onStep = wholeWork(new Map([['small', workOf(SIZE)]]), (record) => records.push(record));
  onStep({ candidate: 'small', step: 'features', done: 50, total: 100 });
  expect(records[0]).toMatchObject({ task: 'small: features', done: 50, total: 100, workDone: 15_000 });
  for (const step of ['features', 'head', 'calibration', 'fp32', 'int8'] as const) {
    onStep({ candidate: 'small', step, done: 7, total: 7 });
  }
  expect(records.at(-1)!.workDone).toBeCloseTo(records[0]!.workTotal);
});

test('what an earlier run did does not count for the time that is left', () => {
  const records: CompareRecord[] = [];
  const onStep = wholeWork(new Map([['small', workOf(SIZE)]]), (record) => records.push(record));
  onStep({ candidate: 'small', step: 'features', done: 50, total: 100, skipped: true });
  expect(secondsLeft(records[0]!, 1)).toBeUndefined();
  onStep({ candidate: 'small', step: 'features', done: 75, total: 100 });
  const { workDone, workSkipped, workTotal } = records[1]!;
  expect([workDone, workSkipped]).toEqual([22_500, 15_000]);
  expect(secondsLeft(records[1]!, 10)).toBeCloseTo((workTotal - workDone) / 750);
});
