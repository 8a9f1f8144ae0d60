/**
 * How every deployment is probed, spread and scaled. Pure data, in the fields' own Kubernetes shapes.
 */
import type { k8s } from 'cdk8s-plus-28';

/**
 * Timing of the probes. From an exported graph ResNet101V2 was ready in 0.7 s on two cores, and in 4.5 s where it had to
 * be exported first; the startup probe allows for 120 s, so that a throttled pod on a busy node is not killed while it
 * loads.
 */
export const PROBES = {
  startup: {
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 60,
    successThreshold: 1,
    initialDelaySeconds: 0,
  },
  readiness: {
    periodSeconds: 5,
    timeoutSeconds: 2,
    failureThreshold: 2,
    successThreshold: 1,
    initialDelaySeconds: 0,
  },
  liveness: {
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
    successThreshold: 1,
    initialDelaySeconds: 0,
  },
} as const;

/**
 * Pods go to different nodes where they can; where they cannot, they run all the same. The pods of each revision are
 * counted alone: with those that a rolling update replaces, both of two new ones can end up on one node.
 */
export const SPREAD = {
  maxSkew: 1,
  topologyKey: 'kubernetes.io/hostname',
  whenUnsatisfiable: 'ScheduleAnyway',
  matchLabelKeys: ['pod-template-hash'],
};

/** A lost node's pods are replaced after this; Kubernetes' default is 300 s. */
const EVICT_AFTER_SECONDS = 30;

export const TOLERATIONS: readonly k8s.Toleration[] = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: EVICT_AFTER_SECONDS,
}));

/** No pod is taken away before its successor is ready, which needs room for one pod more. */
export const ROLLING_UPDATE = { maxSurge: 1, maxUnavailable: 0 } as const;

/** The one writable folder. */
export const TEMPORARY_FILES = { name: 'temporary-files', mountPath: '/tmp', size: '64Mi' } as const;

/**
 * The autoscaler's behaviour: Kubernetes' defaults, stated so that no library's stand in for them.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior
 */
export const HPA_BEHAVIOR: k8s.HorizontalPodAutoscalerBehaviorV2 = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 15 },
      { type: 'Pods', value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
};
