/**
 * Rules about which pods may share a node, a zone or another domain of nodes: topology spread and inter-pod affinity, as
 * kube-scheduler filters and scores by them. Pure functions.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
import type { ClusterNode, Domain } from './cluster';

interface Rule {
  /** Label of the nodes whose values are the domains. */
  readonly topologyKey: string;
  /** Whether the rule is about pods like ours. */
  readonly countsOurs: boolean;
  /** Whether of ours only those of the same revision count. */
  readonly perRevision: boolean;
}

export interface SpreadRule extends Rule {
  readonly kind: 'spread';
  readonly maxSkew: number;
  /** Whether a pod waits rather than break the rule. */
  readonly isHard: boolean;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** Whether it is one of those that the scheduler applies to pods that have none. */
  readonly isDefault: boolean;
}

/** Required inter-pod affinity (`join`) or anti-affinity: of our pods (`avoid`) or of others about ours (`repelled`). */
export interface RequiredRule extends Rule {
  readonly kind: 'join' | 'avoid' | 'repelled';
}

/** What each matching pod, or the weight of others, adds to a node's score; below 0 for anti-affinity. */
export interface PreferredRule extends Rule {
  readonly kind: 'prefer';
  readonly weightOfOurs: number;
  readonly weightOfOthers: number;
}

export type DomainRule = SpreadRule | RequiredRule | PreferredRule;

/** How many of our pods are on a node. */
export interface Holding {
  readonly node: ClusterNode;
  readonly pods: number;
  /** Of them, those of the revision that is placed now. */
  readonly ofRevision: number;
}

/** Why a rule keeps a pod from a node. */
export interface Violation {
  /** In the scheduler's words. */
  readonly reason: string;
  /** What the node has, and what the rule asks. */
  readonly words: string;
}

export const HOSTNAME = 'kubernetes.io/hostname';

export const REASONS = {
  label: "node(s) didn't match pod topology spread constraints (missing required label)",
  spread: "node(s) didn't match pod topology spread constraints",
  join: "node(s) didn't match pod affinity rules",
  avoid: "node(s) didn't match pod anti-affinity rules",
  repelled: "node(s) didn't satisfy existing pods anti-affinity rules",
} as const;

/** A node without domains is a domain of its own. */
const domainOf = ({ name, domains }: ClusterNode, rule: number): Domain =>
  domains === undefined ? { value: name, others: 0 } : domains[rule]!;

const oursOn = ({ pods, ofRevision }: Holding, { countsOurs, perRevision }: Rule): number =>
  countsOurs ? (perRevision ? ofRevision : pods) : 0;

/** Sums over the nodes of each domain. */
function sums(
  rule: number,
  holdings: readonly Holding[],
  amount: (holding: Holding, domain: Domain) => number,
): Map<string, number> {
  const byValue = new Map<string, number>();
  for (const holding of holdings) {
    const domain = domainOf(holding.node, rule);
    if (domain.value === undefined) continue;
    byValue.set(domain.value, (byValue.get(domain.value) ?? 0) + amount(holding, domain));
  }
  return byValue;
}

const isEligible = ({ node }: Holding, { honorsAffinity, honorsTaints }: SpreadRule): boolean =>
  !(honorsAffinity && node.unselected !== undefined) && !(honorsTaints && (node.tainted || node.cordoned));

/** A rule with its place in the nodes' domains. */
type Numbered<T> = readonly (readonly [rule: T, index: number])[];

const lacks = ({ node }: Holding, rules: Numbered<DomainRule>): boolean =>
  rules.some(([, index]) => domainOf(node, index).value === undefined);

/** Judges nodes for one more of our pods, given those that are placed. */
export interface Judge {
  readonly violationOn: (holding: Holding) => Violation | undefined;
  /** PodTopologySpread: from 0 to 100 for each node that has room. */
  readonly spreadScores: (feasible: readonly Holding[]) => number[];
  /** InterPodAffinity: from 0 to 100 for each node that has room. */
  readonly affinityScores: (feasible: readonly Holding[]) => number[];
}

export function judgeOf(rules: readonly DomainRule[], holdings: readonly Holding[]): Judge {
  const numbered: Numbered<DomainRule> = rules.map((rule, index) => [rule, index]);
  const spread = numbered.filter(([{ kind }]) => kind === 'spread') as Numbered<SpreadRule>;
  const checks = [
    ...hardSpreads(
      spread.filter(([{ isHard }]) => isHard),
      holdings,
    ),
    ...joins(numbered.filter(([{ kind }]) => kind === 'join') as Numbered<RequiredRule>, holdings),
    ...avoids('avoid', numbered, holdings),
    ...avoids('repelled', numbered, holdings),
  ];
  const soft = spread.filter(([{ isHard }]) => !isHard);
  const preferred = numbered.filter(([{ kind }]) => kind === 'prefer') as Numbered<PreferredRule>;
  return {
    violationOn: (holding) => {
      for (const check of checks) {
        const violation = check(holding);
        if (violation !== undefined) return violation;
      }
      return undefined;
    },
    spreadScores: (feasible) => spreadScores(soft, feasible, holdings),
    affinityScores: (feasible) => affinityScores(preferred, feasible, holdings),
  };
}

type Check = (holding: Holding) => Violation | undefined;

function hardSpreads(rules: Numbered<SpreadRule>, holdings: readonly Holding[]): Check[] {
  const labelled = holdings.filter((holding) => !lacks(holding, rules));
  return rules.map(([rule, index]) => {
    const { topologyKey, maxSkew, minDomains, countsOurs } = rule;
    const eligible = labelled.filter((holding) => isEligible(holding, rule));
    const counts = sums(index, eligible, (holding, { others }) => others + oursOn(holding, rule));
    const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
    return ({ node }) => {
      const { value } = domainOf(node, index);
      if (value === undefined)
        return { reason: REASONS.label, words: `topology spread: it lacks the label ${topologyKey}` };
      const held = counts.get(value) ?? 0;
      if (held + (countsOurs ? 1 : 0) - least <= maxSkew) return undefined;
      const words = `topology spread: ${held} such pods in ${topologyKey} ${value}, ${least} in the emptiest, maxSkew ${maxSkew}`;
      return { reason: REASONS.spread, words };
    };
  });
}

function joins(rules: Numbered<RequiredRule>, holdings: readonly Holding[]): Check[] {
  const counts = rules.map(([rule, index]) =>
    sums(index, holdings, (holding, { others }) => others + oursOn(holding, rule)),
  );
  // The first of several pods that want to be together has no other to join.
  const isFirst =
    rules.every(([{ countsOurs }]) => countsOurs) &&
    counts.every((byValue) => [...byValue.values()].every((count) => count === 0));
  return rules.map(([{ topologyKey }, index], i) => ({ node }) => {
    const { value } = domainOf(node, index);
    if (value !== undefined && (isFirst || (counts[i]!.get(value) ?? 0) > 0)) return undefined;
    const words = `affinity: no pod that ours must join in its ${topologyKey}`;
    return { reason: REASONS.join, words };
  });
}

function avoids(
  kind: 'avoid' | 'repelled',
  rules: Numbered<DomainRule>,
  holdings: readonly Holding[],
): Check[] {
  return rules.flatMap(([rule, index]) => {
    if (rule.kind !== kind) return [];
    const counts = sums(index, holdings, (holding, { others }) => others + oursOn(holding, rule));
    return ({ node }) => {
      const { value } = domainOf(node, index);
      if (value === undefined || (counts.get(value) ?? 0) === 0) return undefined;
      const who = kind === 'avoid' ? 'that ours must avoid' : 'that avoids ours';
      const words = `anti-affinity: a pod ${who} is in its ${rule.topologyKey}`;
      return { reason: REASONS[kind], words };
    };
  });
}

/** Largest value of a score; scores are whole numbers, rounded down. */
const MAX_SCORE = 100;

function spreadScores(
  rules: Numbered<SpreadRule>,
  feasible: readonly Holding[],
  holdings: readonly Holding[],
): number[] {
  // Every node scores the same without a rule.
  if (rules.length === 0) return feasible.map(() => 0);
  const isIgnored = (holding: Holding) => !rules[0]![0].isDefault && lacks(holding, rules);
  const scored = feasible.filter((holding) => !isIgnored(holding));
  const terms = rules.map(([rule, index]) => {
    const isHost = rule.topologyKey === HOSTNAME;
    const values = new Set(scored.map(({ node }) => domainOf(node, index).value));
    const weight = Math.log((isHost ? scored.length : values.size) + 2);
    const eligible = holdings.filter((holding) => !isIgnored(holding) && isEligible(holding, rule));
    const countOn = (holding: Holding, { others }: Domain) => others + oursOn(holding, rule);
    // The scheduler counts a node's pods, not those of nodes with the same name.
    const counts = isHost ? undefined : sums(index, eligible, countOn);
    return (holding: Holding) => {
      const domain = domainOf(holding.node, index);
      if (domain.value === undefined) return 0;
      const count = counts === undefined ? countOn(holding, domain) : (counts.get(domain.value) ?? 0);
      return count * weight + rule.maxSkew - 1;
    };
  });
  const scoreOf = (holding: Holding) => Math.round(terms.reduce((sum, term) => sum + term(holding), 0));
  const scores = scored.map(scoreOf);
  const [min, max] = [Math.min(...scores), Math.max(...scores)];
  return feasible.map((holding) => {
    if (isIgnored(holding)) return 0;
    return max === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (max + min - scoreOf(holding))) / max);
  });
}

function affinityScores(
  rules: Numbered<PreferredRule>,
  feasible: readonly Holding[],
  holdings: readonly Holding[],
): number[] {
  const counts = rules.map(([rule, index]) =>
    sums(
      index,
      holdings,
      (holding, { others }) => others * rule.weightOfOthers + oursOn(holding, rule) * rule.weightOfOurs,
    ),
  );
  const scores = feasible.map(({ node }) =>
    rules.reduce((sum, [, index], i) => sum + (counts[i]!.get(domainOf(node, index).value ?? '') ?? 0), 0),
  );
  const [min, max] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (max > min ? Math.trunc((MAX_SCORE * (score - min)) / (max - min)) : 0));
}
