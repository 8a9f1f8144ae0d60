/**
 * The two oracles: which Go test runs Kubernetes' own code, how its lines are compared, and the rules that its random
 * inputs must lead to.
 */
import { type Comparison, comparePodSet, compareScenario, type PodSet, type Scenario } from './compare';

export interface Oracle {
  readonly name: string;
  readonly goTest: string;
  readonly count: number;
  /** How many of them `npm test` replays without Go; it replays more where the first lack a rule. */
  readonly goldens: number;
  readonly compare: (line: string) => Comparison;
  /** A run that never takes one of these proves nothing about it. */
  readonly rules: readonly string[];
}

export const ORACLES: readonly Oracle[] = [
  {
    name: 'pod-sets',
    goTest: 'TestCalculator',
    count: 100_000,
    goldens: 1000,
    compare: (line) => comparePodSet(JSON.parse(line) as PodSet),
    rules: [
      'fewer',
      'same',
      'more',
      'within-tolerance',
      'ratio',
      'adjusted-within-tolerance',
      'turned',
      'contradicts',
      'adjusted-ratio',
      'request-of-pod',
      'unable to get metrics for resource cpu: no metrics returned from resource metrics API',
      'no pods returned by selector while calculating replica count',
      'did not receive metrics for targeted pods (pods might be unready)',
      'missing request for cpu in a container',
      'no metrics returned matched known pods',
    ],
  },
  {
    name: 'scenarios',
    goTest: 'TestController',
    count: 5000,
    goldens: 10,
    compare: (line) => compareScenario(JSON.parse(line) as Scenario),
    rules: [
      'disabled',
      'above-max',
      'below-min',
      'no-metrics',
      'ReadyForNewScale',
      'ScaleUpStabilized',
      'ScaleDownStabilized',
      'DesiredWithinRange',
      'ScaleUpLimit',
      'TooManyReplicas',
      'ScaleDownLimit',
      'TooFewReplicas',
    ],
  },
];
