/**
 * One sync of an HPA in words: what the controller saw, which rules it applied and what came out, each with its line in
 * Kubernetes' source. Pure.
 *
 * Line numbers are those of `pkg/controller/podautoscaler/` in Kubernetes 1.36.3.
 */
import type { LimitReason, StabilizationReason } from '../autoscaler/behavior';
import type { Observation, ProposalBasis, ProposalRule } from '../autoscaler/proposal';
import type { Decision } from '../autoscaler/reconcile';
import type { Settings } from '../autoscaler/settings';
import { plural } from '../evidence/words';

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

const PROPOSALS: Readonly<
  Record<
    ProposalRule,
    { readonly source: string; readonly words: (basis: ProposalBasis, asked: number) => string }
  >
> = {
  'within-tolerance': {
    source: 'replica_calculator.go:112',
    words: ({ ratio }) => `${ratioText(ratio)} is within the tolerance, so nothing is asked for`,
  },
  ratio: {
    source: 'replica_calculator.go:118',
    words: ({ ratio, pods }, asked) =>
      `${ratioText(ratio)} x ${pods.ready} pods, rounded up, asks for ${asked}`,
  },
  'adjusted-within-tolerance': {
    source: 'replica_calculator.go:150',
    words: ({ adjusted }) =>
      `with the other pods the ratio is ${ratioText(adjusted!.ratio)}, within the tolerance, so nothing is asked for`,
  },
  turned: {
    source: 'replica_calculator.go:150',
    words: ({ adjusted }) =>
      `with the other pods the ratio is ${ratioText(adjusted!.ratio)}, on the other side of 1, so nothing is asked for`,
  },
  contradicts: {
    source: 'replica_calculator.go:157',
    words: ({ adjusted }) =>
      `with the other pods the ratio is ${ratioText(adjusted!.ratio)}, but the count would move the other way, so nothing is asked for`,
  },
  'adjusted-ratio': {
    source: 'replica_calculator.go:156',
    words: ({ adjusted }, asked) =>
      `with the other pods the ratio is ${ratioText(adjusted!.ratio)}; x ${adjusted!.pods} pods, rounded up, asks for ${asked}`,
  },
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
            source: up ? 'replica_calculator.go:129' : 'replica_calculator.go:122',
          },
        ]
      : [];
  const unready =
    up && pods.unready > 0
      ? [
          {
            words: `not ready counts as idle: ${plural(pods.unready, 'pod')}`,
            source: 'replica_calculator.go:137',
          },
        ]
      : [];
  return [...missing, ...unready];
}

const STABILIZED: Readonly<Record<StabilizationReason, string | undefined>> = {
  ReadyForNewScale: undefined,
  ScaleUpStabilized: 'a lower proposal in the scale-up window holds it back',
  ScaleDownStabilized: 'a higher proposal in the scale-down window holds the pods',
};

type Limits = Readonly<Record<LimitReason, Reason | undefined>>;

/** convertDesiredReplicasWithBehaviorRate. */
const LIMITED_WITH_BEHAVIOR: Limits = {
  DesiredWithinRange: undefined,
  ScaleUpLimit: { words: 'the scale-up policies allow no more now', source: 'horizontal.go:1269' },
  TooManyReplicas: { words: 'maxReplicas allows no more', source: 'horizontal.go:1269' },
  ScaleDownLimit: { words: 'the scale-down policies allow no fewer now', source: 'horizontal.go:1292' },
  TooFewReplicas: { words: 'minReplicas allows no fewer', source: 'horizontal.go:1292' },
};

/** convertDesiredReplicasWithRules: it has no policies, and limits no scaling down but by minReplicas. */
const LIMITED_WITHOUT_BEHAVIOR: Limits = {
  DesiredWithinRange: undefined,
  ScaleUpLimit: {
    words: 'one sync at most doubles the pods, or makes them 4 where that is more',
    source: 'horizontal.go:1334',
  },
  TooManyReplicas: { words: 'maxReplicas allows no more', source: 'horizontal.go:1338' },
  ScaleDownLimit: undefined,
  TooFewReplicas: { words: 'minReplicas allows no fewer', source: 'horizontal.go:1344' },
};

/** What the pods and their CPU use ask for, before windows, policies and bounds. */
export function explainProposal(
  { basis, utilizationPercent, replicas }: MetricsDecision['proposal'],
  { targetPercent, tolerance }: Settings,
): Reason[] {
  const rule = PROPOSALS[basis.rule];
  return [
    { words: podsText(basis.pods), source: 'replica_calculator.go:426' },
    {
      words:
        `${utilizationPercent} % of the request is ${ratioText(basis.ratio)} times the target of ${targetPercent} % ` +
        `(tolerance ${ratioText(1 - tolerance.down)} to ${ratioText(1 + tolerance.up)})`,
      source: 'metrics/utilization.go:49',
    },
    ...othersText(basis),
    { words: rule.words(basis, replicas), source: rule.source },
  ];
}

function explainMetrics({ proposal, stabilization, limit }: MetricsDecision, settings: Settings): Reason[] {
  const held = STABILIZED[stabilization];
  const limited = (settings.behavior ? LIMITED_WITH_BEHAVIOR : LIMITED_WITHOUT_BEHAVIOR)[limit];
  return [
    ...explainProposal(proposal, settings),
    ...(held === undefined
      ? []
      : [{ words: held, source: settings.behavior ? 'horizontal.go:1237' : 'horizontal.go:1032' }]),
    ...(limited === undefined ? [] : [limited]),
  ];
}

/** The derivation of a decision, first step first. */
export function explainSync(seen: Observation, decision: Decision, settings: Settings): Reason[] {
  const { currentReplicas } = seen;
  switch (decision.rule) {
    case 'disabled':
      return [{ words: 'the Deployment has no replicas, so the HPA is off', source: 'horizontal.go:863' }];
    case 'above-max':
      return [
        { words: `${currentReplicas} is above maxReplicas; no metric is read`, source: 'horizontal.go:874' },
      ];
    case 'below-min':
      return [
        { words: `${currentReplicas} is below minReplicas; no metric is read`, source: 'horizontal.go:878' },
      ];
    case 'no-metrics':
      return [{ words: `${decision.error}: nothing changes`, source: 'horizontal.go:890' }];
    case 'metrics':
      return explainMetrics(decision, settings);
  }
}
