/**
 * A real cluster as `fit` needs it: its nodes, and what the pods that are there already ask of them. kubectl reads it,
 * so that every way of signing in that a kubeconfig can name works.
 */
import { execFileSync } from 'node:child_process';

import type { ClusterNode, OtherPods } from './cluster';
import { selectorOf } from './inference-service';
import { TOLERATIONS } from './operations';
import {
  formatCpu,
  formatMemory,
  formatOf,
  parseCpuMillis,
  parseMemoryBytes,
  type QuantityFormat,
} from './quantity';
import type { Amounts, Resources } from './variants';

type Quantities = Readonly<Record<string, string>>;

interface ObservedContainer {
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  /** `Always` on an init container that goes on running beside the others. */
  readonly restartPolicy?: string;
}

/** The fields of a pod that count, as the API server answers them. */
export interface ObservedPod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: ObservedContainer & {
    readonly nodeName?: string;
    readonly containers: readonly ObservedContainer[];
    readonly initContainers?: readonly ObservedContainer[];
    readonly overhead?: Quantities;
  };
  readonly status?: { readonly phase?: string };
}

/** The fields of a node that count. */
export interface ObservedNode {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status: { readonly allocatable: Quantities };
}

export interface ObservedCluster {
  readonly nodes: readonly ObservedNode[];
  readonly pods: readonly ObservedPod[];
}

const READ_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/**
 * Reads a cluster's nodes and pods.
 *
 * @param kubeconfig path of the file; its current context is used
 * @throws Error with kubectl's own words where it fails
 */
export function readCluster(kubeconfig: string): ObservedCluster {
  const list = (resource: string): { items: unknown[] } => {
    const args = ['--kubeconfig', kubeconfig, 'get', resource, '--all-namespaces', '--output=json'];
    const options = {
      env: process.env,
      encoding: 'utf8',
      timeout: READ_TIMEOUT_MS,
      maxBuffer: MAX_ANSWER_BYTES,
    } as const;
    try {
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      return JSON.parse(execFileSync('kubectl', args, { ...options, stdio: [...stdio] })) as {
        items: unknown[];
      };
    } catch (error) {
      const { code, stderr } = error as { code?: string; stderr?: string };
      if (code === 'ENOENT')
        throw new Error('--kubeconfig needs kubectl on the PATH; install it', { cause: error });
      const words = code === 'ETIMEDOUT' ? `no answer in ${READ_TIMEOUT_MS} ms` : stderr?.trim();
      throw new Error(`--kubeconfig ${kubeconfig}: kubectl could not list ${resource}: ${words}`, {
        cause: error,
      });
    }
  };
  const [nodes, pods] = [list('nodes').items as ObservedNode[], list('pods').items as ObservedPod[]];
  return { nodes, pods };
}

/**
 * The nodes as a variant would find them: its own pods, if it runs already, are not counted.
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
  return nodes.map(({ metadata: { name }, spec, status: { allocatable } }) => {
    const here = counted.filter((pod) => pod.spec.nodeName === name);
    return {
      name,
      cpuAllocatableMillis: parseCpuMillis(allocatable['cpu'] ?? '0'),
      memoryAllocatableBytes: parseMemoryBytes(allocatable['memory'] ?? '0'),
      podsFree: Number(allocatable['pods'] ?? '0') - here.length,
      tainted: (spec?.taints ?? []).some(isUntolerated),
      others: othersOf(here, variant),
    };
  });
}

const isUntolerated = ({ key, effect }: { key: string; effect: string }): boolean =>
  effect !== 'PreferNoSchedule' &&
  !TOLERATIONS.some((toleration) => toleration.key === key && toleration.effect === effect);

function othersOf(
  pods: readonly ObservedPod[],
  variant: { readonly name: string; readonly namespace: string },
): OtherPods {
  // The API server lists by key.
  const key = ({ namespace, name }: { namespace: string; name: string }) =>
    Buffer.from(`${namespace}/${name}`);
  const sorted = [...pods].sort((a, b) => key(a.metadata).compare(key(b.metadata)));
  const ours = key({ ...variant, name: `${variant.name}-` });
  const sumOf = (kind: keyof Resources) => {
    const cpu = sorted.map((pod) => amountOf(pod, kind, 'cpu')).reduce(add, NOTHING);
    const memories = sorted.map((pod) => amountOf(pod, kind, 'memory'));
    const memory = memories.reduce(add, NOTHING);
    const first = sorted[memories.findIndex(({ amount }) => amount > 0)];
    return {
      total: { cpu: formatCpu(cpu.amount), memory: formatMemory(memory.amount, memory.format) },
      format: memory.format,
      addedFirst: first !== undefined && key(first.metadata).compare(ours) < 0,
    };
  };
  const [requests, limits] = [sumOf('requests'), sumOf('limits')];
  return {
    requests: requests.total,
    limits: limits.total,
    memoryFormat: { requests: requests.format, limits: limits.format },
    addedFirst: { requests: requests.addedFirst, limits: limits.addedFirst },
  };
}

/** Millicores or bytes, and the form that kubectl prints them in. */
interface Amount {
  readonly amount: number;
  readonly format: QuantityFormat;
}

const NOTHING: Amount = { amount: 0, format: 'decimal' };

/** As kubectl adds: what is added to nothing gives the sum its form. */
const add = (sum: Amount, { amount, format }: Amount): Amount => ({
  amount: sum.amount + amount,
  format: sum.amount === 0 ? format : sum.format,
});

const larger = (one: Amount, other: Amount): Amount => (other.amount > one.amount ? other : one);

const PARSERS = { cpu: parseCpuMillis, memory: parseMemoryBytes } as const;

function read(texts: Quantities | undefined, resource: keyof Amounts): Amount {
  const text = texts?.[resource] ?? '0';
  return { amount: PARSERS[resource](text), format: formatOf(text) };
}

/**
 * What a pod counts for: its containers and sidecars together, or its largest moment of starting, and its overhead.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
function amountOf({ spec }: ObservedPod, kind: keyof Resources, resource: keyof Amounts): Amount {
  const of = (container: ObservedContainer) => read(container.resources?.[kind], resource);
  let running = spec.containers.map(of).reduce(add, NOTHING);
  let sidecars = NOTHING;
  let starting = NOTHING;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      running = add(running, of(container));
      sidecars = add(sidecars, of(container));
      starting = larger(starting, sidecars);
    } else {
      starting = larger(starting, add(of(container), sidecars));
    }
  }
  const pod = spec.resources?.[kind]?.[resource] === undefined ? larger(running, starting) : of(spec);
  // A pod without a limit has none for its overhead either.
  return kind === 'limits' && pod.amount === 0 ? pod : add(pod, read(spec.overhead, resource));
}
