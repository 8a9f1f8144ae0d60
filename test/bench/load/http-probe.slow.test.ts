import { httpProbe } from '../../../bench/load/http-probe';
import { startServer, type TestServer } from './server';

const SERVICE_MS = 20;
const SLO = { percentile: 0.8, limitMs: 150 };
const ENOUGH = 20;

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

test('over HTTP, a probe at twice the capacity sees requests wait for each other, and ends once it is decided', async () => {
  let freeMs = 0;
  server = await startServer((_, response) => {
    freeMs = Math.max(freeMs, performance.now()) + SERVICE_MS;
    setTimeout(() => response.end('{}'), freeMs - performance.now());
  });
  const probe = httpProbe({ url: server.url, slo: SLO, maxProbeSeconds: 60 });
  const { violated, latencyMs, elapsedSeconds } = await probe(
    2_000 / SERVICE_MS,
    1,
    (sample) => sample.violated.length >= ENOUGH,
  );
  // A slow machine delays answers and never hastens them: after the warm-up every request has waited for a second.
  expect(violated.length).toBeGreaterThanOrEqual(ENOUGH);
  expect([...violated]).toEqual(Array(violated.length).fill(1));
  expect(Math.min(...latencyMs)).toBeGreaterThan(SLO.limitMs);
  expect(elapsedSeconds).toBeGreaterThan(2);
  expect(server.requestsPerConnection.length).toBeLessThan((2_000 / SERVICE_MS) * 60);
}, 120_000);
