/**
 * What the LimitRanges of a namespace refuse about a pod, in the API server's words. Pure functions.
 *
 * @see https://kubernetes.io/docs/concepts/policy/limit-range/
 */
import type { Quantities } from './pod-resources';
import { parseCpuMillis, parseMemoryBytes } from '../quantity';
import type { ListsAt } from './request-refusals';
import type { Resources } from '../variants';

const PARSERS = { cpu: parseCpuMillis, memory: parseMemoryBytes } as const;
type Bounded = keyof typeof PARSERS;

type Lists = Readonly<Record<keyof Resources, Quantities>>;

/** The fields of a LimitRange that count. */
export interface ObservedLimitRange {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly limits: readonly LimitRangeItem[] };
}

interface LimitRangeItem {
  readonly type: string;
  readonly min?: Quantities;
  readonly max?: Quantities;
  /** Limits and requests of a container that states none. */
  readonly default?: Quantities;
  readonly defaultRequest?: Quantities;
  readonly maxLimitRequestRatio?: Quantities;
}

/**
 * The limit range as the API server stores it: a container's default limit is the maximum, its default request the default
 * limit, else the minimum.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem)
 */
export const storedLimitRange = <T extends ObservedLimitRange>(limitRange: T): T => ({
  ...limitRange,
  spec: {
    ...limitRange.spec,
    limits: limitRange.spec.limits.map((item) => {
      if (item.type !== 'Container') return item;
      const limits = { ...item.max, ...item.default };
      return { ...item, default: limits, defaultRequest: { ...item.min, ...limits, ...item.defaultRequest } };
    }),
  },
});

/** What the namespace judges of a pod: its figures, and those of each container. */
export interface AdmittedPod extends Resources {
  readonly containers: readonly (ListsAt & { readonly name: string })[];
  /** What the pod states as a whole beside its containers; undefined if nothing. */
  readonly whole: ListsAt | undefined;
}

/** The sums of a pod, without those that no container states. */
function sumsOf({ requests, limits }: AdmittedPod): Lists {
  const stated = (amounts: Quantities) =>
    Object.fromEntries(Object.entries(amounts).filter(([, text]) => text !== '0'));
  return { requests: stated({ ...requests }), limits: stated({ ...limits }) };
}

type Check = (of: string, bound: string, request: string | undefined, limit: string | undefined) => string;

/** A sentence for what a bound refuses; empty if it refuses nothing. */
const checksOf = (resource: Bounded): Readonly<Record<'min' | 'max' | 'maxLimitRequestRatio', Check>> => {
  const parse = PARSERS[resource];
  const below = (text: string | undefined, bound: string) => text !== undefined && parse(text) < parse(bound);
  const above = (text: string | undefined, bound: string) => text !== undefined && parse(text) > parse(bound);
  return {
    min(of, bound, request, limit) {
      const words = `minimum ${resource} usage per ${of} is ${bound}`;
      if (request === undefined) return `${words}.  No request is specified`;
      if (below(request, bound)) return `${words}, but request is ${request}`;
      return below(limit, bound) ? `${words}, but limit is ${limit}` : '';
    },
    max(of, bound, request, limit) {
      const words = `maximum ${resource} usage per ${of} is ${bound}`;
      if (limit === undefined) return `${words}.  No limit is specified`;
      if (above(limit, bound)) return `${words}, but limit is ${limit}`;
      return above(request, bound) ? `${words}, but request is ${request}` : '';
    },
    maxLimitRequestRatio(of, bound, request, limit) {
      const words = `${resource} max limit to request ratio per ${of} is ${bound}`;
      if (request === undefined || parse(request) === 0)
        return `${words}, but no request is specified or request is 0`;
      if (limit === undefined || parse(limit) === 0)
        return `${words}, but no limit is specified or limit is 0`;
      const ratio = parse(limit) / parse(request);
      // A ratio is a quantity too, and may be 1500m.
      return ratio > parseCpuMillis(bound) / 1000
        ? `${words}, but provided ratio is ${ratio.toFixed(6)}`
        : '';
    },
  };
};

/** What a LimitRange refuses about a pod, one sentence each. */
export function refusalsOf({ spec }: ObservedLimitRange, pod: AdmittedPod): string[] {
  const found = spec.limits.flatMap((item) => {
    const listed = item.type === 'Container' ? pod.containers : item.type === 'Pod' ? [sumsOf(pod)] : [];
    return listed.flatMap(({ requests, limits }) =>
      (['cpu', 'memory'] as const).flatMap((resource) =>
        Object.entries(checksOf(resource)).map(([name, check]) => {
          const bound = item[name as keyof typeof item] as Quantities | undefined;
          if (bound?.[resource] === undefined) return '';
          return check(item.type, bound[resource], requests[resource], limits[resource]);
        }),
      ),
    );
  });
  return [...new Set(found)].filter((sentence) => sentence !== '');
}
