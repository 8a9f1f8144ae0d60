/** An HPA of any name in a cluster, and what it scales, as a recording watches them. */
import type { WatchedAutoscaler } from './api-objects';
import type { ReadApi } from './api-reader';
import { type AccessRead, withRemedy } from './access';
import { pathsOf, type SelectingObject, selectorLabelsOf, type Watched } from './kubernetes-source';
import { thisMachine } from './recorder';
import type { Subject } from './timeline-document';

/** Kinds that an HPA scales, as the API's paths name them. */
const RESOURCES: Readonly<Record<string, NonNullable<Watched['resource']>>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ReplicaSet: 'replicasets',
};

interface TargetReference {
  readonly scaleTargetRef: { readonly apiVersion?: string; readonly kind: string; readonly name: string };
}

function targetOf({ spec }: WatchedAutoscaler): Required<Pick<Watched, 'name' | 'resource'>> {
  const { apiVersion, kind, name } = (spec as TargetReference).scaleTargetRef;
  const resource = apiVersion === 'apps/v1' ? RESOURCES[kind] : undefined;
  if (resource === undefined) {
    throw new Error(
      `scaleTargetRef must be one of ${Object.keys(RESOURCES).join(', ')} of apps/v1, received ${kind} of ${apiVersion}`,
    );
  }
  return { name, resource };
}

/**
 * Reads an HPA, its target, the target's pods and their CPU samples once.
 *
 * @throws Error with the remedy if one cannot be read, or the target is none of {@link RESOURCES}
 */
export async function behindAutoscaler(
  readApi: ReadApi,
  namespace: string,
  autoscaler: string,
): Promise<{ readonly watched: Watched; readonly subject: Subject }> {
  const get = async (read: AccessRead, path: string, name: string): Promise<unknown> =>
    JSON.parse(
      await readApi(path).catch((error: unknown) => {
        throw withRemedy(error, read, `${namespace}/${name}`);
      }),
    );
  const unselected = { namespace, name: autoscaler, selector: {}, autoscaler };
  const hpa = (await get('autoscaler', pathsOf(unselected).autoscaler, autoscaler)) as WatchedAutoscaler;
  const target = targetOf(hpa);
  const found = { ...unselected, ...target };
  const workload = (await get('deployment', pathsOf(found).deployment, target.name)) as SelectingObject;
  const watched = { ...found, selector: selectorLabelsOf(workload, target.name), hasAutoscaler: true };
  const paths = pathsOf(watched);
  for (const read of ['pods', 'podMetrics', 'events'] as const) await get(read, paths[read], target.name);
  // The version is a remark only; some clusters do not tell it to every user.
  const version = await readApi('/version').then(
    (text) => (JSON.parse(text) as { readonly gitVersion: string }).gitVersion,
    () => undefined,
  );
  return {
    watched,
    subject: {
      variant: `${namespace}/${autoscaler}`,
      ...{ deploymentSpec: workload.spec, autoscalerSpec: hpa.spec, machine: thisMachine(), nodes: [] },
      ...(version !== undefined && { kubernetesVersion: version }),
    },
  };
}
