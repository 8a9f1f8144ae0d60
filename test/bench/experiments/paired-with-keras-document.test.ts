import { existsSync, readFileSync } from 'node:fs';

import {
  PAIRED_FILE,
  PAIRED_SCHEMA,
  PAIRED_VERSION,
  type PairedDocument,
  pairedText,
  type PairedTraining,
  parsePaired,
  withTrainings,
} from '../../../bench/experiments/paired-with-keras-document';

const trained = (seed: number, onlyARight: number, onlyBRight: number): PairedTraining => ({
  ...{ seed, keras: '3.0.0', bothRight: 70, onlyARight, onlyBRight },
  bothWrong: 30 - onlyARight - onlyBRight,
});
const documentOf = (...trainings: PairedTraining[]): PairedDocument =>
  withTrainings(undefined, 'photos', trainings);

test('each seed has both accuracies, their difference and how often one alone is right', () => {
  const [row] = pairedText(documentOf(trained(1, 12, 4)))
    .split('\n')
    .slice(2);
  expect(row).toMatch(
    /^\| 1 \| 82\.0 % \(.*\) \| 74\.0 % \(.*\) \| \+8\.0 \(.* to .*\) \| 12 and 4 \| 0\.08 \|$/,
  );
});

test('several seeds have a mean, and one has none', () => {
  expect(pairedText(documentOf(trained(1, 12, 4)))).not.toContain('mean');
  expect(pairedText(documentOf(trained(1, 12, 4), trained(2, 2, 6)))).toContain(
    '| mean of the seeds | 77.0 % | 75.0 % | +2.0 |  |  |',
  );
});

test('a seed that is measured again takes the place of the one before, in the order of the seeds', () => {
  const before = documentOf(trained(1, 12, 4), trained(3, 1, 1));
  const { trainings } = withTrainings(before, 'photos', [trained(3, 2, 2), trained(2, 5, 5)]);
  expect(trainings).toEqual([trained(1, 12, 4), trained(2, 5, 5), trained(3, 2, 2)]);
});

test('the committed document is of this schema, and every seed measured the same images', () => {
  expect(existsSync(PAIRED_FILE)).toBe(true);
  const { trainings } = parsePaired(readFileSync(PAIRED_FILE, 'utf8'));
  const images = trainings.map(
    ({ bothRight, onlyARight, onlyBRight, bothWrong }) => bothRight + onlyARight + onlyBRight + bothWrong,
  );
  expect(new Set(images)).toEqual(new Set([541]));
  expect(() => parsePaired('{}')).toThrow(`schema "${PAIRED_SCHEMA}" and version ${PAIRED_VERSION}`);
});
