import { decodeRequests, encodeRequests, type Requests } from '../../../bench/load/run-document';

const requests: Requests = {
  intendedMs: Float64Array.of(0, 10, 20),
  lagMs: Float32Array.of(-1, 0.5, 0),
  latencyMs: Float32Array.of(6, 5, 4),
  outcome: Uint8Array.of(0, 0, 0),
  status: Uint16Array.of(200, 200, 200),
};

test('what a document says of its requests is what was measured', () => {
  expect(decodeRequests(encodeRequests(requests))).toEqual(requests);
});

test('a document counts from the intended send time, and is read from the send where that was earlier', () => {
  const { latencyMs } = encodeRequests(requests);
  expect([...new Float32Array(new Uint8Array(Buffer.from(latencyMs, 'base64')).buffer)]).toEqual([5, 5, 4]);
  expect([...decodeRequests(encodeRequests(requests)).latencyMs]).toEqual([6, 5, 4]);
});
