/** What a recording in a cluster watches, and what was deployed there, as the API server holds it. */
import { withRemedy } from './access';
import type { WatchedAutoscaler } from './api-objects';
import type { ReadApi } from './api-reader';
import { pathsOf, type SelectingObject, selectorLabelsOf, type Watched } from './kubernetes-source';
import { thisMachine } from './recorder';
import type { Subject } from './timeline-document';

/**
 * Finds a Deployment's pods, and its HPA if one of the same name exists.
 *
 * @throws Error with the remedy if the Deployment or its HPA cannot be read; Error if it selects its pods by expressions
 */
export async function watchedOf(readApi: ReadApi, namespace: string, name: string): Promise<Watched> {
  const paths = pathsOf({ namespace, name, selector: {} });
  const full = `${namespace}/${name}`;
  const text = await readApi(paths.deployment).catch((error: unknown) => {
    throw withRemedy(error, 'deployment', full, 'timeline');
  });
  const deployment = JSON.parse(text) as SelectingObject;
  const selector = selectorLabelsOf(deployment, name);
  const hasAutoscaler = await readApi(paths.autoscaler).then(
    () => true,
    (error: unknown) => {
      if ((error as Error).message.startsWith('status 404')) return false;
      throw withRemedy(error, 'autoscaler', full, 'timeline');
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

/** The cluster's nodes: a remark only, which a Role cannot grant. None where this user may not list them. */
async function nodesOf(readApi: ReadApi): Promise<Subject['nodes']> {
  const text = await readApi('/api/v1/nodes').catch((error: unknown) => {
    if ((error as Error).message.startsWith('status 403')) return '{"items":[]}';
    throw error;
  });
  return (JSON.parse(text) as NodeList).items.map(({ metadata, status }) => ({
    name: metadata.name,
    cpu: status?.allocatable?.cpu ?? '0',
    memory: status?.allocatable?.memory ?? '0',
  }));
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
  const { gitVersion } = (await get('/version')) as { readonly gitVersion: string };
  return {
    variant: watched.name,
    deploymentSpec,
    autoscalerSpec: autoscaler?.spec ?? null,
    ...source,
    machine: thisMachine(),
    kubernetesVersion: gitVersion,
    nodes: await nodesOf(readApi),
  };
}
