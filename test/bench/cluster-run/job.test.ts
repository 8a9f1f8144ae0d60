import { collectDocuments } from '../../../bench/cluster-run/job';
import { encodeRequests } from '../../../bench/load/run-document';

const JOB = { namespace: 'bench', service: 'latency-hpa', pods: 1, durationSeconds: 20 };
const { signal } = new AbortController();
const DOCUMENT = {
  ...{ schema: 'tandem.load-run', version: 1 },
  requests: encodeRequests({
    ...{ intendedMs: new Float64Array(0), lagMs: new Float32Array(0), latencyMs: new Float32Array(0) },
    ...{ outcome: new Uint8Array(0), status: new Uint16Array(0) },
  }),
};

/** A kubectl whose calls fail so many times in all before they answer. */
function kubectlOf(failures: number) {
  let left = failures;
  return jest.fn((args: readonly string[]) =>
    left-- > 0
      ? Promise.reject(new Error('the connection was refused'))
      : Promise.resolve(args[0] === 'get' ? 'load-0' : JSON.stringify(DOCUMENT)),
  );
}

test('a call that fails after the load is tried again: the measurement must not be lost', async () => {
  expect(await collectDocuments(kubectlOf(3), JOB, signal, 0)).toEqual([DOCUMENT]);
});

test('a call that fails again and again ends the run with its own message', async () => {
  const kubectl = kubectlOf(Infinity);
  await expect(collectDocuments(kubectl, JOB, signal, 0)).rejects.toThrow('the connection was refused');
  expect(kubectl).toHaveBeenCalledTimes(5);
});
