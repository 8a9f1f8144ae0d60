import { headComment } from '../../../bench/experiments/program-arguments';

test('the comment at the head of a source is read without its stars', () => {
  expect(
    headComment('/**\n * Runs.\n *\n * npm run x -- [--a N]\n *   [--b]\n */\nimport a;\n/** Other. */'),
  ).toBe('Runs.\n\nnpm run x -- [--a N]\n  [--b]');
  expect(headComment('/** Runs. */\ncode();')).toBe('Runs.');
  expect(headComment('code();\n/** Runs. */')).toBe('');
});
