/** The CPU requests of a pod that the HPA adds up. Pure. */
import { parseCpuMillis } from '../../infra/quantity';

export interface Requests {
  readonly resources?: { readonly requests?: Readonly<Record<string, string | undefined>> };
}

/** What a pod's spec says of its requests. */
export interface RequestingSpec extends Requests {
  readonly containers?: readonly Requests[];
  readonly initContainers?: readonly (Requests & { readonly restartPolicy?: string })[];
  /** What the RuntimeClass adds to a pod. */
  readonly overhead?: Readonly<Record<string, string | undefined>>;
}

/** Kubernetes takes no CPU request finer than a millicore. */
const millisOf = (cpu: string | undefined): number | null =>
  cpu === undefined ? null : Math.round(parseCpuMillis(cpu));

const requestMillis = ({ resources }: Requests): number | null => millisOf(resources?.requests?.cpu);

/** The most that the containers request at once: while all run, or while one of the init containers does. */
function containersMillis({ containers = [], initContainers = [] }: RequestingSpec): number | null {
  if ([...containers, ...initContainers].every((container) => requestMillis(container) === null)) return null;
  let besideMillis = 0;
  let startingMillis = 0;
  for (const container of initContainers) {
    const millis = requestMillis(container) ?? 0;
    startingMillis = Math.max(startingMillis, besideMillis + millis);
    if (container.restartPolicy === 'Always') besideMillis += millis;
  }
  const runningMillis = containers.reduce((sum, container) => sum + (requestMillis(container) ?? 0), 0);
  return Math.max(startingMillis, runningMillis + besideMillis);
}

/**
 * The request of a pod that requests something itself, if only memory.
 *
 * Source: `k8s.io/component-helpers/resource/helpers.go` PodRequests of Kubernetes 1.36.3.
 */
function podLevelMillis(spec: RequestingSpec): number | null {
  const ownMillis = requestMillis(spec) ?? containersMillis(spec);
  const overheadMillis = millisOf(spec.overhead?.cpu);
  return ownMillis === null && overheadMillis === null ? null : (ownMillis ?? 0) + (overheadMillis ?? 0);
}

/**
 * The CPU requests that the HPA adds up, null where one is not stated. Undefined if the spec has no containers.
 *
 * Source: `pkg/controller/podautoscaler/replica_calculator.go` calculateRequests of Kubernetes 1.36.3.
 */
export function cpuRequestsMillis(spec: RequestingSpec): readonly (number | null)[] | undefined {
  // The API server takes no request of a pod but those that make it count as a whole: CPU, memory and huge pages.
  if (Object.keys(spec.resources?.requests ?? {}).length > 0) return [podLevelMillis(spec)];
  const beside = spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  return spec.containers && [...spec.containers, ...beside].map(requestMillis);
}
