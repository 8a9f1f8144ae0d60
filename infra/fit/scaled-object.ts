/**
 * KEDA's ScaledObject as the HorizontalPodAutoscaler that KEDA makes of it. Pure functions.
 *
 * @see https://keda.sh/docs/latest/reference/scaledobject-spec/
 */
import type { AutoscalerObject } from './autoscaler-remarks';

/** A ScaledObject after `infra/fit/manifest-schema.ts` has checked it. */
export interface ScaledObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind?: string; readonly name: string };
    readonly minReplicaCount?: number;
    readonly maxReplicaCount?: number;
    readonly triggers: readonly {
      readonly type: string;
      readonly metricType?: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }[];
    readonly advanced?: {
      readonly horizontalPodAutoscalerConfig?: Pick<AutoscalerObject['spec'], 'behavior'>;
    };
  };
}

/** KEDA's defaults. */
const DEFAULT_TARGET_KIND = 'Deployment';
const DEFAULT_MIN_REPLICAS = 0;
const DEFAULT_MAX_REPLICAS = 100;

/** A trigger as the autoscaler's metric; one that is no share of what the pods request has no fields that count. */
function metricOf({
  type,
  metricType = 'Utilization',
  metadata = {},
}: ScaledObject['spec']['triggers'][number]) {
  const { value, containerName } = metadata;
  if (!['cpu', 'memory'].includes(type)) return { type: 'External' };
  if (metricType !== 'Utilization' || value === undefined) return { type: 'Resource' };
  const metric = { name: type, target: { type: metricType, averageUtilization: Number(value) } };
  return containerName === undefined
    ? { type: 'Resource', resource: metric }
    : { type: 'ContainerResource', containerResource: { ...metric, container: containerName } };
}

/** The autoscaler that KEDA makes. */
export function autoscalerOfScaledObject({ spec }: ScaledObject): AutoscalerObject {
  const { behavior } = spec.advanced?.horizontalPodAutoscalerConfig ?? {};
  return {
    spec: {
      scaleTargetRef: { kind: DEFAULT_TARGET_KIND, ...spec.scaleTargetRef },
      minReplicas: spec.minReplicaCount ?? DEFAULT_MIN_REPLICAS,
      maxReplicas: spec.maxReplicaCount ?? DEFAULT_MAX_REPLICAS,
      metrics: spec.triggers.map(metricOf),
      ...(behavior && { behavior }),
    },
  };
}
