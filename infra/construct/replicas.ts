/**
 * How many replicas a variant may have. Pure functions.
 */
import type { Scaling } from './inference-service-props';

/** The fixed number of replicas, or the autoscaler's lower bound. */
export const minReplicasOf = (scaling: Scaling): number =>
  scaling.kind === 'fixed' ? scaling.replicas : scaling.minReplicas;

/** The fixed number of replicas, or the autoscaler's upper bound. */
export const maxReplicasOf = (scaling: Scaling): number =>
  scaling.kind === 'fixed' ? scaling.replicas : scaling.maxReplicas;
