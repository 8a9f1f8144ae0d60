import { readArguments } from './arguments';
import type { Pods } from './pods';
import { runFault } from './run-fault';
import type { Stage } from './stage';

const pods = { check: () => Promise.resolve(undefined) } as unknown as Pods;
const see = async (stage: Stage) => {
  let isBroken = false;
  await stage.inject(() => (isBroken = true));
  await stage.seen(() => isBroken, 0);
};

test('an error is recorded as what is broken, so that the page no longer says survived', async () => {
  const run = () => Promise.reject(new Error('the service does not become ready before the fault'));
  const { isOk, text, played } = await runFault('clock', run, 'short', pods);
  expect([isOk, text]).toEqual([false, 'the service does not become ready before the fault']);
  expect(played).toEqual({ broken: [text], figures: {} });
});

test('a fault that did not happen is not survived, but is what the self-check wants', async () => {
  expect(await runFault('clock', (stage) => stage.seen(() => false, 0), 'short', pods)).toMatchObject({
    isOk: false,
    played: { broken: ['the fault did not happen'] },
  });
  expect(await runFault('clock', see, 'self-check', pods)).toMatchObject({ isOk: true });
});

test('a fault that was survived says what was measured', async () => {
  const run = async (stage: Stage) => {
    await see(stage);
    for (const [name, value] of Object.entries({ failed: 0, due: 30, revokedMs: 27.5 }))
      stage.figure(name, value);
  };
  expect(await runFault('clock', run, 'short', pods)).toMatchObject({
    isOk: true,
    text: '0 of 30 requests failed; the revoked key was refused after 27.5 ms',
  });
});

test('the self-check records nothing', () => {
  expect(() => readArguments(['--self-check', '--out', 'found.json'])).toThrow(
    '--out must not go with --self-check, which injects nothing to survive, received "found.json"',
  );
  expect(readArguments(['--out', 'found.json', 'clock'])).toEqual({
    form: 'short',
    ids: ['clock'],
    soakMinutes: undefined,
    out: 'found.json',
  });
});

test.each([
  [['WRONG'], 'a fault must be one of overload, '],
  [['--soak-minutes', '0'], '--soak-minutes must be a number above 0, received 0'],
])('%j is refused', (words, message) => {
  expect(() => readArguments(words)).toThrow(message);
});
