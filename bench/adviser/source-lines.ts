/**
 * Where the rules of an HPA's sync stand in Kubernetes' source. `npm run test:autoscaler` compares each line with the source
 * that it runs.
 */
import type { LimitReason, StabilizationReason } from '../autoscaler/behavior';
import type { ProposalRule } from '../autoscaler/proposal';
import type { Decision } from '../autoscaler/reconcile';

/** The version of Kubernetes whose lines these are. */
export const SOURCE_VERSION = '1.36.3';

/** A file of `pkg/controller/podautoscaler/`, a line of it, counted from 1, and words of that line. */
export type SourceLine = readonly [file: string, line: number, words: string];

/** Rules by which a decision or a proposal is named; they must have a line. */
type NamedRule =
  | ProposalRule
  | Exclude<Decision['rule'], 'metrics'>
  | Exclude<StabilizationReason, 'ReadyForNewScale'>
  | Exclude<LimitReason, 'DesiredWithinRange'>;

const CALCULATOR = 'replica_calculator.go';
const CONTROLLER = 'horizontal.go';

export const SOURCE_LINES = {
  disabled: [CONTROLLER, 863, 'currentReplicas == 0'],
  'above-max': [CONTROLLER, 874, 'currentReplicas > hpa.Spec.MaxReplicas'],
  'below-min': [CONTROLLER, 878, 'currentReplicas < minReplicas'],
  'no-metrics': [CONTROLLER, 890, 'metricDesiredReplicas == -1'],

  'counted-pods': [CALCULATOR, 426, 'range pods'],
  utilization: ['metrics/utilization.go', 49, '(metricsTotal * 100) / requestsTotal'],
  'missing-when-fewer': [CALCULATOR, 122, 'usageRatio < 1.0'],
  'missing-when-more': [CALCULATOR, 129, 'usageRatio > 1.0'],
  'unready-when-more': [CALCULATOR, 137, 'scaleUpWithUnready'],
  'within-tolerance': [CALCULATOR, 112, 'tolerances.isWithin(usageRatio)'],
  ratio: [CALCULATOR, 118, 'usageRatio * float64(readyPodCount)'],
  'adjusted-within-tolerance': [CALCULATOR, 150, 'tolerances.isWithin(newUsageRatio)'],
  turned: [CALCULATOR, 150, 'usageRatio < 1.0 && newUsageRatio > 1.0'],
  contradicts: [CALCULATOR, 157, 'newUsageRatio < 1.0 && newReplicas > currentReplicas'],
  'adjusted-ratio': [CALCULATOR, 156, 'newUsageRatio * float64(len(metrics))'],

  ScaleUpStabilized: [CONTROLLER, 1237, 'recommendation := args.CurrentReplicas'],
  ScaleDownStabilized: [CONTROLLER, 1237, 'recommendation := args.CurrentReplicas'],
  ScaleUpLimit: [CONTROLLER, 1269, 'args.DesiredReplicas > args.CurrentReplicas'],
  TooManyReplicas: [CONTROLLER, 1269, 'args.DesiredReplicas > args.CurrentReplicas'],
  ScaleDownLimit: [CONTROLLER, 1292, 'args.DesiredReplicas < args.CurrentReplicas'],
  TooFewReplicas: [CONTROLLER, 1292, 'args.DesiredReplicas < args.CurrentReplicas'],

  'stabilized-without-behavior': [CONTROLLER, 1032, 'stabilizeRecommendation('],
  'doubled-without-behavior': [CONTROLLER, 1334, 'hpaMaxReplicas > scaleUpLimit'],
  'max-without-behavior': [CONTROLLER, 1339, 'maximumAllowedReplicas = hpaMaxReplicas'],
  'min-without-behavior': [CONTROLLER, 1344, 'desiredReplicas < minimumAllowedReplicas'],
} as const satisfies Readonly<Record<NamedRule, SourceLine>> & Readonly<Record<string, SourceLine>>;

/** File and line of a rule: `horizontal.go:863`. */
export function sourceOf(rule: keyof typeof SOURCE_LINES): string {
  const [file, line] = SOURCE_LINES[rule];
  return `${file}:${line}`;
}
