import { REQUEST_TIMEOUT_MS } from '../../service/contract';
import { createMetrics } from '../../service/metrics';

test('duration buckets range from 1 ms to the request timeout', async () => {
  const { requestSeconds } = createMetrics(new Map());
  requestSeconds.observe({ model: 'latency' }, 1);
  const { values } = await requestSeconds.get();
  const bounds = values.flatMap(({ labels }) => ('le' in labels ? [labels['le']] : []));
  expect(bounds[0]).toBe(0.001);
  expect(bounds.slice(-2)).toEqual([REQUEST_TIMEOUT_MS / 1000, '+Inf']);
  // A quantile above the last bucket is unknown: a much later deadline needs more buckets.
  const ratios = (bounds.slice(1, -1) as number[]).map((bound, i) => bound / Number(bounds[i]));
  for (const ratio of ratios) {
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThanOrEqual(2.5 + 1e-9);
  }
});
