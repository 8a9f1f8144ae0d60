/**
 * What keeps a HorizontalPodAutoscaler from doing what it says. Pure functions.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
import { DEFAULT_HPA_CPU_PERCENT } from '../construct/deployment-defaults';
import { reachableUtilization } from '../construct/hpa-utilization';
import type { PodSpec } from './our-pods';
import type { ObservedContainer } from './pod-resources';
import { parseCpuMillis } from '../quantity';

interface ResourceMetric {
  readonly name?: string;
  readonly container?: string;
  readonly target?: { readonly type?: string; readonly averageUtilization?: number };
}

/** An autoscaler after `infra/fit/manifest-schema.ts` has checked it, of `autoscaling/v1` or `v2`. */
export interface AutoscalerObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics?: readonly {
      readonly type: string;
      readonly resource?: ResourceMetric;
      readonly containerResource?: ResourceMetric;
    }[];
    readonly targetCPUUtilizationPercentage?: number;
    readonly behavior?: { readonly scaleUp?: { readonly tolerance?: string } };
  };
}

/** The utilization targets: of every container, or of one; the API server's own where the autoscaler measures nothing. */
function utilizations({ spec }: AutoscalerObject): readonly ResourceMetric[] {
  const { metrics = [] } = spec;
  const fallback = metrics.length === 0 ? DEFAULT_HPA_CPU_PERCENT : undefined;
  const { targetCPUUtilizationPercentage: percent = fallback } = spec;
  const first =
    percent === undefined
      ? []
      : [{ name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } }];
  return [
    ...first,
    ...metrics.flatMap(({ resource, containerResource }) => resource ?? containerResource ?? []),
  ].filter(({ target }) => target?.averageUtilization !== undefined);
}

/** How far above its target the use may be before the autoscaler adds a pod, percent of the target; undefined: Kubernetes' own. */
const tolerancePercentOf = ({ spec }: AutoscalerObject): number | undefined => {
  const tolerance = spec.behavior?.scaleUp?.tolerance;
  return tolerance === undefined ? undefined : parseCpuMillis(tolerance) / 10;
};

function neverScales(
  containers: readonly ObservedContainer[],
  targetPercent: number,
  tolerancePercent: number | undefined,
): string[] {
  const limits = containers.map(({ resources }) => resources?.limits?.['cpu']);
  if (limits.includes(undefined)) return [];
  const sum = (texts: readonly (string | undefined)[]) =>
    texts.reduce((total, text) => total + parseCpuMillis(text ?? '0'), 0);
  const requestMillis = sum(containers.map(({ resources }) => resources?.requests?.['cpu']));
  const { usablePercent, toleratedPercent, addsPods } = reachableUtilization(
    requestMillis,
    sum(limits),
    targetPercent,
    tolerancePercent,
  );
  return addsPods
    ? []
    : [
        `its HPA never adds a pod: the CPU limits allow ${usablePercent} % of the requests, and it waits for more than ` +
          `${toleratedPercent} %`,
      ];
}

/** One sentence each. @param replicas `spec.replicas` of the workload */
export function autoscalerRemarks(
  autoscaler: AutoscalerObject,
  { containers, initContainers = [] }: PodSpec,
  replicas: number | undefined,
): string[] {
  const running = [
    ...containers,
    ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ];
  return [
    ...(replicas === undefined
      ? []
      : [`each apply sets replicas back to ${replicas}: leave out spec.replicas, since an HPA decides it`]),
    ...utilizations(autoscaler).flatMap(({ name = 'cpu', container, target }) => {
      const measured = running.filter((each) => container === undefined || each.name === container);
      if (measured.length === 0)
        return [`its HPA measures the container ${container}, which the pod does not have`];
      const silent = measured.filter(({ resources }) => parseOr0(resources?.requests?.[name]) === 0);
      if (silent.length > 0) {
        const names = silent.map((each) => each.name).join(', ');
        return [
          `its HPA cannot compute the ${name} utilization (FailedGetResourceMetric), since a container requests no ${name}: ${names}`,
        ];
      }
      return name === 'cpu'
        ? neverScales(measured, target!.averageUtilization!, tolerancePercentOf(autoscaler))
        : [];
    }),
  ];
}

const parseOr0 = (text: string | undefined): number => (text === undefined ? 0 : parseCpuMillis(text));
