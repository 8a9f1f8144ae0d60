/** Deployments that the adviser tries: what they are and whether the nodes have room for them. Pure. */
import type { ClusterNode } from '../../infra/scheduler/cluster';
import { ROLLING_UPDATE } from '../../infra/construct/deployment-defaults';
import { formatMemory, parseMemoryBytes } from '../../infra/quantity';
import { maxReplicasOf } from '../../infra/construct/replicas';
import { place } from '../../infra/scheduler/scheduling';
import { type Resources, type Scaling, VARIANTS } from '../../infra/variants';
import { MODELS } from '../../models/catalog';
import { parallelismOf } from '../../service/inference/parallelism';
import type { ModelProfile } from './model-profile';

/** One way to deploy one model. */
export interface Candidate {
  readonly profile: ModelProfile;
  readonly cpuRequestMillis: number;
  readonly cpuLimitMillis: number;
  readonly scaling: Scaling;
}

/** CPU limits to try, millicores. Above one core they are whole cores, as the service uses no part of one. */
export const LIMITS_MILLIS: readonly number[] = [250, 500, 750, 1_000, 2_000, 3_000];
/** KRR's rule for memory: what was used, and 15 % more. */
const MEMORY_MARGIN = 1.15;
const MEBIBYTE = 1024 * 1024;

/** The most memory that a pod uses with the processes that its limit has threads for, bytes. */
export function memoryUseOf({
  profile,
  cpuLimitMillis,
}: Pick<Candidate, 'profile' | 'cpuLimitMillis'>): number {
  const { memoryBytes, memoryPerProcessBytes = memoryBytes } = profile;
  const { processes } = parallelismOf(MODELS[profile.model].architecture, cpuLimitMillis);
  return memoryBytes.value + (processes - 1) * memoryPerProcessBytes.value;
}

/** Requests and limits. The memory limit is that of the model's variant behind an HPA. */
export function resourcesOf(candidate: Candidate): Resources {
  const { profile, cpuRequestMillis, cpuLimitMillis } = candidate;
  const variant = VARIANTS.find(({ model, kind }) => model === profile.model && kind === 'hpa')!;
  const bytes = Math.ceil((MEMORY_MARGIN * memoryUseOf(candidate)) / MEBIBYTE) * MEBIBYTE;
  return {
    requests: { cpu: `${cpuRequestMillis}m`, memory: formatMemory(bytes, 'binary') },
    limits: { cpu: `${cpuLimitMillis}m`, memory: variant.resources.limits.memory },
  };
}

/** The same amounts with the memory rounded up to whole MiB: for a reader, not for a manifest. */
export const inMebibytes = ({ cpu, memory }: Resources['limits']): Resources['limits'] => ({
  cpu,
  memory: formatMemory(Math.ceil(parseMemoryBytes(memory) / MEBIBYTE) * MEBIBYTE, 'binary'),
});

/** Pods whose CPU limits the nodes can give at once; up to `most`. */
export function podsAtLimit(candidate: Candidate, nodes: readonly ClusterNode[], most: number): number {
  const { requests, limits } = resourcesOf(candidate);
  const asked = { requests: { cpu: limits.cpu, memory: requests.memory }, limits };
  return most - place(most, asked, nodes).pending;
}

/** Why the nodes cannot run it as simulated; undefined if they can. */
export function obstacleOf(candidate: Candidate, nodes: readonly ClusterNode[]): string | undefined {
  const most = maxReplicasOf(candidate.scaling);
  if (podsAtLimit(candidate, nodes, most) < most) {
    return `the nodes cannot give ${most} pods ${candidate.cpuLimitMillis}m at once, so their speed is not certain`;
  }
  const update = most + ROLLING_UPDATE.maxSurge;
  const { pending } = place(update, resourcesOf(candidate), nodes);
  return pending > 0 ? `a rolling update would hang: its surge pod does not fit` : undefined;
}

/** Replicas in words. */
export const scalingText = (scaling: Scaling): string =>
  scaling.kind === 'fixed'
    ? `${scaling.replicas} pod${scaling.replicas === 1 ? '' : 's'}`
    : `${scaling.minReplicas} to ${scaling.maxReplicas} pods at ${scaling.targetCpuPercent} %`;

/** `latency at int8, 2 pods, request 280m, limit 750m`. */
export const candidateText = ({ profile, cpuRequestMillis, cpuLimitMillis, scaling }: Candidate): string =>
  `${profile.model} at ${profile.precision}, ${scalingText(scaling)}, request ${cpuRequestMillis}m, limit ${cpuLimitMillis}m`;
