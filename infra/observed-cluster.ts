/**
 * A real cluster as `fit` needs it: its nodes and the requests of the pods that already run. kubectl reads it, so that
 * every way of signing in that a kubeconfig supports works.
 */
import { execFileSync } from 'node:child_process';

import type { ClusterNode, OtherPods } from './cluster';
import { TOLERATIONS } from './deployment-defaults';
import { selectorOf } from './inference-service';
import {
  addAmounts,
  amountOf,
  NOTHING,
  type ObservedPod,
  type Quantities,
  readAmount,
  type Resource,
} from './pod-resources';
import { formatCpu, formatMemory } from './quantity';
import type { Amounts, Resources } from './variants';

/** The fields of a node that count. */
export interface ObservedNode {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
    /** Cordoned. */
    readonly unschedulable?: boolean;
  };
  /** Missing until the kubelet reports; the node then offers nothing. */
  readonly status?: { readonly allocatable?: Quantities };
}

export interface ObservedCluster {
  readonly nodes: readonly ObservedNode[];
  readonly pods: readonly ObservedPod[];
}

const READ_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;
/** How much of an unreadable answer to quote. */
const SHOWN_CHARACTERS = 60;

/** Why kubectl failed: its own output if it printed any. */
function reasonOf(error: unknown): string {
  const { code, status, signal, stderr } = error as Readonly<
    Record<string, string | number | null | undefined>
  >;
  if (code === 'ETIMEDOUT') return `no answer in ${READ_TIMEOUT_MS} ms`;
  const words = String(stderr ?? '').trim();
  if (words !== '') return words;
  const end = typeof status === 'number' ? `status ${status}` : (code ?? signal);
  return `it ended with ${end} and printed nothing; run it by hand to see why`;
}

/**
 * Reads a cluster's nodes and pods.
 *
 * @param kubeconfig path of the file; its current context is used
 * @throws Error with kubectl's own words, or with what it printed instead of a list
 */
export function readCluster(kubeconfig: string): ObservedCluster {
  const list = (resource: string): readonly unknown[] => {
    const failed = (reason: string, cause?: unknown) =>
      new Error(`--kubeconfig ${kubeconfig}: kubectl could not list ${resource}: ${reason}`, { cause });
    const args = ['--kubeconfig', kubeconfig, 'get', resource, '--all-namespaces', '--output=json'];
    let answer: string;
    try {
      answer = execFileSync('kubectl', args, {
        env: process.env,
        encoding: 'utf8',
        timeout: READ_TIMEOUT_MS,
        maxBuffer: MAX_ANSWER_BYTES,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT')
        throw new Error('--kubeconfig needs kubectl on the PATH; install it', { cause: error });
      throw failed(reasonOf(error), error);
    }
    const items = itemsOf(answer);
    if (items === undefined) {
      const start = JSON.stringify(answer.slice(0, SHOWN_CHARACTERS));
      throw failed(
        `its answer must be a list in JSON, received ${start}; see which kubectl is first on the PATH`,
      );
    }
    return items;
  };
  const [nodes, pods] = [list('nodes') as ObservedNode[], list('pods') as ObservedPod[]];
  return { nodes, pods };
}

/** The items of a JSON list; undefined if the text is not a list. */
function itemsOf(answer: string): readonly unknown[] | undefined {
  try {
    const { items } = JSON.parse(answer) as { items?: unknown };
    return Array.isArray(items) ? items : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The nodes as a variant would find them: its own running pods are not counted.
 *
 * @param variant name and namespace of the variant's objects
 */
export function nodesFor(
  variant: { readonly name: string; readonly namespace: string },
  { nodes, pods }: ObservedCluster,
): ClusterNode[] {
  const selector = Object.entries(selectorOf(variant.name));
  const isOurs = ({ metadata }: ObservedPod) =>
    metadata.namespace === variant.namespace &&
    selector.every(([label, value]) => metadata.labels?.[label] === value);
  const counted = pods.filter(
    (pod) => !isOurs(pod) && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
  );
  return nodes.map(({ metadata: { name }, spec, status }) => {
    const here = counted.filter((pod) => pod.spec.nodeName === name);
    const allocatable = (resource: Resource) =>
      readAmount(`node ${name}: allocatable`, status?.allocatable, resource).amount;
    return {
      name,
      cpuAllocatableMillis: allocatable('cpu'),
      memoryAllocatableBytes: allocatable('memory'),
      podsFree: allocatable('pods') - here.length,
      tainted: (spec?.taints ?? []).some(isUntolerated),
      cordoned: spec?.unschedulable ?? false,
      taintsPreferNoSchedule: (spec?.taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule')
        .length,
      others: othersOf(here, variant),
    };
  });
}

const isUntolerated = ({ key, effect }: { key: string; effect: string }): boolean =>
  effect !== 'PreferNoSchedule' &&
  !TOLERATIONS.some((toleration) => toleration.key === key && toleration.effect === effect);

/**
 * What kube-scheduler assumes when it scores a container without a request.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/scheduler/util/pod_resources.go
 */
const ASSUMED: Amounts = { cpu: '100m', memory: '200Mi' };

function othersOf(
  pods: readonly ObservedPod[],
  variant: { readonly name: string; readonly namespace: string },
): OtherPods {
  // The API server lists pods in the order of their keys.
  const key = ({ namespace, name }: { namespace: string; name: string }) =>
    Buffer.from(`${namespace}/${name}`);
  const sorted = [...pods].sort((a, b) => key(a.metadata).compare(key(b.metadata)));
  const ours = key({ ...variant, name: `${variant.name}-` });
  const sumOf = (kind: keyof Resources) => {
    const cpu = sorted.map((pod) => amountOf(pod, kind, 'cpu')).reduce(addAmounts, NOTHING);
    const memories = sorted.map((pod) => amountOf(pod, kind, 'memory'));
    const memory = memories.reduce(addAmounts, NOTHING);
    const first = sorted[memories.findIndex(({ amount }) => amount > 0)];
    return {
      total: { cpu: formatCpu(cpu.amount), memory: formatMemory(memory.amount, memory.format) },
      format: memory.format,
      addedFirst: first !== undefined && key(first.metadata).compare(ours) < 0,
    };
  };
  const [requests, limits] = [sumOf('requests'), sumOf('limits')];
  const scored = (resource: keyof Amounts) =>
    sorted.map((pod) => amountOf(pod, 'requests', resource, ASSUMED[resource])).reduce(addAmounts, NOTHING);
  return {
    requests: requests.total,
    limits: limits.total,
    scored: { cpu: formatCpu(scored('cpu').amount), memory: formatMemory(scored('memory').amount, 'binary') },
    memoryFormat: { requests: requests.format, limits: limits.format },
    addedFirst: { requests: requests.addedFirst, limits: limits.addedFirst },
  };
}
