import { capacity, type Probe } from '../../../bench/load/capacity';
import { capacityChart, capacityTitle } from '../../../bench/load/capacity-chart';
import {
  CAPACITY_SCHEMA,
  CAPACITY_VERSION,
  type CapacityDocument,
} from '../../../bench/load/capacity-document';
import { seededRandom } from '../../../statistics/seeded-random';

/** A synthetic server: the share of violations rises with the rate and is 5 % at 20 per second. */
const probe: Probe = (ratePerSecond, seed, isDecided) => {
  const random = seededRandom(seed, 'violations');
  const share = Math.min(1, 0.05 * (ratePerSecond / 20) ** 6);
  const violated: number[] = [];
  for (;;) {
    for (let i = 0; i < 50; i++) violated.push(random.uniform() < share ? 1 : 0);
    const sample = {
      violated: Uint8Array.from(violated),
      latencyMs: Float64Array.from(violated, (each) => (each ? 200 : 50)),
      inFlight: new Float64Array(0),
      elapsedSeconds: violated.length / ratePerSecond,
      countedSeconds: violated.length / ratePerSecond,
    };
    if (violated.length >= 4000 || isDecided(sample)) return Promise.resolve(sample);
  }
};

const SLO = { percentile: 0.95, limitMs: 100 };

async function search(): Promise<CapacityDocument> {
  const found = await capacity({ probe, slo: SLO, singleStreamMs: 50, seed: 3 });
  return {
    schema: CAPACITY_SCHEMA,
    version: CAPACITY_VERSION,
    settings: {
      ...{ url: 'http://synthetic/', slo: 'p95=100ms', connections: 'fresh', timeoutMs: 10_000 },
      ...{ seed: 3, maxProbeSeconds: 120, images: [] },
    },
    generator: { cpuModel: 'SYNTHETIC', cores: 2, nodeVersion: 'v22.0.0', platform: 'linux' },
    singleStreamMs: 50,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:10:00.000Z',
    ...found,
  };
}

let found: CapacityDocument;
beforeAll(async () => {
  found = await search();
});

test('a search is drawn with a mark per probe, its interval and where it comes from', () => {
  const svg = capacityChart(found);
  const count = (pattern: RegExp) => svg.match(pattern)!.length;
  const passed = found.probes.filter(({ verdict }) => verdict === 'pass').length;
  expect(passed).toBeGreaterThan(0);
  // One more in the key.
  expect(count(/<circle [^>]*r="5" fill="#0072b2"/g)).toBe(passed + 1);
  expect(svg).toContain('measured · 2026-01-01 · n = ');
  expect(svg).toContain('generator: 2 cores of SYNTHETIC');
  expect(svg).not.toMatch(/NaN|undefined/);
  expect(capacityChart(found)).toBe(svg);
  expect(svg).toMatchSnapshot();
});

test('the title claims what the search found, and no more', () => {
  expect(capacityTitle(found)).toMatch(
    /^Capacity: [\d.]+ to [\d.]+ per second at p95=100ms, found in \d+ probes with \d+ requests in [\d.]+ min$/,
  );
  const open = JSON.parse(
    JSON.stringify({ ...found, lowPerSecond: 12, highPerSecond: undefined }),
  ) as typeof found;
  expect(capacityTitle(open)).toMatch(/^Capacity: at least 12 per second/);
  expect(capacityTitle({ ...found, lowPerSecond: 0, highPerSecond: 3 })).toMatch(
    /^Capacity: less than 3 per second/,
  );
  expect(capacityTitle({ ...open, lowPerSecond: 0 })).toMatch(/^Capacity: unknown at p95=100ms/);
});

test('a confirmation has its place after the search', () => {
  expect(capacityChart(found)).not.toContain('confirmation');
  expect(capacityChart({ ...found, confirmation: found.probes[0]! })).toContain('>confirmation</text>');
});

test('a search without a probe is refused', () => {
  expect(() => capacityChart({ ...found, probes: [] })).toThrow(/at least one probe/);
});
