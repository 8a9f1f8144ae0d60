/**
 * Reads what the oracle saw and decided (`test/autoscaler/oracle/`), lets `bench/autoscaler/` decide on the same, and names
 * the first difference. Pure functions.
 */
import { EMPTY_MEMORY } from '../../bench/autoscaler/memory';
import { type Pod, podCpuMillis, type PodMetric } from '../../bench/autoscaler/pods';
import { type Proposal, propose } from '../../bench/autoscaler/proposal';
import { type Decision, reconcile } from '../../bench/autoscaler/reconcile';
import {
  type AutoscalerSpec,
  type ControllerFlags,
  type Settings,
  settingsOf,
} from '../../bench/autoscaler/settings';
import { cpuRequestsMillis, type RequestingSpec } from '../../bench/timeline/pod-requests';

/** JSON has null where the types have undefined. */
export interface SeenPod extends Omit<Pod, 'cpuRequestsMillis'> {
  readonly cpuRequestsMillis: readonly (number | null)[];
  /** As the API server shows it, of a pod that requests something itself. */
  readonly spec?: RequestingSpec;
}

export interface SeenMetric extends Omit<PodMetric, 'cpuMillis'> {
  readonly containersNanos: readonly (number | null)[] | null;
}

/** One call of the real ReplicaCalculator. */
export interface PodSet {
  readonly flags: ControllerFlags;
  readonly settings: Settings;
  readonly nowMs: number;
  readonly currentReplicas: number;
  readonly pods: readonly SeenPod[];
  readonly metrics: readonly SeenMetric[];
  readonly proposal: Partial<Proposal>;
}

/** What the real controller wrote in one sync: the scale, and the reasons in the HPA's status. */
export interface Written {
  readonly replicas: number;
  readonly utilizationPercent?: number;
  readonly ableToScale?: string;
  readonly scalingActive?: string;
  readonly scalingLimited?: string;
}

export interface Sync {
  readonly nowMs: number;
  readonly restarted?: boolean;
  readonly spec?: AutoscalerSpec;
  readonly currentReplicas: number;
  readonly pods: readonly SeenPod[];
  readonly metrics: readonly SeenMetric[] | null;
  readonly decided: Written;
}

/** One HPA under the real HorizontalController. */
export interface Scenario {
  readonly seed: number;
  readonly load: string;
  readonly flags: ControllerFlags;
  readonly syncs: readonly Sync[];
}

/** The first difference, if any, and the rules that the decisions went through. */
export interface Comparison {
  readonly decisions: number;
  readonly difference?: { readonly where: string; readonly theirs: unknown; readonly ours: unknown };
  readonly rules: readonly string[];
}

const known = (values: readonly (number | null)[] | null) =>
  (values ?? []).map((value) => value ?? undefined);

const readPods = (pods: readonly SeenPod[]): Pod[] =>
  pods.map(({ spec, ...pod }) => ({
    ...pod,
    cpuRequestsMillis: known(spec ? (cpuRequestsMillis(spec) ?? null) : pod.cpuRequestsMillis),
  }));

const readMetrics = (metrics: readonly SeenMetric[]): PodMetric[] =>
  metrics.flatMap(({ containersNanos, ...metric }) => {
    const cpuMillis = podCpuMillis(known(containersNanos));
    return cpuMillis === undefined ? [] : [{ ...metric, cpuMillis }];
  });

const isSame = (a: object, b: object) => {
  const text = (value: object) => JSON.stringify(Object.entries(value).sort());
  return text(a) === text(b);
};

/** The proposal without its basis, which the controller does not write. */
const withoutBasis = (proposal: Proposal) =>
  proposal.error === undefined
    ? Object.fromEntries(Object.entries(proposal).filter(([name]) => name !== 'basis'))
    : proposal;

/** The calculator's error without what `bench/autoscaler/` does not know: the container's name, and who has no request. */
const withoutContainer = (error: string) =>
  error
    .replace(/in container \S+ of/, 'in a container of')
    .replace('missing pod-level request for cpu in Pod', 'missing request for cpu in a container of Pod');

/** Compares the replicas, the utilization, the average and the error of one pod set. */
export function comparePodSet(set: PodSet): Comparison {
  const metrics = set.metrics.length === 0 ? undefined : readMetrics(set.metrics);
  const ours = propose({ ...set, pods: readPods(set.pods), metrics }, set.settings, set.flags);
  const { error } = set.proposal;
  const theirs = error === undefined ? set.proposal : { error: withoutContainer(error) };
  const direction = Math.sign((ours.error === undefined ? ours.replicas : 0) - set.currentReplicas);
  const rules =
    ours.error === undefined
      ? [
          ...[['fewer', 'same', 'more'][direction + 1]!, ours.basis.rule],
          ...(set.pods.some(({ spec }) => spec) ? ['request-of-pod'] : []),
        ]
      : [ours.error.replace(/ of Pod .*/, '')];
  return {
    ...{ decisions: 1, rules },
    ...(!isSame(theirs, withoutBasis(ours)) && {
      difference: { where: `pod set ${JSON.stringify(set)}`, theirs, ours },
    }),
  };
}

/** What the controller writes for a decision; what it leaves as it was comes from `before`. */
function writtenFor(decision: Decision, currentReplicas: number, before: Written): Written {
  const { scalingActive, scalingLimited } = before;
  const kept = { ...(scalingActive && { scalingActive }), ...(scalingLimited && { scalingLimited }) };
  const { replicas } = decision;
  const ableToScale = replicas === currentReplicas ? 'SucceededGetScale' : 'SucceededRescale';
  switch (decision.rule) {
    case 'above-max':
    case 'below-min':
      return { ...kept, replicas, ableToScale };
    case 'disabled':
      return { ...kept, replicas, ableToScale, scalingActive: 'ScalingDisabled' };
    case 'no-metrics':
      return { ...kept, replicas, ableToScale, scalingActive: 'FailedGetResourceMetric' };
    case 'metrics':
      return {
        replicas,
        utilizationPercent: decision.proposal.utilizationPercent,
        ableToScale: replicas === currentReplicas ? decision.stabilization : ableToScale,
        scalingActive: 'ValidMetricFound',
        scalingLimited: decision.limit,
      };
  }
}

const rulesOf = (decision: Decision): string[] =>
  decision.rule === 'metrics' ? [decision.stabilization, decision.limit] : [decision.rule];

/** One sync: what the controller wrote, and what we would have written. */
export interface Decided {
  readonly currentReplicas: number;
  readonly theirs: Written;
  readonly ours: Written;
  readonly isSame: boolean;
  readonly rules: readonly string[];
}

/** Decides each sync of a scenario from what the controller saw in it. */
export function decideScenario({ seed, flags, syncs }: Scenario): Decided[] {
  let memory = EMPTY_MEMORY;
  let settings: Settings | undefined;
  let before: Written = { replicas: 0 };
  return syncs.map(({ nowMs, restarted, spec, currentReplicas, ...sync }) => {
    if (restarted) memory = EMPTY_MEMORY;
    if (spec) settings = settingsOf(spec, flags);
    if (!settings) throw new Error(`the first sync of seed ${seed} must have a spec`);
    const metrics = sync.metrics ? readMetrics(sync.metrics) : undefined;
    const seen = { nowMs, currentReplicas, pods: readPods(sync.pods), metrics };
    const { decision, memory: next } = reconcile(seen, memory, settings, flags);
    memory = next;
    const ours = writtenFor(decision, currentReplicas, before);
    const theirs = (before = sync.decided);
    return { currentReplicas, theirs, ours, isSame: isSame(theirs, ours), rules: rulesOf(decision) };
  });
}

/** Replays a scenario sync by sync, up to the first that differs. */
export function compareScenario(scenario: Scenario): Comparison {
  const decided = decideScenario(scenario);
  const different = decided.findIndex((each) => !each.isSame);
  const upTo = decided.slice(0, different < 0 ? decided.length : different + 1);
  const rules = upTo.flatMap((each) => each.rules);
  if (different < 0) return { decisions: decided.length, rules };
  const { seed, load } = scenario;
  const { theirs, ours } = decided[different]!;
  return {
    decisions: different + 1,
    rules,
    difference: { where: `seed ${seed} (${load}), sync ${different + 1}`, theirs, ours },
  };
}
