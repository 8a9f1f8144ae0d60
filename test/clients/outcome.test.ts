import { endOf } from './outcome';

test('a run in which no client is installed is skipped, and an error if it asked for some', () => {
  const none = { passed: 0, failed: 0, skipped: 3 };
  expect(endOf(none, false)).toEqual({
    line: 'SKIPPED test:clients: none of its clients is installed',
    exitCode: 0,
  });
  expect(endOf(none, true)).toEqual({
    line: 'error: none of the clients that were asked for is installed',
    exitCode: 1,
  });
});

test('a run ends with its numbers, and with 1 if a case failed', () => {
  expect(endOf({ passed: 2, failed: 0, skipped: 1 }, true)).toEqual({
    line: '2 passed, 0 failed, 1 skipped',
    exitCode: 0,
  });
  expect(endOf({ passed: 2, failed: 1, skipped: 0 }, false).exitCode).toBe(1);
});
