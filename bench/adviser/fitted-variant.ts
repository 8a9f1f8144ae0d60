/** The reference's own variants as the twin's candidates, on nodes that may not have room for all their pods. Pure. */
import type { ClusterNode } from '../../infra/scheduler/cluster';
import { parseCpuMillis } from '../../infra/quantity';
import { maxReplicasOf } from '../../infra/construct/replicas';
import { place } from '../../infra/scheduler/scheduling';
import type { Scaling, Variant } from '../../infra/variants';
import type { Candidate } from './candidate';
import type { ModelProfile } from './model-profile';

/** A variant's pods, as many as the nodes have room for. */
export interface FittedVariant {
  readonly variant: Variant;
  /** With the replicas that fit; the others would stay Pending. */
  readonly candidate: Candidate;
  readonly pods: { readonly asked: number; readonly fit: number };
}

const withAtMost = (scaling: Scaling, pods: number): Scaling =>
  scaling.kind === 'fixed' ? { kind: 'fixed', replicas: pods } : { ...scaling, maxReplicas: pods };

/**
 * Fits a variant. Its CPU limit is at most what a node has for each of its pods when all that fit are there: limits may
 * exceed a node, cores do not.
 */
export function fittedVariant(
  variant: Variant,
  profile: ModelProfile,
  nodes: readonly ClusterNode[],
  scaling: Scaling = variant.scaling,
): FittedVariant {
  const { requests, limits } = variant.resources;
  const asked = maxReplicasOf(scaling);
  const { placed, pending } = place(asked, variant.resources, nodes);
  const shares = placed
    .filter(({ pods }) => pods > 0)
    .map(({ node, pods }) => Math.floor(node.cpuAllocatableMillis / pods));
  return {
    variant,
    candidate: {
      profile,
      cpuRequestMillis: parseCpuMillis(requests.cpu),
      cpuLimitMillis: Math.min(parseCpuMillis(limits.cpu), ...shares),
      scaling: withAtMost(scaling, asked - pending),
    },
    pods: { asked, fit: asked - pending },
  };
}
