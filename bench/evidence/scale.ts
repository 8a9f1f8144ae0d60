/**
 * How the variants' printed figures shrink to what this machine can give its three nodes: one CPU factor per family, so
 * that percentages of the request, and a fleet beside a single pod, keep their meaning. Pure functions.
 */
import { formatMemory, formatOf, parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';
import { maxReplicasOf } from '../../infra/construct/replicas';
import { type Resources, type Variant, VARIANTS } from '../../infra/variants';
import { threadsFor } from '../../service/cpu-limit';

/** What the pods share: the machine below the three nodes. */
export interface MachineSize {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** CPU for the control plane, three kubelets, the recorder and the load generator: about what they use at 100 requests per second. */
const RESERVED_MILLIS = 900;
/** Factors have this many decimals, so that a document can state them exactly. */
const FACTOR_DECIMALS = 4;
/** Share of the memory that the pods' requests may sum up to; the limits stay as printed. */
const MEMORY_SHARE = 0.9;

/**
 * CPU that all pods of a deployment may use together, in millicores.
 *
 * @throws Error for a machine with one CPU
 */
export function podBudgetMillis({ cpus }: MachineSize): number {
  if (cpus < 2) {
    throw new Error(`the experiments need at least 2 CPUs, received ${cpus}: run them on a larger machine`);
  }
  return 1000 * cpus - RESERVED_MILLIS;
}

/** Single pod and max-size of a model are one family; each HPA variant is its own. */
const isFamily = (a: Variant, b: Variant) => a.model === b.model && (a.kind === 'hpa') === (b.kind === 'hpa');

const limitsMillis = ({ resources, scaling }: Variant) =>
  maxReplicasOf(scaling) * parseCpuMillis(resources.limits.cpu);

/** Factor for the CPU figures of a variant's family: the CPU limits of its largest fleet fit into the budget; at most 1. */
export function cpuFactorOf(variant: Variant, machine: MachineSize): number {
  const largest = Math.max(...VARIANTS.filter((other) => isFamily(variant, other)).map(limitsMillis));
  const scale = 10 ** FACTOR_DECIMALS;
  return Math.min(1, Math.floor((scale * podBudgetMillis(machine)) / largest) / scale);
}

const scaledCpu = (cpu: string, factor: number) => `${Math.round(factor * parseCpuMillis(cpu))}m`;

/** The memory request, shrunk where the requests of all replicas exceed the machine's memory. */
function memoryRequest({ resources, scaling }: Variant, { memoryBytes }: MachineSize): string {
  const printed = resources.requests.memory;
  const fair = Math.floor((MEMORY_SHARE * memoryBytes) / maxReplicasOf(scaling));
  return parseMemoryBytes(printed) <= fair ? printed : formatMemory(fair, formatOf(printed));
}

/** A variant as the machine can carry it. */
export interface ScaledVariant {
  readonly printed: Variant;
  readonly applied: Variant;
  readonly cpuFactor: number;
  /** What differs from the printed variant, one sentence each. */
  readonly deviations: readonly string[];
}

const threadsOf = ({ limits }: Resources) => threadsFor(parseCpuMillis(limits.cpu));

/**
 * Scales a variant to the machine.
 *
 * @throws Error for a machine with one CPU
 */
export function scaleVariant(printed: Variant, machine: MachineSize): ScaledVariant {
  const cpuFactor = cpuFactorOf(printed, machine);
  const { requests, limits } = printed.resources;
  const resources: Resources = {
    requests: { cpu: scaledCpu(requests.cpu, cpuFactor), memory: memoryRequest(printed, machine) },
    limits: { cpu: scaledCpu(limits.cpu, cpuFactor), memory: limits.memory },
  };
  const [printedThreads, threads] = [threadsOf(printed.resources), threadsOf(resources)];
  const deviations = [
    ...(cpuFactor === 1
      ? []
      : [
          `CPU requests and limits are the printed ones times ${cpuFactor}, so that the limits of the largest fleet ` +
            `add up to ${podBudgetMillis(machine)}m of this machine's ${1000 * machine.cpus}m.`,
        ]),
    ...(threads === printedThreads
      ? []
      : [
          `A pod runs ${threads} of ${printedThreads} model processes, one thread each, since the CPU limit decides their number.`,
        ]),
    ...(resources.requests.memory === requests.memory
      ? []
      : [
          `Memory requests are ${resources.requests.memory} instead of ${requests.memory}, so that all replicas fit.`,
        ]),
    'The three nodes, the control plane and the load generator share one machine.',
  ];
  return { printed, applied: { ...printed, resources }, cpuFactor, deviations };
}
