/** What the real controller sees of each HPA and what it writes, read from the API server at each of its syncs. */
import { DEFAULT_FLAGS } from '../../bench/autoscaler/settings';
import { getJson, type LabCluster } from '../../bench/lab/lab-cluster';
import type { ServedPodMetrics } from '../../bench/lab/metrics-stand-in';
import { NAMESPACE, podsOf } from '../../bench/lab/simulated-nodes';
import { parseCpuMillis } from '../../infra/quantity';
import type { Scenario, SeenMetric, SeenPod, Sync, Written } from '../autoscaler/compare';
import type { Pipeline } from './pipeline';
import type { Subject } from './subjects';

export interface Recorder {
  /** Answers the controller's request for the metrics of a subject, and keeps what it sees in this sync. */
  readonly answer: (labelSelector: string) => Promise<readonly ServedPodMetrics[]>;
  /** Everything that was kept. Syncs whose outcome the next one has not shown yet are left out. */
  readonly scenarios: (seed: number) => Scenario[];
}

type Seen = Omit<Sync, 'decided'>;

/** The condition Ready of a pod, if it has one. */
const readyOf = (pod: any): any =>
  (pod.status.conditions ?? []).find(({ type }: { type: string }) => type === 'Ready');

/** A pod as `bench/autoscaler/` reads it. */
export function seenPod(pod: any): SeenPod {
  const ready = readyOf(pod);
  return {
    name: pod.metadata.name,
    phase: pod.status.phase,
    deleting: pod.metadata.deletionTimestamp !== undefined,
    ...(pod.status.startTime && { startedAtMs: Date.parse(pod.status.startTime) }),
    ...(ready && { ready: { status: ready.status, changedAtMs: Date.parse(ready.lastTransitionTime) } }),
    cpuRequestsMillis: pod.spec.containers.map((container: any) =>
      parseCpuMillis(container.resources.requests.cpu),
    ),
  };
}

/** What a sync wrote: the scale, and the reasons in the HPA's status. */
export function written(hpa: any, replicas: number): Written {
  const { conditions = [], currentMetrics = [] } = hpa.status ?? {};
  const reasonOf = (wanted: string): string | undefined =>
    conditions.find(({ type }: { type: string }) => type === wanted)?.reason;
  const utilizationPercent: number | undefined = currentMetrics?.[0]?.resource?.current?.averageUtilization;
  const reasons = {
    ableToScale: reasonOf('AbleToScale'),
    scalingActive: reasonOf('ScalingActive'),
    scalingLimited: reasonOf('ScalingLimited'),
  };
  return {
    replicas,
    ...(utilizationPercent !== undefined && { utilizationPercent }),
    ...Object.fromEntries(Object.entries(reasons).filter(([, reason]) => reason !== undefined)),
  };
}

const wholeSecond = (ms: number) => 1000 * Math.floor(ms / 1000);

/** Records the HPAs of some subjects. */
export function recorder(cluster: LabCluster, subjects: readonly Subject[], { useOf }: Pipeline): Recorder {
  const syncs = new Map<string, Sync[]>(subjects.map(({ name }) => [name, []]));
  const open = new Map<string, Seen>();
  const path = (group: string, kind: string, name: string) =>
    `/apis/${group}/namespaces/${NAMESPACE}/${kind}/${name}`;

  return {
    async answer(labelSelector) {
      const nowMs = Date.now();
      const subject = subjects.find(({ name }) => labelSelector === `app=${name}`);
      if (subject === undefined) return [];
      const { name, spec } = subject;
      const [pods, deployment, hpa] = await Promise.all([
        podsOf(cluster, labelSelector),
        getJson(cluster, path('apps/v1', 'deployments', name)),
        getJson(cluster, path('autoscaling/v2', 'horizontalpodautoscalers', name)),
      ]);
      const currentReplicas: number = deployment.spec.replicas;
      const before = open.get(name);
      // What the previous sync did shows in the scale and the status that this one finds.
      if (before) syncs.get(name)!.push({ ...before, decided: written(hpa, currentReplicas) });
      const uses = pods.flatMap((pod) => {
        const use = useOf(pod.metadata.name);
        return use === undefined ? [] : [{ pod, use }];
      });
      const metrics: SeenMetric[] = uses.map(({ pod, use: { atMs, windowMs, nanos } }) => ({
        ...{ pod: pod.metadata.name, atMs: wholeSecond(atMs), windowMs },
        containersNanos: [nanos],
      }));
      open.set(name, {
        ...{ nowMs, currentReplicas, pods: pods.map(seenPod) },
        ...(before === undefined && { spec }),
        metrics: metrics.length === 0 ? null : metrics,
      });
      return uses.map(({ pod, use: { atMs, windowMs, nanos } }) => ({
        metadata: { name: pod.metadata.name, namespace: NAMESPACE, labels: pod.metadata.labels },
        timestamp: new Date(wholeSecond(atMs)).toISOString(),
        window: `${windowMs / 1000}s`,
        containers: [{ name: pod.spec.containers[0].name, usage: { cpu: `${nanos}n`, memory: '100Mi' } }],
      }));
    },
    scenarios: (seed) =>
      subjects.map(({ name, load }) => ({
        ...{ seed, load: `${name}, ${load}`, flags: DEFAULT_FLAGS },
        syncs: syncs.get(name)!,
      })),
  };
}
