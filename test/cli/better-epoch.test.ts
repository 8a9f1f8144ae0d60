import { betterEpochLine, findBetterEpoch } from '../../cli/better-epoch';
import type { HistoryEntry } from '../../models/training/history';

const epochs = (stage: HistoryEntry['stage'], ...valAccuracies: number[]): HistoryEntry[] =>
  valAccuracies.map((valAccuracy, i) => ({
    ...{ stage, epoch: i + 1, loss: 1, accuracy: 0.5, learningRate: 0.001, seconds: 1, at: '' },
    ...{ valAccuracy, valLoss: 1 - valAccuracy },
  }));
const val = [50, 50];
const stages = [{ stage: 'head' }, { stage: 'fineTune' }] as const;

test('a training that kept its last epoch names the better one and how to take it', () => {
  const history = [...epochs('head', 0.99), ...epochs('fineTune', 0.7, 0.93, 0.8)];
  expect(betterEpochLine(findBetterEpoch({ stages, val, history })!)).toBe(
    'epoch 2 of fine-tuning had the best val accuracy, 93.0 %; the last, which was kept, has 80.0 %. To take epoch 2, repeat the command with --finish best',
  );
});

test('a better accuracy within the interval of the last one may be chance, and the line says so', () => {
  const history = epochs('head', 0.82, 0.8);
  expect(betterEpochLine(findBetterEpoch({ stages, val, history })!)).toContain(
    'has 80.0 %; on 100 images the difference may be chance. To take epoch 1',
  );
});

test.each([
  ['the last epoch is the best', { history: epochs('head', 0.7, 0.8) }],
  ['an earlier epoch is as good', { history: epochs('head', 0.8, 0.8) }],
  [
    'the best epoch was kept',
    { history: epochs('head', 0.9, 0.8), stages: [{ stage: 'head', keptEpoch: 1 }] as const },
  ],
  [
    'the best epoch was kept in the head stage, and fine-tuning was planned but not reached',
    {
      history: epochs('head', 0.9, 0.8),
      stages: [{ stage: 'head', keptEpoch: 1 }, { stage: 'fineTune' }] as const,
    },
  ],
  ['there is no history', { history: [] }],
])('nothing is said if %s', (_, facts) => {
  expect(findBetterEpoch({ stages, val, ...facts })).toBeUndefined();
});
