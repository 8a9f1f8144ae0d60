/** Nodes that KWOK simulates, and the pods on them. */
import { stringify } from 'yaml';

import { type ClusterNode, SYSTEM_PODS } from '../../infra/scheduler/cluster';
import { SIMULATED_NODE_LABEL } from './control-plane';
import { getJson, type LabCluster, must } from './lab-cluster';
import { until } from './poll';

/** Namespace of the system's pods; it sorts after ours, so that kubectl adds our memory first. */
const SYSTEM_NAMESPACE = 'zz-system';
/** Namespace of the variants. */
export const NAMESPACE = 'tandem';

const AVOIDED = 'tandem.test/avoided';
const CONTROL_PLANE_TAINT = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' } as const;

const yaml = (documents: readonly object[]) =>
  documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n');

/**
 * Replaces all nodes. One pod on each new node requests what the system's pods request together.
 *
 * @param labelsOf more labels of a node. @default none
 */
export async function setNodes(
  cluster: LabCluster,
  nodes: readonly ClusterNode[],
  labelsOf: (name: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<void> {
  await removeNodes(cluster);
  const objects = nodes.map((node) => {
    const capacity = {
      cpu: `${node.cpuAllocatableMillis}m`,
      memory: `${node.memoryAllocatableBytes / 1024}Ki`,
      pods: String(node.podsFree + 1),
    };
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: node.name,
        labels: {
          [SIMULATED_NODE_LABEL.key]: SIMULATED_NODE_LABEL.value,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'kubernetes.io/hostname': node.name,
          ...labelsOf(node.name),
        },
      },
      spec: {
        ...(node.cordoned ? { unschedulable: true } : {}),
        taints: [
          ...(node.tainted ? [CONTROL_PLANE_TAINT] : []),
          ...Array.from({ length: node.taintsPreferNoSchedule }, (_, i) => ({
            key: `${AVOIDED}-${i}`,
            effect: 'PreferNoSchedule',
          })),
        ],
      },
      status: {
        addresses: [
          { type: 'InternalIP', address: '127.0.0.1' },
          { type: 'Hostname', address: node.name },
        ],
        allocatable: capacity,
        capacity,
      },
    };
  });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SYSTEM_NAMESPACE } };
  await must(cluster, ['apply', '-f', '-'], yaml([namespace, ...objects]));
  await until('every node is ready and free of other taints', async () => {
    const { items } = await getJson(cluster, '/api/v1/nodes');
    const ready = (items as any[]).every(
      ({ spec, status }) =>
        !(spec.taints ?? []).some(({ key }: { key: string }) => key === 'node.kubernetes.io/not-ready') &&
        status.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True'),
    );
    return ready && items.length === nodes.length ? true : undefined;
  });
  await until('the default ServiceAccount of the system namespace', async () =>
    (await getJson(cluster, `/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts/default`)).kind ===
    'ServiceAccount'
      ? true
      : undefined,
  );
  await addSystemPods(cluster, nodes);
}

/** Adds one pod per node, bound to it, with the requests and limits of all the system's pods together. */
export async function addSystemPods(cluster: LabCluster, nodes: readonly { name: string }[]): Promise<void> {
  const pods = nodes.map(({ name }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `system-${name}`, namespace: SYSTEM_NAMESPACE },
    spec: {
      nodeName: name,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'system', image: 'system:test', resources: SYSTEM_PODS }],
    },
  }));
  await must(cluster, ['apply', '-f', '-'], yaml(pods));
  await until('the system’s pods run', async () => {
    const { items } = await getJson(cluster, `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`);
    const running = (items as any[]).filter(({ status }) => status.phase === 'Running');
    return running.length === nodes.length ? true : undefined;
  });
}

async function removeNodes(cluster: LabCluster): Promise<void> {
  await removeAll(cluster);
  await must(cluster, [
    ...['delete', 'pods', '--all', '--namespace', SYSTEM_NAMESPACE],
    ...['--force', '--grace-period=0', '--ignore-not-found'],
  ]);
  await must(cluster, ['delete', 'nodes', '--all']);
}

/** Deletes every object of the variants and waits until their pods are gone. */
export async function removeAll(cluster: LabCluster): Promise<void> {
  const kinds = [
    ...['horizontalpodautoscalers', 'deployments', 'services', 'poddisruptionbudgets'],
    ...['networkpolicies', 'serviceaccounts'],
  ];
  await must(cluster, [
    ...['delete', kinds.join(','), '--selector', 'app.kubernetes.io/part-of=tandem'],
    ...['--namespace', NAMESPACE, '--cascade=foreground', '--ignore-not-found'],
  ]);
  await until('our pods are gone', async () => ((await podsOf(cluster)).length === 0 ? true : undefined));
}

/** Pods of {@link NAMESPACE} that match a label selector; without a selector, all of them. */
export async function podsOf(cluster: LabCluster, selector = ''): Promise<any[]> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${encodeURIComponent(selector)}`;
  return (await getJson(cluster, path)).items ?? [];
}

const isReady = (pod: any): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.conditions ?? []).some((c: any) => c.type === 'Ready' && c.status === 'True');

/** Pods of {@link NAMESPACE} that are ready and not terminating. */
export const readyPods = async (cluster: LabCluster, selector = ''): Promise<any[]> =>
  (await podsOf(cluster, selector)).filter(isReady);

export interface Settled {
  readonly running: number;
  readonly pending: number;
  /** The scheduler's message for the first pending pod; empty when none is pending. */
  readonly reason: string;
}

/** Waits until `replicas` pods exist and each one is running or unschedulable. */
export function settled(cluster: LabCluster, replicas: number): Promise<Settled> {
  return until(`${replicas} pods run or are unschedulable`, async () => {
    const pods = await podsOf(cluster);
    const scheduled = (pod: any) => (pod.status.conditions ?? []).find((c: any) => c.type === 'PodScheduled');
    const unschedulable = pods.filter((pod) => scheduled(pod)?.reason === 'Unschedulable');
    const running = pods.filter((pod) => pod.status.phase === 'Running' && isReady(pod));
    if (pods.length !== replicas || running.length + unschedulable.length !== replicas) return undefined;
    const reason: string = unschedulable.length === 0 ? '' : scheduled(unschedulable[0]).message;
    return { running: running.length, pending: unschedulable.length, reason };
  });
}
