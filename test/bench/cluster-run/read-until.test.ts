import { readUntil, type Wait } from '../../../bench/cluster-run/read-until';

/** Answers reads in turn, the last one again and again: an error, or a body. */
function apiOf(...answers: readonly (Error | string)[]) {
  let reads = 0;
  return jest.fn((path: string) => {
    const answer = answers[Math.min(reads++, answers.length - 1)]!;
    expect(path).toBe('/job');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
}

const ended = (object: unknown) => (object as { readonly ended?: string }).ended;

const wait = (readApi: ReturnType<typeof apiOf>, changes: Partial<Wait> = {}) =>
  readUntil(readApi, '/job', ended, {
    ...{ timeoutMs: 60_000, signal: new AbortController().signal, pollMs: 0 },
    late: (failedRead) => `late: ${failedRead ?? 'not ended'}`,
    ...changes,
  });

test('a read that fails, or is cut off, is tried again', async () => {
  const readApi = apiOf(new Error('no answer in 5000 ms'), '{"ended":', '{}', '{"ended":"well"}');
  expect(await wait(readApi)).toBe('well');
  expect(readApi).toHaveBeenCalledTimes(4);
});

test.each([
  ['late: no answer in 5000 ms', new Error('no answer in 5000 ms')],
  ['late: not ended', '{}'],
])('after its time the wait ends: %s', async (message, answer) => {
  await expect(wait(apiOf(answer), { timeoutMs: -1 })).rejects.toThrow(message);
});

test('an object that does not exist is not awaited', async () => {
  const readApi = apiOf(new Error('status 404: no job'), '{"ended":"well"}');
  await expect(wait(readApi)).rejects.toThrow('status 404: no job');
});

test('an interrupt ends the wait', async () => {
  const interrupt = new AbortController();
  const readApi = apiOf('{}');
  readApi.mockImplementationOnce(() => {
    interrupt.abort(new Error('stopped'));
    return Promise.resolve('{}');
  });
  await expect(wait(readApi, { signal: interrupt.signal })).rejects.toThrow(/abort|stopped/);
  expect(readApi).toHaveBeenCalledTimes(1);
});
