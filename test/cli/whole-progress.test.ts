import { wholeProgress } from '../../cli/whole-progress';
import type { StageName } from '../../models/recipes';
import type { EpochRecord } from '../../models/training/progress';

const EPOCHS = { head: 3, fineTune: 10 };
const epoch = (stage: StageName, number: number, seconds: number): EpochRecord => ({
  ...{ stage, epoch: number, seconds },
  ...{ loss: 1, accuracy: 0.5, learningRate: 0.1 },
});

test('the epochs of both stages count together', () => {
  expect(wholeProgress(EPOCHS, [epoch('head', 1, 10)])).toEqual({ done: 1, total: 13, secondsLeft: 120 });
  const finished = [epoch('head', 1, 10), epoch('head', 2, 4), epoch('head', 3, 4)];
  expect(wholeProgress(EPOCHS, finished)).toEqual({ done: 3, total: 13, secondsLeft: 40 });
});

test('a stage is timed by its own latest epochs, without its first', () => {
  const finished = [
    epoch('head', 3, 1),
    epoch('fineTune', 1, 99),
    epoch('fineTune', 2, 6),
    epoch('fineTune', 3, 8),
  ];
  expect(wholeProgress(EPOCHS, finished)).toEqual({ done: 6, total: 13, secondsLeft: 49 });
});

test('a resumed training counts the epochs before it, and a stage that was stopped early as done', () => {
  expect(wholeProgress(EPOCHS, [epoch('fineTune', 9, 5)])).toEqual({ done: 12, total: 13, secondsLeft: 5 });
  expect(wholeProgress(EPOCHS, [epoch('fineTune', 10, 5)])?.secondsLeft).toBe(0);
});

test('nothing is said before the first epoch, or without a plan', () => {
  expect(wholeProgress(EPOCHS, [])).toBeUndefined();
  expect(wholeProgress({ head: 0, fineTune: 0 }, [epoch('head', 1, 1)])).toBeUndefined();
});
