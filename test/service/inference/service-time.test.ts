import fc from 'fast-check';

import type { Work } from '../../../service/inference/protocol';
import { ServiceTimes } from '../../../service/inference/service-time';

const FILE = Buffer.alloc(500_000);
const classify = (bytes: number): Work => ({ kind: 'classify', image: FILE.subarray(0, bytes) });
const infer = (batch: number): Work => ({ kind: 'infer', images: new Float32Array(0), batch });

test('before any measurement, the estimate uses the warm-up’s inference time and the file size', () => {
  const times = new ServiceTimes(100);
  expect(times.estimateMs(infer(1))).toBe(100);
  expect(times.estimateMs(infer(8))).toBe(800);
  expect(times.estimateMs(classify(284_000))).toBeCloseTo(106);
});

test('whatever the machine’s speed, the estimate is within a tenth after sixty similar requests', () => {
  const positive = { min: 0.1, max: 2000, noNaN: true };
  fc.assert(
    fc.property(
      fc.double(positive),
      fc.double(positive),
      fc.double({ ...positive, max: 20 }),
      fc.integer({ min: 1_000, max: 500_000 }),
      (decodeMs, inferenceMs, overheadMs, bytes) => {
        const times = new ServiceTimes(100);
        const totalMs = decodeMs + inferenceMs + overheadMs;
        for (let i = 0; i < 60; i++) times.observe(classify(bytes), { decodeMs, inferenceMs }, totalMs);
        expect(times.estimateMs(classify(bytes)) / totalMs).toBeGreaterThan(0.9);
        expect(times.estimateMs(classify(bytes)) / totalMs).toBeLessThan(1.1);
        expect(times.estimateMs(infer(4))).toBeGreaterThan(3.6 * inferenceMs);
      },
    ),
  );
});

test('one small file that is slow to decode does not make ordinary photos look slow', () => {
  const times = new ServiceTimes(7);
  for (let i = 0; i < 60; i++) times.observe(classify(300_000), { decodeMs: 6, inferenceMs: 7 }, 13.5);
  times.observe(classify(10_000), { decodeMs: 300, inferenceMs: 7 }, 308);
  // A mean of the ratios would give 1800 ms.
  expect(times.estimateMs(classify(300_000))).toBeLessThan(150);
});

test('one request that a stalled machine took seconds for does not make the next ones look slow', () => {
  const times = new ServiceTimes(30);
  for (let i = 0; i < 60; i++) times.observe(classify(30_000), { decodeMs: 2, inferenceMs: 30 }, 35);
  times.observe(classify(30_000), { decodeMs: 2, inferenceMs: 30 }, 2_000);
  // A mean would give 428 ms.
  expect(times.estimateMs(classify(30_000))).toBeLessThan(1.5 * 35);
  // Slow for good: half as fast as the newest requests after eight of them.
  for (let i = 0; i < 8; i++) times.observe(classify(30_000), { decodeMs: 2, inferenceMs: 30 }, 350);
  expect(times.estimateMs(classify(30_000))).toBeGreaterThan(175);
});

test('images that take long before they fail make the queue look fuller', () => {
  const times = new ServiceTimes(10);
  for (let i = 0; i < 30; i++) times.observeFailed(classify(400_000), 1_500);
  expect(times.estimateMs(classify(400_000))).toBeGreaterThan(1_400);
  expect(times.estimateMs(classify(400_000))).toBeLessThan(1_600);
  // What they cost is their decoding: tensors take no longer.
  expect(times.estimateMs(infer(1))).toBe(10);
});

test('files that fail at once do not make the queue look empty', () => {
  const times = new ServiceTimes(10);
  const beforeMs = times.estimateMs(classify(400_000));
  for (let i = 0; i < 30; i++) times.observeFailed(classify(400_000), 0.2);
  expect(times.estimateMs(classify(400_000))).toBe(beforeMs);
});

test('small files that take long before they fail do not make ordinary photos look slower than themselves', () => {
  const times = new ServiceTimes(10);
  for (let i = 0; i < 30; i++) times.observeFailed(classify(5_000), 300);
  expect(times.estimateMs(classify(5_000))).toBeGreaterThan(250);
  // Scaled by its size, the photo would be expected to take 13 s.
  expect(times.estimateMs(classify(284_000))).toBeLessThan(320);
  for (let i = 0; i < 30; i++) times.observe(classify(284_000), { decodeMs: 6, inferenceMs: 10 }, 16);
  expect(times.estimateMs(classify(284_000))).toBeLessThan(17);
});
