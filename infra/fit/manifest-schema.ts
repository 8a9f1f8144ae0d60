/**
 * The fields of manifests that decide where pods go, and what they must be. Other fields are left alone: `kubectl apply
 * --dry-run=server` checks them.
 */
import { z } from 'zod';

import { parseMemoryBytes } from '../quantity';

const isQuantity = (text: string): boolean => {
  try {
    parseMemoryBytes(text);
    return true;
  } catch {
    return false;
  }
};

const quantity = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().refine(isQuantity, { error: 'a quantity such as 500m, 1.5 or 512Mi' }),
);
const quantities = z.record(z.string(), quantity);
const labels = z.record(z.string(), z.string());
const count = z.int().min(0);
const isPercent = (value: unknown) => typeof value === 'string' && /^\d{1,3}%$/.test(value);
const countOrPercent = z.custom<number | string>(
  (value) => (Number.isInteger(value) && (value as number) >= 0) || isPercent(value),
  { error: 'a whole number or a percentage such as 25%' },
);

const requirement = z.looseObject({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
  values: z.array(z.string()).optional(),
});
const labelSelector = z.looseObject({
  matchLabels: labels.optional(),
  matchExpressions: z.array(requirement).optional(),
});
const keys = z.array(z.string());

const resources = z.looseObject({ requests: quantities.optional(), limits: quantities.optional() });
const container = z.looseObject({
  name: z.string(),
  resources: resources.optional(),
  ports: z
    .array(z.looseObject({ containerPort: z.int().optional(), hostPort: z.int().optional() }))
    .optional(),
  restartPolicy: z.string().optional(),
});

const toleration = z.looseObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal', 'Lt', 'Gt']).optional(),
  value: z.string().optional(),
  effect: z.enum(['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
});

const nodeSelectorTerm = z.looseObject({
  matchExpressions: z.array(requirement).optional(),
  matchFields: z.array(requirement).optional(),
});
const weight = z.int().min(1).max(100);
const podAffinityTerm = z.looseObject({
  topologyKey: z.string(),
  labelSelector: labelSelector.optional(),
  namespaces: keys.optional(),
  namespaceSelector: labelSelector.optional(),
  matchLabelKeys: keys.optional(),
  mismatchLabelKeys: keys.optional(),
});
const podAffinity = z.looseObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(podAffinityTerm).optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.looseObject({ weight, podAffinityTerm }))
    .optional(),
});
const affinity = z.looseObject({
  nodeAffinity: z
    .looseObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .looseObject({ nodeSelectorTerms: z.array(nodeSelectorTerm) })
        .optional(),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.looseObject({ weight, preference: nodeSelectorTerm }))
        .optional(),
    })
    .optional(),
  podAffinity: podAffinity.optional(),
  podAntiAffinity: podAffinity.optional(),
});
const spreadConstraint = z.looseObject({
  maxSkew: z.int().min(1),
  topologyKey: z.string(),
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  labelSelector: labelSelector.optional(),
  matchLabelKeys: keys.optional(),
  minDomains: z.int().min(1).optional(),
});

const podSpec = z.looseObject({
  containers: z.array(container).min(1),
  initContainers: z.array(container).optional(),
  overhead: quantities.optional(),
  resources: resources.optional(),
  nodeSelector: labels.optional(),
  affinity: affinity.optional(),
  tolerations: z.array(toleration).optional(),
  topologySpreadConstraints: z.array(spreadConstraint).optional(),
  priorityClassName: z.string().optional(),
  hostNetwork: z.boolean().optional(),
});

const namespace = z.string().optional();
const metadata = z.looseObject({ name: z.string(), namespace });
const template = z.looseObject({ metadata: z.looseObject({ labels }), spec: podSpec });

const workload = (updates: z.ZodRawShape) =>
  z.looseObject({
    metadata,
    spec: z.looseObject({
      replicas: count.optional(),
      selector: labelSelector,
      template,
      ...updates,
    }),
  });
const rollingUpdate = z.looseObject({
  maxSurge: countOrPercent.optional(),
  maxUnavailable: countOrPercent.optional(),
});

const metric = z.looseObject({ type: z.string() });
const behavior = z.looseObject({
  scaleUp: z.looseObject({ tolerance: quantity.optional() }).optional(),
});

/** What each kind that decides about pods must look like. */
export const SCHEMAS = {
  Deployment: workload({
    strategy: z
      .looseObject({
        type: z.enum(['RollingUpdate', 'Recreate']).optional(),
        rollingUpdate: rollingUpdate.optional(),
      })
      .optional(),
  }),
  StatefulSet: workload({
    podManagementPolicy: z.enum(['OrderedReady', 'Parallel']).optional(),
    updateStrategy: z.looseObject({ type: z.enum(['RollingUpdate', 'OnDelete']).optional() }).optional(),
  }),
  ReplicaSet: workload({}),
  HorizontalPodAutoscaler: z.looseObject({
    metadata,
    spec: z.looseObject({
      scaleTargetRef: z.looseObject({ kind: z.string(), name: z.string() }),
      minReplicas: count.optional(),
      maxReplicas: z.int().min(1),
      metrics: z.array(metric).optional(),
      targetCPUUtilizationPercentage: z.int().optional(),
      behavior: behavior.optional(),
    }),
  }),
  ScaledObject: z.looseObject({
    metadata,
    spec: z
      .looseObject({
        scaleTargetRef: z.looseObject({ kind: z.string().optional(), name: z.string() }),
        minReplicaCount: count.optional(),
        maxReplicaCount: z.int().min(1).optional(),
        triggers: z.array(
          z.looseObject({
            type: z.string(),
            metricType: z.string().optional(),
            metadata: z.record(z.string(), z.string()).optional(),
          }),
        ),
        advanced: z
          .looseObject({
            horizontalPodAutoscalerConfig: z.looseObject({ behavior: behavior.optional() }).optional(),
          })
          .optional(),
      })
      .refine(({ minReplicaCount = 0, maxReplicaCount = 100 }) => maxReplicaCount >= minReplicaCount, {
        error: 'at least spec.minReplicaCount',
        path: ['maxReplicaCount'],
      }),
  }),
  PriorityClass: z.looseObject({
    metadata,
    value: z.int(),
    globalDefault: z.boolean().optional(),
    preemptionPolicy: z.string().optional(),
  }),
  ResourceQuota: z.looseObject({
    metadata,
    spec: z.looseObject({ hard: quantities.optional() }),
  }),
  LimitRange: z.looseObject({
    metadata,
    spec: z.looseObject({
      limits: z.array(
        z.looseObject({
          type: z.string(),
          ...Object.fromEntries(
            ['min', 'max', 'default', 'defaultRequest', 'maxLimitRequestRatio'].map((name) => [
              name,
              quantities.optional(),
            ]),
          ),
        }),
      ),
    }),
  }),
} as const;

/** A kind that decides about pods. */
export type CountedKind = keyof typeof SCHEMAS;
