/** The autoscalers of `npm run validate:controller` and the CPU that is asked of each: drawn from a seed. Pure. */
import type { AutoscalerSpec } from '../../bench/autoscaler/settings';
import { HPA_BEHAVIOR } from '../../infra/construct/deployment-defaults';
import { type Random, seededRandom } from '../../statistics/seeded-random';

export interface Subject {
  /** Of the Deployment, its HPA and its label `app`. */
  readonly name: string;
  readonly cpuRequestMillis: number;
  readonly startReplicas: number;
  readonly spec: AutoscalerSpec;
  /** Name of its load. */
  readonly load: string;
  /** CPU that all its pods use together, by seconds from the start. */
  readonly demandMillis: (seconds: number) => number;
}

/** What HPAs may state; `tandem` is that of our own manifests. */
const BEHAVIORS: Readonly<Record<string, AutoscalerSpec['behavior'] | undefined>> = {
  tandem: HPA_BEHAVIOR,
  none: undefined,
  slow: {
    scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    scaleDown: {
      stabilizationWindowSeconds: 60,
      policies: [{ type: 'Percent', value: 50, periodSeconds: 30 }],
    },
  },
  hasty: { scaleDown: { stabilizationWindowSeconds: 0 } },
  careful: {
    scaleUp: {
      ...{ stabilizationWindowSeconds: 45, selectPolicy: 'Min' },
      policies: [
        { type: 'Pods', value: 2, periodSeconds: 30 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: { stabilizationWindowSeconds: 120, policies: [{ type: 'Pods', value: 1, periodSeconds: 45 }] },
  },
  exact: {
    scaleUp: { tolerance: '0.02' },
    scaleDown: { tolerance: '0.05', stabilizationWindowSeconds: 30 },
  },
  'up-only': { scaleDown: { selectPolicy: 'Disabled' } },
};

/** Loads in pods that the target suits exactly, by the share of the time that is over. */
const LOADS: Readonly<Record<string, (share: number, seconds: number, high: number) => number>> = {
  step: (share, _, high) => (share < 0.15 || share > 0.55 ? 1.5 : high - 0.5),
  ramp: (share, _, high) =>
    1.5 + (high - 1.5) * Math.min(1, Math.max(0, share < 0.5 ? 2 * share : 1.6 - share)),
  spike: (_, seconds, high) => (seconds > 120 && seconds < 240 ? high : 1.5),
  wave: (_, seconds, high) => (high + 1) / 2 + ((high - 1) / 2) * Math.sin((2 * Math.PI * seconds) / 500),
  // At the edge of the tolerance, where a little noise decides.
  sawtooth: (_, seconds, high) => Math.ceil(high / 2) * (0.85 + (0.3 * (seconds % 200)) / 200),
  idle: () => 0.05,
};

const pick = <T>(items: readonly T[], random: Random): T => items[random.integer(items.length)]!;

function drawOne(index: number, totalSeconds: number, seed: number): Subject {
  const random = seededRandom(seed, `subject-${index}`);
  // In turn, so that every load meets every behaviour if there are enough of them.
  const load = Object.keys(LOADS)[index % Object.keys(LOADS).length]!;
  const behavior = Object.values(BEHAVIORS)[index % Object.keys(BEHAVIORS).length];
  const cpuRequestMillis = pick([100, 250, 405, 1405], random);
  const targetPercent = pick([40, 50, 60, 70, 80, 90], random);
  const target = { type: 'Utilization', averageUtilization: targetPercent };
  const minReplicas = 1 + random.integer(2);
  const maxReplicas = 6 + random.integer(5);
  const high = 3 + random.integer(7);
  const noise = seededRandom(seed, `noise-${index}`);
  const factors = Array.from({ length: totalSeconds + 1 }, () => noise.between(0.97, 1.03));
  return {
    ...{ name: `subject-${index}`, cpuRequestMillis, load },
    startReplicas: minReplicas + random.integer(2),
    spec: {
      ...{ minReplicas, maxReplicas },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
      ...(behavior && { behavior }),
    },
    demandMillis: (seconds) =>
      LOADS[load]!(seconds / totalSeconds, seconds, high) *
      factors[Math.min(totalSeconds, Math.floor(seconds))]! *
      ((cpuRequestMillis * targetPercent) / 100),
  };
}

/** Subjects for a run of some length. */
export const drawSubjects = (count: number, totalSeconds: number, seed: number): Subject[] =>
  Array.from({ length: count }, (_, index) => drawOne(index, totalSeconds, seed));
