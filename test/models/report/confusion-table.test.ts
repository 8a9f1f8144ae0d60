import { confusionTable } from '../../../models/report/confusion-table';

const diagonal = (classes: number): number[][] =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (__, j) => (i === j ? 5 : 0)));
const names = (classes: number) => Array.from({ length: classes }, (_, i) => `class ${i}`);

test('of a few classes the whole matrix is shown', () => {
  const text = confusionTable(
    [
      [3, 1],
      [0, 4],
    ],
    ['cat', 'dog'],
  );
  expect(text).toMatch(/^Confusion matrix \(rows: true class; columns: predicted class\):/);
  expect(text).toContain('| **cat** | 3 | 1 |');
});

test('of a thousand classes only the most common confusions are shown, the most frequent first', () => {
  const confusion = diagonal(1000);
  confusion[7]![8] = 2;
  confusion[9]![3] = 4;
  const text = confusionTable(confusion, names(1000));
  expect(text).toMatch(/^The 2 most common of 2 confusions:/);
  expect(text.indexOf('| class 9 | class 3 | 4 |')).toBeLessThan(text.indexOf('| class 7 | class 8 | 2 |'));
  expect(text.length).toBeLessThan(300);
});

test('many classes without a confusion get a sentence', () => {
  expect(confusionTable(diagonal(30), names(30))).toBe('No class was taken for another.');
});
