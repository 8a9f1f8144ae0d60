/**
 * How many of our pods the API server admits: what it refuses about each, and the namespace's ResourceQuotas and
 * LimitRanges, in its words. Pure functions.
 */
import { type AdmittedPod, type ObservedLimitRange, refusalsOf } from './limit-ranges';
import { formatOf, parseCount, parseCpuMillis, parseMemoryBytes, formatCpu, formatMemory } from '../quantity';
import type { Quantities } from './pod-resources';
import { requestRefusals } from './request-refusals';
import type { Amounts, Resources } from '../variants';

/** The fields of a ResourceQuota that count. */
export interface ObservedQuota {
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly hard?: Quantities;
    readonly scopes?: readonly string[];
    readonly scopeSelector?: { readonly matchExpressions?: readonly ScopeRequirement[] };
  };
  /** Missing until the controller has counted. */
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities };
}

interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** How many of our pods may exist at once. */
export interface PodBound {
  readonly pods: number;
  /** Why no more, in the API server's words; empty if nothing bounds them. */
  readonly reason: string;
}

export const UNBOUNDED: PodBound = { pods: Infinity, reason: '' };

/** The figure of a pod that each resource of a quota sums. */
const SUMMED: Readonly<Record<string, readonly [kind: keyof Resources, resource: keyof Amounts]>> = {
  cpu: ['requests', 'cpu'],
  'requests.cpu': ['requests', 'cpu'],
  'limits.cpu': ['limits', 'cpu'],
  memory: ['requests', 'memory'],
  'requests.memory': ['requests', 'memory'],
  'limits.memory': ['limits', 'memory'],
};
const POD_COUNTS: readonly string[] = ['pods', 'count/pods'];

/** Whether {@link boundOf} counts this resource of a quota. */
export const isCounted = (resource: string): boolean =>
  Object.hasOwn(SUMMED, resource) || POD_COUNTS.includes(resource);

/** What of a pod a quota's scope asks about. */
export interface PodScope {
  readonly priorityClass: string | undefined;
  /** Whether no container has a request or a limit of CPU or memory. */
  readonly isBestEffort: boolean;
  /** Whether it has a deadline. */
  readonly isTerminating: boolean;
  /** Whether its affinity names other namespaces. */
  readonly crossesNamespaces: boolean;
}

const SCOPES: Readonly<Record<string, (pod: PodScope) => boolean>> = {
  Terminating: ({ isTerminating }) => isTerminating,
  NotTerminating: ({ isTerminating }) => !isTerminating,
  BestEffort: ({ isBestEffort }) => isBestEffort,
  NotBestEffort: ({ isBestEffort }) => !isBestEffort,
  CrossNamespacePodAffinity: ({ crossesNamespaces }) => crossesNamespaces,
};

function matchesScope({ scopeName, operator, values = [] }: ScopeRequirement, pod: PodScope): boolean {
  if (scopeName !== 'PriorityClass') return SCOPES[scopeName]?.(pod) ?? false;
  const { priorityClass } = pod;
  switch (operator) {
    case 'In':
      return priorityClass !== undefined && values.includes(priorityClass);
    case 'NotIn':
      return priorityClass === undefined || !values.includes(priorityClass);
    case 'DoesNotExist':
      return priorityClass === undefined;
    default:
      return priorityClass !== undefined;
  }
}

/** Whether a quota counts our pods. */
export function countsOurs({ spec = {} }: ObservedQuota, pod: PodScope): boolean {
  const scopes = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec.scopeSelector?.matchExpressions ?? [])].every((each) =>
    matchesScope(each, pod),
  );
}

const PARSERS = { cpu: parseCpuMillis, memory: parseMemoryBytes } as const;
const FORMATTERS = { cpu: formatCpu, memory: formatMemory } as const;

/** One bounded resource of a quota: what others use, what each of our pods adds, and how to print an amount. */
interface Line {
  readonly resource: string;
  readonly hard: number;
  readonly others: number;
  readonly each: number;
  readonly print: (amount: number) => string;
}

/** @param ours the sum of the figures of our pods that exist, by resource of a quota */
function linesOf(quota: ObservedQuota, resources: Resources, ours: OurUse): Line[] {
  const hards = quota.status?.hard ?? quota.spec?.hard ?? {};
  return Object.entries(hards).flatMap(([resource, hardText]): Line[] => {
    const usedText = quota.status?.used?.[resource] ?? '0';
    const line = (parse: (text: string) => number, each: number, used: number, print: Line['print']) => {
      try {
        const others = Math.max(0, parse(usedText) - used);
        return [{ resource, hard: parse(hardText), others, each, print }];
      } catch (cause) {
        throw new Error(`quota ${quota.metadata.name}: ${resource}: ${(cause as Error).message}`, { cause });
      }
    };
    if (POD_COUNTS.includes(resource)) return line(parseCount, 1, ours.pods, String);
    const summed = SUMMED[resource];
    if (summed === undefined) return [];
    const [kind, of] = summed;
    const text = resources[kind][of];
    const format = formatOf(usedText === '0' ? text : usedText);
    return line(PARSERS[of], PARSERS[of](text), ours[kind][of], (amount) => FORMATTERS[of](amount, format));
  });
}

/** A quota whose use has grown by pods that are not in its cluster yet, and shrunk by those that they replace. */
export function withUse(
  quota: ObservedQuota,
  added: readonly Resources[],
  replaced: readonly Resources[],
): ObservedQuota {
  const hard = quota.status?.hard ?? quota.spec?.hard ?? {};
  const used = Object.keys(hard).map((resource): [string, string] => {
    const text = quota.status?.used?.[resource] ?? '0';
    const total = (parse: (amount: string) => number, of: (pod: Resources) => number) => {
      const sum = (pods: readonly Resources[]) => pods.reduce((all, pod) => all + of(pod), 0);
      return Math.max(0, parse(text) + sum(added) - sum(replaced));
    };
    if (POD_COUNTS.includes(resource)) return [resource, String(total(parseCount, () => 1))];
    const summed = SUMMED[resource];
    if (summed === undefined) return [resource, text];
    const [kind, of] = summed;
    const amount = total(PARSERS[of], (pod) => PARSERS[of](pod[kind][of]));
    // A sum has the notation of its first amount.
    const first = text === '0' ? (added[0]?.[kind][of] ?? text) : text;
    return [resource, FORMATTERS[of](amount, formatOf(first))];
  });
  return { ...quota, status: { hard, used: Object.fromEntries(used) } };
}

/** What our pods use that exist already, and that a quota therefore counts: millicores, bytes and a count. */
export type OurUse = Readonly<Record<keyof Resources, Readonly<Record<keyof Amounts, number>>>> & {
  readonly pods: number;
};

/** Why a quota refuses a pod at all: each container must state what the quota sums. Empty if it does not. */
function unstated({ metadata, ...quota }: ObservedQuota, { containers, whole }: AdmittedPod): string {
  // A pod with resources of its own need not state those of its containers.
  if (whole !== undefined) return '';
  const hards = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {});
  const missing = hards
    .filter((hard) => Object.hasOwn(SUMMED, hard))
    .sort()
    .flatMap((hard) => {
      const [kind, resource] = SUMMED[hard]!;
      const without = containers.filter((each) => each[kind][resource] === undefined);
      const names = [...new Set(without.map(({ name }) => name))].sort();
      return names.length > 0 ? [`${hard} for: ${names.join(',')}`] : [];
    });
  return missing.length > 0 ? `failed quota: ${metadata.name}: must specify ${missing.join('; ')}` : '';
}

function quotaBound(quota: ObservedQuota, resources: AdmittedPod, ours: OurUse): PodBound {
  const refusal = unstated(quota, resources);
  if (refusal !== '') return { pods: 0, reason: refusal };
  const lines = linesOf(quota, resources, ours);
  const roomIn = ({ hard, others, each }: Line) =>
    each === 0 ? Infinity : Math.max(0, Math.floor((hard - others) / each));
  const pods = Math.min(...lines.map(roomIn));
  if (pods === Infinity) return UNBOUNDED;
  const exceeded = lines
    .filter((line) => roomIn(line) === pods)
    .sort((one, other) => (one.resource < other.resource ? -1 : 1));
  const list = (amountOf: (line: Line) => number) =>
    exceeded.map((line) => `${line.resource}=${line.print(amountOf(line))}`).join(',');
  return {
    pods,
    reason:
      `exceeded quota: ${quota.metadata.name}, requested: ${list(({ each }) => each)}, ` +
      `used: ${list(({ others, each }) => others + pods * each)}, limited: ${list(({ hard }) => hard)}`,
  };
}

/**
 * How many pods with these figures the API server admits.
 *
 * @throws Error naming the quota and the resource for an unreadable quantity
 */
export function boundOf(
  pod: AdmittedPod,
  ours: OurUse,
  {
    quotas,
    limitRanges,
  }: { readonly quotas: readonly ObservedQuota[]; readonly limitRanges: readonly ObservedLimitRange[] },
): PodBound {
  const { containers, whole } = pod;
  // The API server asks the namespace only about a pod that is valid.
  const invalid = [...containers, ...(whole === undefined ? [] : [whole])].flatMap(requestRefusals);
  const refusals = invalid.length > 0 ? invalid : limitRanges.flatMap((range) => refusalsOf(range, pod));
  if (refusals.length > 0) return { pods: 0, reason: refusals.join(', ') };
  return quotas
    .map((quota) => quotaBound(quota, pod, ours))
    .reduce((least, bound) => (bound.pods < least.pods ? bound : least), UNBOUNDED);
}
