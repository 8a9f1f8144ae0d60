/**
 * The autoscaler of an `InferenceService`: a HorizontalPodAutoscaler, or a ScaledObject by which KEDA makes one.
 */
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

import type { k8s } from './cdk8s-plus';
import { CONTAINER_NAME, HPA_BEHAVIOR } from './deployment-defaults';
import {
  type Autoscaled,
  HPA_DIRECTIONS,
  type HpaTolerancePercent,
  type InferenceServiceProps,
} from './inference-service-props';
import { metadataOf } from './object-metadata';
import { formatCpu } from '../quantity';
import { meanWaitQuery, podSeries, QUEUE_WAIT_METRIC } from './queue-wait';

type Metadata = k8s.ObjectMeta & { readonly name: string };

/** Thousandths as the API server stores a quantity of them: 50m, or 1 for a thousand. */
const thousandths = (count: number): string => formatCpu(Math.round(count));

/** Kubernetes' default behaviour, with the tolerances that are set. */
const behaviorOf = (tolerancePercent: HpaTolerancePercent = {}) =>
  Object.fromEntries(
    HPA_DIRECTIONS.map((direction) => {
      const percent = tolerancePercent[direction];
      const tolerance = percent === undefined ? {} : { tolerance: thousandths(10 * percent) };
      return [direction, { ...HPA_BEHAVIOR[direction], ...tolerance }];
    }),
  );

function metricsOf(
  targetCpuPercent: number,
  { hpaMeasures = 'pod', queueWaitTargetMs }: InferenceServiceProps,
) {
  const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCpuPercent } };
  const wait = (targetMs: number) => ({
    metric: { name: QUEUE_WAIT_METRIC },
    target: { type: 'AverageValue', averageValue: thousandths(targetMs) },
  });
  return [
    hpaMeasures === 'pod'
      ? { type: 'Resource', resource: cpu }
      : { type: 'ContainerResource', containerResource: { ...cpu, container: CONTAINER_NAME } },
    ...(queueWaitTargetMs === undefined ? [] : [{ type: 'Pods', pods: wait(queueWaitTargetMs) }]),
  ];
}

/**
 * KEDA's triggers: the same metrics. The values of their metadata are text.
 *
 * @see https://keda.sh/docs/latest/scalers/
 */
function triggersOf(
  { name, namespace }: Metadata,
  targetCpuPercent: number,
  { hpaMeasures, queueWaitTargetMs, prometheusUrl }: InferenceServiceProps,
) {
  const container = hpaMeasures === 'container' ? { containerName: CONTAINER_NAME } : {};
  const cpu = {
    type: 'cpu',
    metricType: 'Utilization',
    metadata: { value: String(targetCpuPercent), ...container },
  };
  if (queueWaitTargetMs === undefined) return [cpu];
  const wait = {
    type: 'prometheus',
    // The mean of all pods: AverageValue would divide it by their number.
    metricType: 'Value',
    metadata: {
      serverAddress: prometheusUrl,
      query: meanWaitQuery(podSeries(name, namespace)),
      threshold: String(queueWaitTargetMs / 1000),
    },
  };
  return [cpu, wait];
}

/**
 * Adds the autoscaler of a Deployment that has the same name.
 *
 * @see https://keda.sh/docs/latest/reference/scaledobject-spec/
 */
export function autoscale(
  scope: Construct,
  metadata: Metadata,
  { kind, minReplicas, maxReplicas, targetCpuPercent }: Autoscaled,
  props: InferenceServiceProps,
): void {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name };
  const behavior = behaviorOf(props.hpaTolerancePercent);
  const object =
    kind === 'hpa'
      ? {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          spec: {
            scaleTargetRef,
            minReplicas,
            maxReplicas,
            metrics: metricsOf(targetCpuPercent, props),
            behavior,
          },
        }
      : {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledObject',
          spec: {
            scaleTargetRef,
            minReplicaCount: minReplicas,
            maxReplicaCount: maxReplicas,
            advanced: { horizontalPodAutoscalerConfig: { behavior } },
            triggers: triggersOf(metadata, targetCpuPercent, props),
          },
        };
  // Not cdk8s-plus' own class, which leaves out fields that are newer than its release, such as the tolerance.
  new ApiObject(scope, 'autoscaler', { ...object, metadata: metadataOf(metadata) });
}
