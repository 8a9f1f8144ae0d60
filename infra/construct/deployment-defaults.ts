/**
 * Probes, spreading, rollout and autoscaling of every deployment. Pure data in Kubernetes' own shapes.
 */
import { RUN_AS_USER_ID } from '../../service/contract';
import type { k8s } from './cdk8s-plus';
import type { Architecture } from './inference-service-props';

/** Name of the container that serves. */
export const CONTAINER_NAME = 'inference';

/**
 * Timing of the probes. On two cores ResNet101V2 was ready in 0.7 s from an exported graph, and in 4.5 s when the graph had
 * to be exported first. The startup probe allows 120 s, so that a throttled pod on a busy node is not killed while it
 * loads. `initialDelaySeconds` stays out: the API server does not store a 0, so every apply would send it again.
 */
export const PROBES = {
  startup: {
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 60,
    successThreshold: 1,
  },
  readiness: {
    periodSeconds: 5,
    timeoutSeconds: 2,
    failureThreshold: 2,
    successThreshold: 1,
  },
  liveness: {
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
    successThreshold: 1,
  },
} as const;

/**
 * Prefers different nodes, but lets pods run on the same node if they must. Counts the pods of each revision separately:
 * if the old ones counted too, a rolling update could put both new pods on one node.
 */
export const SPREAD = {
  maxSkew: 1,
  topologyKey: 'kubernetes.io/hostname',
  whenUnsatisfiable: 'ScheduleAnyway',
  matchLabelKeys: ['pod-template-hash'],
};

/** Pods of a lost node are replaced after this time; Kubernetes' default is 300 s. */
const EVICT_AFTER_SECONDS = 30;

export const TOLERATIONS: readonly k8s.Toleration[] = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: EVICT_AFTER_SECONDS,
}));

/** Labels that a node must have: the container image is one of Linux. */
export const NODE_SELECTOR = { 'kubernetes.io/os': 'linux' } as const;

/** Architectures for which the container image can be built: onnxruntime has its Linux library for these. */
export const IMAGE_ARCHITECTURES: readonly Architecture[] = ['amd64', 'arm64'];

/** Remove no pod before its successor is ready. The rollout needs room for one surge pod. */
export const ROLLING_UPDATE = { maxSurge: 1, maxUnavailable: 0 } as const;

/** The only writable folder. */
export const TEMPORARY_FILES = { name: 'temporary-files', mountPath: '/tmp', size: '64Mi' } as const;

/**
 * Behaviour of the autoscaler: Kubernetes' defaults, stated because cdk8s-plus has other defaults.
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

/**
 * How far above its target the use may be before an autoscaler without a tolerance of its own adds a pod, percent of the
 * target.
 *
 * @see https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/,
 *   --horizontal-pod-autoscaler-tolerance
 */
export const DEFAULT_HPA_TOLERANCE_PERCENT = 10;

/**
 * Target of an HPA that states no metric: CPU utilization, percent of the request.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/autoscaling/types.go (DefaultCPUUtilization)
 */
export const DEFAULT_HPA_CPU_PERCENT = 80;

/** What the _restricted_ Pod Security Standard asks of a container, and a read-only root file system. */
export const CONTAINER_SECURITY_CONTEXT: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
};

/** What the _restricted_ Pod Security Standard asks of a pod; the cluster assigns user and group ids. */
export const POD_SECURITY_OF_CLUSTER: k8s.PodSecurityContext = {
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The same with the user and group of the image. */
export const POD_SECURITY_CONTEXT: k8s.PodSecurityContext = {
  ...POD_SECURITY_OF_CLUSTER,
  runAsUser: RUN_AS_USER_ID,
  runAsGroup: RUN_AS_USER_ID,
  fsGroup: RUN_AS_USER_ID,
};

/** The period of a container's CPU quota, milliseconds: `cpuCFSQuotaPeriod` of the kubelet, left at its default. */
export const CPU_QUOTA_PERIOD_MS = 100;
