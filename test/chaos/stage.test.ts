import { NotHappened, play } from './stage';

test('the self-check leaves the injection out, so the fault is not seen', async () => {
  let isBroken = false;
  const run = play('self-check', async (stage) => {
    await stage.inject(() => (isBroken = true));
    await stage.seen(() => isBroken, 0);
  });
  await expect(run).rejects.toThrow(NotHappened);
});

test('an injected fault is seen, and claims that do not hold are kept', async () => {
  let isBroken = false;
  const { broken, figures } = await play('short', async (stage) => {
    await stage.inject(() => (isBroken = true));
    await stage.seen(() => isBroken, 0);
    stage.claim('it holds', true);
    stage.claim('it does not hold', false);
    stage.claimTime('it takes long', false);
    stage.figure('requests', 3);
  });
  expect(broken).toEqual(['it does not hold']);
  expect(figures).toEqual({ requests: 3 });
});

test.each(['short', 'long'] as const)(
  'a run in %s form that never looks for its fault is not survived',
  async (form) => {
    await expect(play(form, () => Promise.resolve())).rejects.toThrow(NotHappened);
  },
);

test('only the long form judges times', async () => {
  const { broken } = await play('long', async (stage) => {
    await stage.seen(() => true);
    stage.claimTime('it takes long', false);
  });
  expect(broken).toEqual(['it takes long']);
});

test('what waits in vain after the fault was seen is not survived', async () => {
  const { broken } = await play('short', async (stage) => {
    await stage.seen(() => true);
    await stage.waitFor('the pod is ready', () => false, 0);
  });
  expect(broken).toEqual(['waited 0 ms in vain: the pod is ready']);
});

test('what waits in vain before the fault was seen is an error', async () => {
  const run = play('short', (stage) => stage.waitFor('the load is answered', () => false, 0));
  await expect(run).rejects.toThrow('the load is answered');
});

test('everything is undone, the last first, also after an error', async () => {
  const undone: number[] = [];
  const run = play('short', (stage) => {
    [1, 2].forEach((n) => stage.onEnd(() => undone.push(n)));
    return Promise.reject(new Error('it broke'));
  });
  await expect(run).rejects.toThrow('it broke');
  expect(undone).toEqual([2, 1]);
});
