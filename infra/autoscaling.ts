/**
 * The autoscaler of an `InferenceService`: a HorizontalPodAutoscaler.
 */
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

import type { k8s } from './cdk8s-plus';
import { HPA_BEHAVIOR } from './deployment-defaults';
import {
  HPA_DIRECTIONS,
  type HpaTolerancePercent,
  type InferenceServiceProps,
  type Scaling,
} from './inference-service-props';
import { metadataOf } from './object-metadata';
import { CONTAINER_NAME } from './pod-spec';
import { formatCpu } from './quantity';

/** Percent as the API server stores it: a quantity of thousandths, such as 50m for 5 %. */
const shareOf = (percent: number): string => formatCpu(Math.round(10 * percent));

/** Kubernetes' default behaviour, with the tolerances that are set. */
const behaviorOf = (tolerancePercent: HpaTolerancePercent) =>
  Object.fromEntries(
    HPA_DIRECTIONS.map((direction) => {
      const percent = tolerancePercent[direction];
      const tolerance = percent === undefined ? {} : { tolerance: shareOf(percent) };
      return [direction, { ...HPA_BEHAVIOR[direction], ...tolerance }];
    }),
  );

/** Adds the autoscaler of a Deployment that has the same name. */
export function autoscale(
  scope: Construct,
  metadata: k8s.ObjectMeta & { readonly name: string },
  { minReplicas, maxReplicas, targetCpuPercent }: Scaling & { kind: 'hpa' },
  { hpaMeasures = 'pod', hpaTolerancePercent = {} }: InferenceServiceProps,
): void {
  const metric = {
    name: 'cpu',
    target: { type: 'Utilization', averageUtilization: targetCpuPercent },
  };
  const spec: k8s.HorizontalPodAutoscalerSpecV2 = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name },
    minReplicas,
    maxReplicas,
    metrics: [
      hpaMeasures === 'pod'
        ? { type: 'Resource', resource: metric }
        : { type: 'ContainerResource', containerResource: { ...metric, container: CONTAINER_NAME } },
    ],
    behavior: behaviorOf(hpaTolerancePercent),
  };
  // Not cdk8s-plus' own class, which leaves out fields that are newer than its release, such as the tolerance.
  new ApiObject(scope, 'autoscaler', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(metadata),
    spec,
  });
}
