import fc from 'fast-check';

import { classWeights } from '../../../models/data/class-weights';

test('weights are scikit-learn’s balanced ones', () => {
  // compute_class_weight('balanced', classes=[0, 1, 2], y=[0, 0, 0, 1, 1, 2])
  expect(classWeights([0, 0, 0, 1, 1, 2])).toEqual([6 / 9, 1, 2]);
});

test('every class counts as much in all, and an image 1 on average', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 200 }), (more) => {
      const labels = [0, 1, 2, 3, 4, ...more];
      const weights = classWeights(labels);
      const total = (label: number) => weights[label]! * labels.filter((own) => own === label).length;
      for (let label = 0; label < 5; label++) expect(total(label)).toBeCloseTo(labels.length / 5, 9);
    }),
    { seed: 5 },
  );
});

test('a class without images is refused', () => {
  expect(() => classWeights([0, 2])).toThrow(
    'class 1 must have images, received none: add images or leave the class out',
  );
});
