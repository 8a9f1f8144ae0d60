/**
 * `tandem fit --file`: whether the workloads of any manifest fit.
 */
import type { ClusterNode } from '../infra/scheduler/cluster';
import type { PodsFit } from '../infra/fit/fit';
import type { Architecture } from '../infra/construct/inference-service-props';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

/** A fit as JSON, which has no nodes' details. */
export const fitForJson = ({ demand, placements, updates, verdict, notCounted }: PodsFit) => ({
  verdict,
  requests: demand.requests,
  limits: demand.limits,
  placements: placements.map(({ placed, ...placement }, i) => ({
    label: placement.label,
    replicas: placement.replicas,
    pods: Object.fromEntries(placed.map(({ node, pods }) => [node.name, pods])),
    pending: placement.pending,
    reason: placement.reason,
    notCreated: placement.notCreated,
    refusal: placement.refusal,
    preempted: placement.preempted,
    rollingUpdateFits: updates[i]!.pending === 0 && updates[i]!.notCreated === 0,
  })),
  notCounted,
});

export interface FitFilesOptions {
  /** Namespace of objects that name none. @default 'default' */
  readonly namespace: string | undefined;
  /** File of a real cluster. @default the described nodes */
  readonly kubeconfig: string | undefined;
  readonly nodes: readonly ClusterNode[];
  /** Of the described nodes. */
  readonly arch: Architecture;
  readonly json: true | undefined;
}

/** Prints how the workloads of files fit; returns whether all of them do. */
export function fitFiles(
  files: readonly string[],
  { namespace = 'default', kubeconfig, nodes, arch, json }: FitFilesOptions,
): boolean {
  const { fitManifests } = require('../infra/fit/fit-files') as typeof import('../infra/fit/fit-files.js');
  const { filesReport } =
    require('../infra/fit/fit-files-text') as typeof import('../infra/fit/fit-files-text.js');
  const { fitsAll } = require('../infra/fit/fit') as typeof import('../infra/fit/fit.js');
  const { objectsIn, readFiles } =
    require('../infra/fit/read-manifests') as typeof import('../infra/fit/read-manifests.js');
  const { manifestsOf } = require('../infra/fit/workloads') as typeof import('../infra/fit/workloads.js');
  const objects = objectsIn(readFiles(files), namespace);
  // Before a cluster is asked: a file without workloads needs none.
  manifestsOf(objects);
  const clusterOf = kubeconfig === undefined ? described(nodes, arch) : real(kubeconfig);
  const manifests = manifestsOf(objects, (each) => clusterOf(each).limitRanges);
  const filesFit = fitManifests(manifests, { clusterOf, isDescribed: kubeconfig === undefined });
  const { fits } = filesFit;
  const { skipped, notPlaced } = manifests;
  const workloads = fits.map(({ workload, ...fit }) => ({
    kind: workload.kind,
    namespace: workload.pods.namespace,
    name: workload.name,
    ...fitForJson(fit),
    notes: workload.remarks,
  }));
  console.log(
    json === true
      ? JSON.stringify({ workloads, notPlaced, skipped }, undefined, 2)
      : filesReport(filesFit, manifests),
  );
  return fits.every(fitsAll);
}

function described(nodes: readonly ClusterNode[], architecture: Architecture) {
  const { describedCluster } =
    require('../infra/fit/described-cluster') as typeof import('../infra/fit/described-cluster.js');
  const cluster = describedCluster(nodes, architecture);
  return () => cluster;
}

/** Reads a real cluster, once for each namespace. */
function real(kubeconfig: string) {
  const { readCluster } =
    require('../infra/fit/read-cluster') as typeof import('../infra/fit/read-cluster.js');
  const read = new Map<string, ReturnType<typeof readCluster>>();
  return (namespace: string) => {
    const cluster = read.get(namespace) ?? readCluster(kubeconfig, namespace);
    read.set(namespace, cluster);
    return cluster;
  };
}
