/**
 * What the affinities of other pods say about ours: where they must not be, and where they are liked. Pure functions.
 */
import { type Labels, matches } from '../scheduler/label-selector';
import { type CountedRule, type OurPods, reachesOf, REVISION } from './our-pods';
import type { ObservedPod, PodAffinity, PodAffinityTerm } from './pod-resources';

/** Whether a term of another pod selects ours. */
function selects(term: PodAffinityTerm, pod: ObservedPod, { namespace, labels }: OurPods): boolean {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const own: Labels = pod.metadata.labels ?? {};
  return (
    reachesOf(term, pod.metadata.namespace)(namespace) &&
    matches(labelSelector, labels) &&
    // Ours are of another revision than any other pod.
    !matchLabelKeys.includes(REVISION) &&
    matchLabelKeys.every((key) => own[key] === undefined || own[key] === labels[key]) &&
    mismatchLabelKeys.every((key) => own[key] === undefined || own[key] !== labels[key])
  );
}

interface Term {
  readonly term: PodAffinityTerm;
  readonly weight: number;
}

const requiredOf = ({ requiredDuringSchedulingIgnoredDuringExecution: terms = [] }: PodAffinity = {}) =>
  terms;

const preferredOf = (affinity: PodAffinity = {}, sign: number): Term[] =>
  (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
    term: podAffinityTerm,
    weight: sign * weight,
  }));

/** The terms of a pod that the scheduler scores; a required one counts 1 (`hardPodAffinityWeight`). */
const scoredTermsOf = ({
  podAffinity,
  podAntiAffinity,
}: NonNullable<ObservedPod['spec']['affinity']>): Term[] => [
  ...requiredOf(podAffinity).map((term) => ({ term, weight: 1 })),
  ...preferredOf(podAffinity, 1),
  ...preferredOf(podAntiAffinity, -1),
];

/** A rule for each label whose values are the domains of such terms. */
export function othersRulesOf(ours: OurPods, pods: readonly ObservedPod[]): CountedRule[] {
  const keys = (terms: (pod: ObservedPod) => readonly PodAffinityTerm[]): string[] => [
    ...new Set(
      pods.flatMap((pod) =>
        terms(pod)
          .filter((term) => selects(term, pod, ours))
          .flatMap(({ topologyKey }) => topologyKey ?? []),
      ),
    ),
  ];
  const repelling = ({ spec }: ObservedPod) => requiredOf(spec.affinity?.podAntiAffinity);
  const scored = ({ spec }: ObservedPod) => scoredTermsOf(spec.affinity ?? {});
  const shared = { countsOurs: false, perRevision: false };
  return [
    ...keys(repelling).map((topologyKey): CountedRule => ({
      rule: { kind: 'repelled', topologyKey, ...shared },
      countsOther: (pod) =>
        repelling(pod).some((term) => term.topologyKey === topologyKey && selects(term, pod, ours)) ? 1 : 0,
    })),
    ...keys((pod) => scored(pod).map(({ term }) => term)).map((topologyKey): CountedRule => ({
      rule: { kind: 'prefer', topologyKey, ...shared, weightOfOurs: 0, weightOfOthers: 1 },
      countsOther: (pod) =>
        scored(pod)
          .filter(({ term }) => term.topologyKey === topologyKey && selects(term, pod, ours))
          .reduce((sum, { weight }) => sum + weight, 0),
    })),
  ];
}
