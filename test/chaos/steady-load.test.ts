import { play } from './stage';
import { claimNoneFailed, type Counts } from './steady-load';

const brokenBy = async (counts: Partial<Counts>): Promise<readonly string[]> => {
  const { broken } = await play('short', async (stage) => {
    await stage.seen(() => true);
    claimNoneFailed(stage, { due: 100, refused: 0, failed: 0, failures: '{}', ...counts });
  });
  return broken;
};

test('a load of which every request is answered holds', async () => {
  expect(await brokenBy({})).toEqual([]);
});

test('a load of two requests says nothing about the others', async () => {
  expect(await brokenBy({ due: 2 })).toEqual(['the steady load has at least 20 requests: 2']);
});

test.each([{ failed: 1 }, { refused: 1 }])('%j breaks the claim that none fails', async (counts) => {
  expect(await brokenBy({ ...counts, failures: '{"x":1}' })).toEqual([
    'no request of the steady load fails: {"x":1}',
  ]);
});
