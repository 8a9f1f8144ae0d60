/**
 * What the reference's own variants cost and how many requests they answer in time, beside the same HPAs at other targets,
 * fixed fleets of the same pods, what other tools would request, and the ideal. Simulated. Pure.
 */
import { CLUSTER } from '../../infra/scheduler/cluster';
import { parseCpuMillis } from '../../infra/quantity';
import { type Scaling, type Variant, VARIANTS } from '../../infra/variants';
import { MODEL_IDS } from '../../models/catalog';
import { type OpenLoad, parseLoad } from '../load/load';
import type { Slo } from '../load/slo';
import { advise, busiestPerSecond, useMillisAt } from './advise';
import type { Candidate } from './candidate';
import { fittedVariant, type FittedVariant } from './fitted-variant';
import { idealOf, kneePerSecond } from './ideal';
import { judge, type Judgement, type Wish } from './judge';
import type { ModelProfile } from './model-profile';
import { rivalsOf } from './rivals';
import type { LatencyBound } from './bounds';

/** The objective of the chart and of the table. */
export const FRONTIER_SLO: Slo = { percentile: 0.95, limitMs: 300 };

/** Two loads with the same number of requests per second on average. */
export const FRONTIER_LOADS = [
  { name: 'steady', text: 'poisson:40:10m', words: '40 images/s, steady' },
  {
    name: 'burst',
    text: 'spike:10-100:30m:10m',
    words: '10 images/s, and 100 for ten minutes (40 on average)',
  },
] as const;

/** Other HPA targets, percent of the request. */
const TARGETS_PERCENT = [25, 75, 100, 150, 200];
/** Fixed fleets of an HPA's pods have at most this many. */
const MAX_FLEET = 6;
/** Simulations of each option, as many as `tandem plan` makes of what it shows. */
const SEEDS = 20;
const KNEE_PROBE = { seconds: 120, seeds: 2 };

/**
 * - `variant`: as the reference prints it
 * - `target`: the same with another HPA target
 * - `fleet`: a fixed number of its pods
 * - `rival`: what another tool would request for the cheapest fixed variant that passes
 * - `plan`: what `tandem plan` recommends
 */
export type PointKind = 'variant' | 'target' | 'fleet' | 'rival' | 'plan';

export interface FrontierPoint {
  readonly kind: PointKind;
  /** The variant's name, or the tool's. */
  readonly name: string;
  readonly judgement: Judgement;
}

/** What one load makes of all of them. */
export interface LoadFrontier {
  readonly load: (typeof FRONTIER_LOADS)[number];
  readonly points: readonly FrontierPoint[];
  /** The cheapest variant that meets the objective; undefined if none does. */
  readonly cheapest?: FrontierPoint;
  /** CPU that an ideal autoscaler would request on average with the pods of the variant that suits it best, cores. */
  readonly idealCores?: number;
}

/** What a variant's pods can carry together, and what one of them uses then. */
export interface VariantCapacity extends FittedVariant {
  readonly kneePerSecond: number;
  readonly podUseMillis: number;
}

export interface Frontier {
  readonly bound: LatencyBound;
  /** Simulations of each option. */
  readonly seeds: number;
  readonly capacities: readonly VariantCapacity[];
  readonly loads: readonly LoadFrontier[];
}

/** The six variants; `previous-max-size` has the figures of `accuracy-max-size`. */
const OWN = VARIANTS.filter(({ name }) => !name.startsWith('previous'));

const fixed = (replicas: number): Scaling => ({ kind: 'fixed', replicas });

const cheapestOf = (points: readonly FrontierPoint[]) =>
  [...points].sort((a, b) => a.judgement.coresRequested - b.judgement.coresRequested)[0];

/** All scalings of a variant to judge, its own first. A fleet's pods request what they use at the busiest time. */
function scalingsOf(
  { scaling, resources }: Variant,
  profile: ModelProfile,
  load: OpenLoad,
): { readonly kind: PointKind; readonly scaling: Scaling }[] {
  const requestMillis = parseCpuMillis(resources.requests.cpu);
  const peakPerSecond = busiestPerSecond(load);
  const own = { kind: 'variant', scaling } as const;
  if (scaling.kind === 'fixed') return [own];
  return [
    own,
    ...TARGETS_PERCENT.map((targetCpuPercent) => ({
      kind: 'target' as const,
      scaling: { ...scaling, targetCpuPercent },
    })),
    ...Array.from({ length: MAX_FLEET }, (_, i) => i + 1)
      .filter((pods) => useMillisAt(profile, peakPerSecond, pods) <= requestMillis)
      .map((pods) => ({ kind: 'fleet' as const, scaling: fixed(pods) })),
  ];
}

/** The profile of each variant's model; variants of a model without one are left out. */
const withProfile = (profiles: readonly ModelProfile[]) =>
  OWN.flatMap((variant) => {
    const profile = profiles.find(({ model }) => model === variant.model);
    return profile === undefined ? [] : [{ variant, profile }];
  });

function loadFrontier(
  profiles: readonly ModelProfile[],
  load: LoadFrontier['load'],
  bound: LatencyBound,
  seeds: number,
): LoadFrontier {
  const wish: Wish = {
    ...{ slo: FRONTIER_SLO, load: parseLoad(load.text) as OpenLoad, bound },
    nodes: CLUSTER.length,
  };
  const own = withProfile(profiles).flatMap(({ variant, profile }) =>
    scalingsOf(variant, profile, wish.load).map(({ kind, scaling }): FrontierPoint => {
      const { candidate } = fittedVariant(variant, profile, CLUSTER, scaling);
      return { kind, name: variant.name, judgement: judge(candidate, wish, seeds) };
    }),
  );
  const passing = own.filter(({ kind, judgement }) => kind === 'variant' && judgement.passes);
  const cheapest = cheapestOf(passing);
  const cheapestFixed = cheapestOf(
    passing.filter(({ judgement }) => judgement.candidate.scaling.kind === 'fixed'),
  );
  const rivals = (cheapestFixed === undefined ? [] : rivalsOf(cheapestFixed.judgement, wish, seeds)).map(
    ({ rule, judgement }): FrontierPoint => ({ kind: 'rival', name: rule.name, judgement }),
  );
  // The search for a load that changes takes as long as all else together.
  const planned = load.name === 'steady' ? advise(profiles, wish, CLUSTER, MODEL_IDS).best : undefined;
  const plan: FrontierPoint[] = planned ? [{ kind: 'plan', name: 'tandem plan', judgement: planned }] : [];
  const ideals = own
    .filter(({ kind }) => kind === 'variant')
    .map(({ judgement }) => idealOf(judgement.candidate, wish, KNEE_PROBE).coresRequested);
  return {
    ...{ load, points: [...own, ...rivals, ...plan] },
    ...(cheapest && { cheapest, idealCores: Math.min(...ideals) }),
  };
}

/**
 * Simulates all of it on the reference's cluster.
 *
 * @param profiles of at least one model
 */
export function frontierOf(profiles: readonly ModelProfile[], bound: LatencyBound, seeds = SEEDS): Frontier {
  const wish = { slo: FRONTIER_SLO, bound, nodes: CLUSTER.length };
  return {
    ...{ bound, seeds },
    capacities: withProfile(profiles).map(({ variant, profile }) => {
      const fitted = fittedVariant(variant, profile, CLUSTER);
      const { fit } = fitted.pods;
      const most: Candidate = { ...fitted.candidate, scaling: fixed(fit) };
      const knee = kneePerSecond(most, wish, KNEE_PROBE);
      return { ...fitted, kneePerSecond: knee, podUseMillis: useMillisAt(profile, knee, fit) };
    }),
    loads: FRONTIER_LOADS.map((load) => loadFrontier(profiles, load, bound, seeds)),
  };
}
