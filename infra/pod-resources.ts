/**
 * Requests and limits of a running pod, as the scheduler counts them and kubectl adds them. Pure functions.
 */
import { formatOf, parseCount, parseCpuMillis, parseMemoryBytes, type QuantityFormat } from './quantity';
import type { Amounts, Resources } from './variants';

/** Quantities by resource, as the API server returns them. */
export type Quantities = Readonly<Record<string, string>>;

interface ObservedContainer {
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities };
  /** `Always` marks an init container that keeps running as a sidecar. */
  readonly restartPolicy?: string;
}

/** The fields of a pod that count, as the API server returns them. */
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

/** Millicores or bytes, and the notation that kubectl prints them in. */
export interface Amount {
  readonly amount: number;
  readonly format: QuantityFormat;
}

/** The start of a sum. */
export const NOTHING: Amount = { amount: 0, format: 'decimal' };

/** Adds as kubectl does: the first amount above zero gives the sum its notation. */
export const addAmounts = (sum: Amount, { amount, format }: Amount): Amount => ({
  amount: sum.amount + amount,
  format: sum.amount === 0 ? format : sum.format,
});

const larger = (one: Amount, other: Amount): Amount => (other.amount > one.amount ? other : one);

const PARSERS = { cpu: parseCpuMillis, memory: parseMemoryBytes, pods: parseCount } as const;

/** A resource that a node offers. */
export type Resource = keyof typeof PARSERS;

/** Reads one quantity of a map, or `none` if it is missing. `whose` names the map in errors. */
export function readAmount(
  whose: string,
  texts: Quantities | undefined,
  resource: Resource,
  none = '0',
): Amount {
  const text = texts?.[resource] ?? none;
  try {
    return { amount: PARSERS[resource](text), format: formatOf(text) };
  } catch (error) {
    throw new Error(`${whose}.${resource}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * What a pod counts for: the larger of all its running containers and its largest init step, plus its overhead.
 *
 * @param none what a container without the quantity counts for
 * @see https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function amountOf(
  { metadata, spec }: ObservedPod,
  kind: keyof Resources,
  resource: keyof Amounts,
  none = '0',
): Amount {
  const whose = `pod ${metadata.namespace}/${metadata.name}`;
  const of = (container: ObservedContainer) =>
    readAmount(`${whose}: ${kind}`, container.resources?.[kind], resource, none);
  let running = spec.containers.map(of).reduce(addAmounts, NOTHING);
  let sidecars = NOTHING;
  let starting = NOTHING;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      running = addAmounts(running, of(container));
      sidecars = addAmounts(sidecars, of(container));
      starting = larger(starting, sidecars);
    } else {
      starting = larger(starting, addAmounts(of(container), sidecars));
    }
  }
  const pod = spec.resources?.[kind]?.[resource] === undefined ? larger(running, starting) : of(spec);
  // A pod without a limit has no limit for its overhead either.
  return kind === 'limits' && pod.amount === 0
    ? pod
    : addAmounts(pod, readAmount(`${whose}: overhead`, spec.overhead, resource));
}
