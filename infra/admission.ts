/**
 * How many of our pods a namespace admits: its ResourceQuotas and LimitRanges, in the API server's words. Pure functions.
 */
import { formatOf, parseCount, parseCpuMillis, parseMemoryBytes, formatCpu, formatMemory } from './quantity';
import type { Quantities } from './pod-resources';
import type { Amounts, Resources } from './variants';

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

/** The fields of a LimitRange that count. */
export interface ObservedLimitRange {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly limits: readonly LimitRangeItem[] };
}

interface LimitRangeItem {
  readonly type: string;
  readonly min?: Quantities;
  readonly max?: Quantities;
  readonly maxLimitRequestRatio?: Quantities;
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

/** Whether a quota of this scope counts our pods: they have requests and no deadline. */
function matchesScope(
  { scopeName, operator, values = [] }: ScopeRequirement,
  priorityClass?: string,
): boolean {
  if (scopeName !== 'PriorityClass') return scopeName === 'NotTerminating' || scopeName === 'NotBestEffort';
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
export function countsOurs({ spec = {} }: ObservedQuota, priorityClass: string | undefined): boolean {
  const scopes = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec.scopeSelector?.matchExpressions ?? [])].every((each) =>
    matchesScope(each, priorityClass),
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

/** What our pods use that exist already, and that a quota therefore counts: millicores, bytes and a count. */
export type OurUse = Readonly<Record<keyof Resources, Readonly<Record<keyof Amounts, number>>>> & {
  readonly pods: number;
};

function quotaBound(quota: ObservedQuota, resources: Resources, ours: OurUse): PodBound {
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

/** What a LimitRange refuses about our pods, which have one container, so that Pod and Container bound the same. */
function refusalsOf({ spec }: ObservedLimitRange, { requests, limits }: Resources): string[] {
  const found: string[] = [];
  for (const { type, min = {}, max = {}, maxLimitRequestRatio = {} } of spec.limits) {
    if (type !== 'Container' && type !== 'Pod') continue;
    for (const resource of ['cpu', 'memory'] as const) {
      const parse = PARSERS[resource];
      const [request, limit] = [requests[resource], limits[resource]];
      const least = min[resource];
      const most = max[resource];
      const ratio = maxLimitRequestRatio[resource];
      if (least !== undefined && parse(request) < parse(least))
        found.push(`minimum ${resource} usage per ${type} is ${least}, but request is ${request}`);
      if (most !== undefined && parse(limit) > parse(most))
        found.push(`maximum ${resource} usage per ${type} is ${most}, but limit is ${limit}`);
      // A ratio is a quantity too, and may be 1500m.
      if (ratio !== undefined && parse(limit) / parse(request) > parseCpuMillis(ratio) / 1000)
        found.push(
          `${resource} max limit to request ratio per ${type} is ${ratio}, but provided ratio is ` +
            (parse(limit) / parse(request)).toFixed(6),
        );
    }
  }
  return found;
}

/**
 * How many pods with these figures the namespace admits.
 *
 * @throws Error naming the quota and the resource for an unreadable quantity
 */
export function boundOf(
  resources: Resources,
  ours: OurUse,
  {
    quotas,
    limitRanges,
  }: { readonly quotas: readonly ObservedQuota[]; readonly limitRanges: readonly ObservedLimitRange[] },
): PodBound {
  const refusals = limitRanges.flatMap((range) => refusalsOf(range, resources));
  if (refusals.length > 0) return { pods: 0, reason: refusals.join(', ') };
  return quotas
    .map((quota) => quotaBound(quota, resources, ours))
    .reduce((least, bound) => (bound.pods < least.pods ? bound : least), UNBOUNDED);
}
