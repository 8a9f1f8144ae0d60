/** What a recording in a cluster watches, and what was deployed there, as the API server holds it. */
import type { WatchedAutoscaler } from './api-objects';
import type { ReadApi } from './api-reader';
import { pathsOf, type SelectingObject, selectorLabelsOf, type Watched } from './kubernetes-source';
import { thisMachine } from './recorder';
import type { Subject } from './timeline-document';

/**
 * Finds a Deployment's pods, and its HPA if one of the same name exists.
 *
 * @throws Error if the Deployment cannot be read, or selects its pods by expressions
 */
export async function watchedOf(readApi: ReadApi, namespace: string, name: string): Promise<Watched> {
  const paths = pathsOf({ namespace, name, selector: {} });
  const deployment = JSON.parse(await readApi(paths.deployment)) as SelectingObject;
  const selector = selectorLabelsOf(deployment, name);
  const hasAutoscaler = await readApi(paths.autoscaler).then(
    () => true,
    (error: unknown) => {
      if ((error as Error).message.startsWith('status 404')) return false;
      throw error;
    },
  );
  return { namespace, name, selector, hasAutoscaler };
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly allocatable?: { readonly cpu?: string; readonly memory?: string } };
  }[];
}

/** What was deployed and where. */
export async function subjectOf(
  readApi: ReadApi,
  watched: Watched,
  source: Pick<Subject, 'manifestSha256' | 'commit'> = {},
): Promise<Subject> {
  const get = async (path: string): Promise<unknown> => JSON.parse(await readApi(path));
  const paths = pathsOf(watched);
  const { spec: deploymentSpec } = (await get(paths.deployment)) as { readonly spec: unknown };
  const autoscaler = watched.hasAutoscaler ? ((await get(paths.autoscaler)) as WatchedAutoscaler) : undefined;
  const { items } = (await get('/api/v1/nodes')) as NodeList;
  const { gitVersion } = (await get('/version')) as { readonly gitVersion: string };
  return {
    variant: watched.name,
    deploymentSpec,
    autoscalerSpec: autoscaler?.spec ?? null,
    ...source,
    machine: thisMachine(),
    kubernetesVersion: gitVersion,
    nodes: items.map(({ metadata, status }) => ({
      name: metadata.name,
      cpu: status?.allocatable?.cpu ?? '0',
      memory: status?.allocatable?.memory ?? '0',
    })),
  };
}
