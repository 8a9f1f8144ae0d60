/**
 * Reads a real cluster with kubectl, so that every way of signing in that a kubeconfig supports works.
 */
import { execFileSync } from 'node:child_process';

import type { ObservedQuota } from './admission';
import type { ObservedLimitRange } from './limit-ranges';
import type { Taint } from '../scheduler/node-match';
import type { ObservedPod, Quantities } from './pod-resources';

/** The fields of a node that count. */
export interface ObservedNode {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly taints?: readonly Taint[];
    /** Cordoned. */
    readonly unschedulable?: boolean;
  };
  /** Missing until the kubelet reports; the node then offers nothing. */
  readonly status?: { readonly allocatable?: Quantities };
}

/** The fields of a PriorityClass that count. */
export interface ObservedPriorityClass {
  readonly metadata: { readonly name: string };
  readonly value: number;
  readonly globalDefault?: boolean;
  /** @default 'PreemptLowerPriority' */
  readonly preemptionPolicy?: string;
}

export interface ObservedCluster {
  readonly nodes: readonly ObservedNode[];
  readonly pods: readonly ObservedPod[];
  readonly priorityClasses: readonly ObservedPriorityClass[];
  /** Those of the variants' namespace. */
  readonly quotas: readonly ObservedQuota[];
  readonly limitRanges: readonly ObservedLimitRange[];
  /** What kubectl could not list, each with its reason. */
  readonly unread: readonly string[];
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

/** The objects of a kind, or why kubectl listed none: in its own words, or what it printed instead of a list. */
type Listed = { readonly items: readonly unknown[] } | { readonly reason: string; readonly cause?: unknown };

function listWith(kubeconfig: string, resource: string, scope: readonly string[]): Listed {
  const args = ['--kubeconfig', kubeconfig, 'get', resource, ...scope, '--output=json'];
  let answer: string;
  try {
    answer = execFileSync('kubectl', args, {
      env: process.env,
      encoding: 'utf8',
      timeout: READ_TIMEOUT_MS,
      maxBuffer: MAX_ANSWER_BYTES,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT')
      throw new Error('--kubeconfig needs kubectl on the PATH; install it', { cause });
    return { reason: reasonOf(cause), cause };
  }
  const items = itemsOf(answer);
  if (items !== undefined) return { items };
  const start = JSON.stringify(answer.slice(0, SHOWN_CHARACTERS));
  return {
    reason: `its answer must be a list in JSON, received ${start}; see which kubectl is first on the PATH`,
  };
}

/**
 * Reads a cluster: its nodes, all pods and priority classes, and what bounds the pods of one namespace. Nodes and pods are
 * required; what else a user may not read is named, not counted.
 *
 * @param kubeconfig path of the file; its current context is used
 * @param namespace namespace of the variants
 * @throws Error with kubectl's own words, or with what it printed instead of a list, if it lists no nodes or pods
 */
export function readCluster(kubeconfig: string, namespace: string): ObservedCluster {
  const list = (resource: string) => {
    const listed = listWith(kubeconfig, resource, ['--all-namespaces']);
    if ('items' in listed) return listed.items;
    const { reason, cause } = listed;
    throw new Error(`--kubeconfig ${kubeconfig}: kubectl could not list ${resource}: ${reason}`, { cause });
  };
  const unread: string[] = [];
  const tryList = (resource: string, scope: readonly string[]) => {
    const listed = listWith(kubeconfig, resource, scope);
    if ('items' in listed) return listed.items;
    unread.push(`${resource}, which kubectl could not list: ${listed.reason}`);
    return [];
  };
  return {
    nodes: list('nodes') as ObservedNode[],
    pods: list('pods') as ObservedPod[],
    priorityClasses: tryList('priorityclasses', []) as ObservedPriorityClass[],
    quotas: tryList('resourcequotas', ['--namespace', namespace]) as ObservedQuota[],
    limitRanges: tryList('limitranges', ['--namespace', namespace]) as ObservedLimitRange[],
    unread,
  };
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
