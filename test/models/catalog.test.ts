import { isModelName, MODEL_IDS } from '../../models/catalog';
import { PATHS } from '../../service/contract';

test.each([...MODEL_IDS, 'flowers', 'flowers-2', '2', 'a'.repeat(63)])(
  '%s can be the name of a model',
  (name) => {
    expect(isModelName(name)).toBe(true);
  },
);

test.each([
  '',
  '-a',
  'a-',
  'Flowers',
  'a_b',
  'a.b',
  'a/b',
  '..',
  'a b',
  'é',
  'a\n',
  'a'.repeat(64),
  2,
  undefined,
])('%j cannot be the name of a model', (name) => {
  expect(isModelName(name)).toBe(false);
});

test('the name of a model is no other path of the API, and no other label of the metrics', () => {
  const siblings = Object.values(PATHS).flatMap(
    (path) => /^\/v[12]\/models\/([^:/]+)$/.exec(path)?.[1] ?? [],
  );
  expect(siblings).toEqual(['stats']);
  for (const name of [...siblings, 'none']) expect(isModelName(name)).toBe(false);
});
