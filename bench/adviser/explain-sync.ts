/**
 * One sync of an HPA in words: what the controller saw, which rules it applied and what came out, each with its line in
 * Kubernetes' source. Pure.
 */
import type { LimitReason, StabilizationReason } from '../autoscaler/behavior';
import type { Observation, ProposalBasis, ProposalRule } from '../autoscaler/proposal';
import type { Decision } from '../autoscaler/reconcile';
import type { Settings } from '../autoscaler/settings';
import { plural } from '../evidence/words';
import { sourceOf } from './source-lines';

/** A step of a derivation. */
export interface Reason {
  readonly words: string;
  /** File and lines of the rule. */
  readonly source: string;
}

type MetricsDecision = Extract<Decision, { rule: 'metrics' }>;
type PodCounts = ProposalBasis['pods'];

/** `1.16`: the ratio as it decides; a ratio that would round to a bound keeps its digits. */
const ratioText = (ratio: number) => String(Number(ratio.toFixed(3)));

const CLASSES: readonly [keyof PodCounts, string][] = [
  ['ready', 'counted'],
  ['unready', 'not ready yet or measured too early'],
  ['missing', 'without a metric'],
  ['ignored', 'that end or failed'],
];

const podsText = (pods: PodCounts) =>
  CLASSES.filter(([kind]) => pods[kind] > 0)
    .map(([kind, words]) => `${plural(pods[kind], 'pod')} ${words}`)
    .join(', ');

const PROPOSALS: Readonly<Record<ProposalRule, (basis: ProposalBasis, asked: number) => string>> = {
  'within-tolerance': ({ ratio }) => `${ratioText(ratio)} is within the tolerance, so nothing is asked for`,
  ratio: ({ ratio, pods }, asked) =>
    `${ratioText(ratio)} x ${pods.ready} pods, rounded up, asks for ${asked}`,
  'adjusted-within-tolerance': ({ adjusted }) =>
    `with the other pods the ratio is ${ratioText(adjusted!.ratio)}, within the tolerance, so nothing is asked for`,
  turned: ({ adjusted }) =>
    `with the other pods the ratio is ${ratioText(adjusted!.ratio)}, on the other side of 1, so nothing is asked for`,
  contradicts: ({ adjusted }) =>
    `with the other pods the ratio is ${ratioText(adjusted!.ratio)}, but the count would move the other way, so nothing is asked for`,
  'adjusted-ratio': ({ adjusted }, asked) =>
    `with the other pods the ratio is ${ratioText(adjusted!.ratio)}; x ${adjusted!.pods} pods, rounded up, asks for ${asked}`,
};

/** How pods count that are not measured, where the ratio asks for a change. */
function othersText({ ratio, pods }: ProposalBasis): Reason[] {
  if (ratio === 1) return [];
  const up = ratio > 1;
  const missing =
    pods.missing > 0
      ? [
          {
            words: `without a metric counts as ${up ? 'idle' : 'fully used'}: ${plural(pods.missing, 'pod')}`,
            source: sourceOf(up ? 'missing-when-more' : 'missing-when-fewer'),
          },
        ]
      : [];
  const unready =
    up && pods.unready > 0
      ? [
          {
            words: `not ready counts as idle: ${plural(pods.unready, 'pod')}`,
            source: sourceOf('unready-when-more'),
          },
        ]
      : [];
  return [...missing, ...unready];
}

const STABILIZED: Readonly<Record<Exclude<StabilizationReason, 'ReadyForNewScale'>, string>> = {
  ScaleUpStabilized: 'a lower proposal in the scale-up window holds it back',
  ScaleDownStabilized: 'a higher proposal in the scale-down window holds the pods',
};

type Limits = Readonly<Record<LimitReason, Reason | undefined>>;

/** convertDesiredReplicasWithBehaviorRate. */
const LIMITED_WITH_BEHAVIOR: Limits = {
  DesiredWithinRange: undefined,
  ScaleUpLimit: { words: 'the scale-up policies allow no more now', source: sourceOf('ScaleUpLimit') },
  TooManyReplicas: { words: 'maxReplicas allows no more', source: sourceOf('TooManyReplicas') },
  ScaleDownLimit: { words: 'the scale-down policies allow no fewer now', source: sourceOf('ScaleDownLimit') },
  TooFewReplicas: { words: 'minReplicas allows no fewer', source: sourceOf('TooFewReplicas') },
};

/** convertDesiredReplicasWithRules: it has no policies, and limits no scaling down but by minReplicas. */
const LIMITED_WITHOUT_BEHAVIOR: Limits = {
  DesiredWithinRange: undefined,
  ScaleUpLimit: {
    words: 'one sync at most doubles the pods, or makes them 4 where that is more',
    source: sourceOf('doubled-without-behavior'),
  },
  TooManyReplicas: { words: 'maxReplicas allows no more', source: sourceOf('max-without-behavior') },
  ScaleDownLimit: undefined,
  TooFewReplicas: { words: 'minReplicas allows no fewer', source: sourceOf('min-without-behavior') },
};

/** What the pods and their CPU use ask for, before windows, policies and bounds. */
export function explainProposal(
  { basis, utilizationPercent, replicas }: MetricsDecision['proposal'],
  { targetPercent, tolerance }: Settings,
): Reason[] {
  return [
    { words: podsText(basis.pods), source: sourceOf('counted-pods') },
    {
      words:
        `${utilizationPercent} % of the request is ${ratioText(basis.ratio)} times the target of ${targetPercent} % ` +
        `(tolerance ${ratioText(1 - tolerance.down)} to ${ratioText(1 + tolerance.up)})`,
      source: sourceOf('utilization'),
    },
    ...othersText(basis),
    { words: PROPOSALS[basis.rule](basis, replicas), source: sourceOf(basis.rule) },
  ];
}

function heldText(stabilization: StabilizationReason, { behavior }: Settings): Reason[] {
  if (stabilization === 'ReadyForNewScale') return [];
  const source = sourceOf(behavior ? stabilization : 'stabilized-without-behavior');
  return [{ words: STABILIZED[stabilization], source }];
}

function explainMetrics({ proposal, stabilization, limit }: MetricsDecision, settings: Settings): Reason[] {
  const limited = (settings.behavior ? LIMITED_WITH_BEHAVIOR : LIMITED_WITHOUT_BEHAVIOR)[limit];
  return [
    ...explainProposal(proposal, settings),
    ...heldText(stabilization, settings),
    ...(limited === undefined ? [] : [limited]),
  ];
}

/** The derivation of a decision, first step first. */
export function explainSync(seen: Observation, decision: Decision, settings: Settings): Reason[] {
  const { currentReplicas } = seen;
  switch (decision.rule) {
    case 'disabled':
      return [
        { words: 'the Deployment has no replicas, so the HPA is off', source: sourceOf(decision.rule) },
      ];
    case 'above-max':
      return [
        {
          words: `${currentReplicas} is above maxReplicas; no metric is read`,
          source: sourceOf(decision.rule),
        },
      ];
    case 'below-min':
      return [
        {
          words: `${currentReplicas} is below minReplicas; no metric is read`,
          source: sourceOf(decision.rule),
        },
      ];
    case 'no-metrics':
      return [{ words: `${decision.error}: nothing changes`, source: sourceOf(decision.rule) }];
    case 'metrics':
      return explainMetrics(decision, settings);
  }
}
