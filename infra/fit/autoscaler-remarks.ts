/**
 * What keeps a HorizontalPodAutoscaler from doing what it says. Pure functions.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
import { DEFAULT_HPA_CPU_PERCENT } from '../construct/deployment-defaults';
import { reachableUtilization } from '../construct/hpa-utilization';
import type { PodSpec } from './our-pods';
import { amountOf, type ObservedContainer, type Quantities } from './pod-resources';
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

const sumMillis = (texts: readonly (string | undefined)[]): number =>
  texts.reduce((total, text) => total + parseCpuMillis(text ?? '0'), 0);

/** What a metric measures: some of a pod's containers, or the pod as a whole. */
interface Measured {
  readonly containers: readonly ObservedContainer[];
  /** Its requests, millicores; of another resource than CPU only whether there are any. */
  readonly requested: number;
  /** The pod's own limits, which bound its containers together. */
  readonly podLimits: Quantities;
}

/** The most CPU that what is measured can use, millicores; infinite without a limit. */
function usableMillis({ containers, podLimits }: Measured): number {
  const limits = containers.map(({ resources }) => resources?.limits?.['cpu']);
  const ofContainers = limits.includes(undefined) ? Infinity : sumMillis(limits);
  return podLimits['cpu'] === undefined
    ? ofContainers
    : Math.min(ofContainers, parseCpuMillis(podLimits['cpu']));
}

function neverScales(
  measured: Measured,
  targetPercent: number,
  tolerancePercent: number | undefined,
): string[] {
  const { usablePercent, toleratedPercent, addsPods } = reachableUtilization(
    measured.requested,
    usableMillis(measured),
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

/**
 * Whether the autoscaler takes the requests of the pod as a whole, which the API server fills in beside its limits. Kubernetes
 * before 1.34 adds those of the containers instead.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/controller/podautoscaler/replica_calculator.go (calculateRequests)
 */
const requestsAsWhole = ({ resources = {} }: PodSpec): boolean =>
  Object.keys({ ...resources.requests, ...resources.limits }).length > 0;

/** Why the autoscaler can compute no utilization; empty if it can. */
function uncomputable(name: string, { containers, requested }: Measured, asWhole: boolean): string {
  const words = `its HPA cannot compute the ${name} utilization (FailedGetResourceMetric), since`;
  if (asWhole) return requested > 0 ? '' : `${words} neither the pod nor a container requests ${name}`;
  const silent = containers.filter(({ resources }) => isNone(resources?.requests?.[name]));
  const names = silent.map((each) => each.name).join(', ');
  return silent.length > 0 ? `${words} a container requests no ${name}: ${names}` : '';
}

const isNone = (text: string | undefined): boolean => text === undefined || parseCpuMillis(text) === 0;

/** One sentence each. @param replicas `spec.replicas` of the workload */
export function autoscalerRemarks(
  autoscaler: AutoscalerObject,
  spec: PodSpec,
  replicas: number | undefined,
): string[] {
  const { containers, initContainers = [], resources } = spec;
  const running = [
    ...containers,
    ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ];
  const pod = { metadata: { namespace: '', name: '' }, spec };
  return [
    ...(replicas === undefined
      ? []
      : [`each apply sets replicas back to ${replicas}: leave out spec.replicas, since an HPA decides it`]),
    ...utilizations(autoscaler).flatMap(({ name = 'cpu', container, target }) => {
      const found = running.filter((each) => container === undefined || each.name === container);
      if (found.length === 0)
        return [`its HPA measures the container ${container}, which the pod does not have`];
      const asWhole = container === undefined && requestsAsWhole(spec);
      const measured: Measured = {
        containers: found,
        requested: asWhole
          ? amountOf(pod, 'requests', name).amount
          : sumMillis(found.map((each) => each.resources?.requests?.[name])),
        podLimits: resources?.limits ?? {},
      };
      const refusal = uncomputable(name, measured, asWhole);
      if (refusal !== '') return [refusal];
      return name === 'cpu'
        ? neverScales(measured, target!.averageUtilization!, tolerancePercentOf(autoscaler))
        : [];
    }),
  ];
}
