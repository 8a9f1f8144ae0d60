/** What a command reads of a cluster, the right that each read needs, and what to do where one fails. */

export type AccessRead = 'autoscaler' | 'deployment' | 'pods' | 'podMetrics' | 'events';

interface Access {
  readonly verb: 'get' | 'list';
  /** With its API group, as `kubectl auth can-i` takes it. */
  readonly resource: string;
  /** Status 404 in words, with the remedy. */
  readonly absent: (name: string) => string;
}

const listed = (resource: string): Access['absent'] => {
  return () => `the API server does not know ${resource}: check the kubeconfig`;
};

/** Each read of explaining an HPA, in the order in which they are tried. */
export const ACCESS: Readonly<Record<AccessRead, Access>> = {
  autoscaler: {
    verb: 'get',
    resource: 'horizontalpodautoscalers.autoscaling',
    absent: (name) => `there is no HPA ${name}: kubectl get hpa --all-namespaces lists them`,
  },
  deployment: {
    verb: 'get',
    resource: 'deployments.apps, statefulsets.apps, replicasets.apps',
    absent: (name) =>
      `the HPA's target does not exist (${name}), so it scales nothing: correct its spec.scaleTargetRef`,
  },
  pods: { verb: 'list', resource: 'pods', absent: listed('pods') },
  podMetrics: {
    verb: 'list',
    resource: 'pods.metrics.k8s.io',
    absent: () =>
      'the cluster has no metrics API, so the HPA knows no CPU use and changes nothing: install metrics-server',
  },
  events: { verb: 'list', resource: 'events', absent: listed('events') },
};

/** Each read of a recording by `tandem bench timeline`. The cluster's nodes are a remark, so no right to them is needed. */
export const TIMELINE_ACCESS: Readonly<Record<AccessRead | 'counters', Access>> = {
  ...ACCESS,
  deployment: {
    verb: 'get',
    resource: 'deployments.apps',
    absent: (name) => {
      const [namespace] = name.split('/');
      return `there is no Deployment ${name}: kubectl get deployments --namespace ${namespace} lists them`;
    },
  },
  counters: { verb: 'get', resource: 'pods/proxy', absent: listed('pods/proxy') },
};

/** The page with the Role that has a command's rights. */
const ROLES = {
  explain: { access: ACCESS, page: 'docs/twin.md' },
  timeline: { access: TIMELINE_ACCESS, page: 'docs/benchmarking.md' },
} as const;

/**
 * A failed read with its remedy.
 *
 * @param name namespace and name of what was read
 * @param command the command that reads. @default explain
 */
export function withRemedy(
  error: unknown,
  read: AccessRead,
  name: string,
  command: keyof typeof ROLES = 'explain',
): Error {
  const { message } = error as Error;
  const { access, page } = ROLES[command];
  const { verb, resource, absent } = access[read];
  const [, status] = /^status (\d+)/.exec(message) ?? [];
  const text =
    status === '404'
      ? absent(name)
      : status === '403'
        ? `this user may not ${verb} ${resource}: the Role in ${page} has the rights that ${command} needs`
        : status === '503' && read === 'podMetrics'
          ? 'the metrics API does not answer, so the HPA changes nothing: see that the pods of metrics-server are ready'
          : `cannot ${verb} ${resource}: ${message}`;
  return new Error(text, { cause: error });
}
