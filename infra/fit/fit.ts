/**
 * How equal pods fit a cluster, as data. `infra/fit/fit-text.ts` has the words.
 */
import { type PodBound, UNBOUNDED } from './admission';
import { type Basis, resourcesOn } from '../allocation';
import type { ClusterNode } from '../scheduler/cluster';
import { ROLLING_UPDATE } from '../construct/deployment-defaults';
import type { Rollout } from './rollout';
import { type Demand, place, type Placement } from '../scheduler/scheduling';
import type { Resources, Scaling, Variant } from '../variants';

/** What a real cluster has beside its nodes. */
export interface Surroundings {
  /** How many pods with these requests and limits the namespace admits. @default any number */
  readonly bound?: (resources: Resources) => PodBound;
  /** What of the cluster is not counted. @default nothing */
  readonly notCounted?: readonly string[];
}

/** Where the pods go that the namespace admits, and how many it does not admit. */
export interface AdmittedPlacement extends Placement {
  /** Number of pods that the API server refuses to create. */
  readonly notCreated: number;
  /** Why, in the API server's words; empty when it creates all. */
  readonly refusal: string;
}

/** A placement of some number of a variant's replicas, with the name of that number. */
export interface LabelledPlacement extends AdmittedPlacement {
  readonly label: string;
  readonly replicas: number;
  /** Whether a tie between nodes changes how many pods each of them gets. */
  readonly isRandom: boolean;
}

/** What is placed: equal pods, in some numbers of replicas. */
export interface Asked {
  readonly counts: readonly (readonly [label: string, replicas: number])[];
  readonly demand: Demand;
  /** @default the variants': a rolling update that stops no pod before its surge pod is ready */
  readonly rollout?: (replicas: number) => Rollout;
  /** Whether each pod is created only when the one before is ready. @default false */
  readonly oneByOne?: boolean;
}

/** How pods fit a cluster. */
export interface PodsFit {
  readonly demand: Demand;
  /** For the fixed number of replicas, or for each of the autoscaler's bounds, the lower one first. */
  readonly placements: readonly LabelledPlacement[];
  /** For each placement: with the surge pod of a rolling update, if it needs one. */
  readonly updates: readonly AdmittedPlacement[];
  /** For each placement: how an update replaces the pods. */
  readonly rollouts: readonly Rollout[];
  /** The answer in a few words. */
  readonly verdict: string;
  readonly notCounted: readonly string[];
}

/** How a variant fits a cluster. */
export interface Fit extends PodsFit {
  readonly variant: Variant;
  readonly basis: Basis;
}

const runsAll = ({ pending, notCreated }: AdmittedPlacement) => pending === 0 && notCreated === 0;

/** Whether every pod runs, at each replica count. */
export const fitsAll = ({ placements }: Pick<PodsFit, 'placements'>): boolean => placements.every(runsAll);

/** Places the pods that are admitted. */
function placeAdmitted(
  replicas: number,
  { demand, oneByOne = false }: Pick<Asked, 'demand' | 'oneByOne'>,
  nodes: readonly ClusterNode[],
  { pods, reason }: PodBound,
  surge = 0,
): AdmittedPlacement {
  const notCreated = Math.max(0, replicas + surge - pods);
  const refusal = notCreated === 0 ? '' : reason;
  const created = replicas + surge - notCreated;
  const placement = place(Math.min(replicas, created), demand, nodes, {
    surge: Math.max(0, created - replicas),
  });
  const { pending } = placement;
  if (!oneByOne || pending < 2) return { ...placement, notCreated, refusal };
  // The first pod that waits keeps all after it from being created.
  return {
    ...placement,
    pending: 1,
    notCreated: notCreated + pending - 1,
    refusal: refusal === '' ? 'each pod waits for the one before it' : refusal,
  };
}

const DEFAULT_ROLLOUT: Rollout = { surge: ROLLING_UPDATE.maxSurge, words: '' };

/** The replica counts of a scaling. */
const countsOf = (scaling: Scaling): Asked['counts'] =>
  scaling.kind === 'fixed'
    ? [['replicas', scaling.replicas]]
    : [
        ['at minReplicas', scaling.minReplicas],
        ['at maxReplicas', scaling.maxReplicas],
      ];

/** Places each number of replicas. */
function placementsOf(
  asked: Asked,
  nodes: readonly ClusterNode[],
  bound: PodBound = UNBOUNDED,
): LabelledPlacement[] {
  return asked.counts.map(([label, replicas]) => {
    const placement = placeAdmitted(replicas, asked, nodes, bound);
    const created = replicas - placement.notCreated;
    const other = place(created, asked.demand, nodes, { tie: 'last' }).placed;
    const isRandom = placement.placed.some(({ pods }, i) => pods !== other[i]!.pods);
    return { label, replicas, ...placement, isRandom };
  });
}

/** The answer in a few words. */
export function verdictOf(
  placements: readonly LabelledPlacement[],
  updates: readonly AdmittedPlacement[],
): string {
  const short = placements.filter((placement) => !runsAll(placement));
  if (short.length === 0) {
    const how = placements.some(({ preempted }) => preempted.length > 0)
      ? 'fits by preempting pods of lower priority'
      : 'fits';
    return updates.every(runsAll) ? how : `${how}, but a rolling update would hang`;
  }
  return short
    .map(({ label, replicas, pending, notCreated }) => {
      const where = label === 'replicas' ? '' : `${label}, `;
      const what = [
        ...(notCreated > 0
          ? [`${notCreated} of ${replicas} pods ${notCreated === 1 ? 'is' : 'are'} not created`]
          : []),
        ...(pending > 0 ? [`${pending} of ${replicas} pods stay Pending`] : []),
      ];
      return `${where}${what.join(' and ')}`;
    })
    .join('; ');
}

/** Places equal pods. */
export function fitPods(
  asked: Asked,
  nodes: readonly ClusterNode[],
  { bound, notCounted = [] }: Surroundings = {},
): PodsFit {
  const { demand, rollout = () => DEFAULT_ROLLOUT } = asked;
  const admitted = bound?.(demand) ?? UNBOUNDED;
  const placements = placementsOf(asked, nodes, admitted);
  const rollouts = placements.map(({ replicas }) => rollout(replicas));
  const updates = placements.map((placement, i) => {
    const { surge } = rollouts[i]!;
    return surge === 0 ? placement : placeAdmitted(placement.replicas, asked, nodes, admitted, surge);
  });
  return { demand, placements, updates, rollouts, verdict: verdictOf(placements, updates), notCounted };
}

/** Places a variant, alone on the cluster. */
export function fitOf(
  variant: Variant,
  basis: Basis,
  nodes: readonly ClusterNode[],
  surroundings: Surroundings = {},
): Fit {
  const asked = { counts: countsOf(variant.scaling), demand: resourcesOn(basis, variant) };
  return { variant, basis, ...fitPods(asked, nodes, surroundings) };
}
