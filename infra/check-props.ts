/**
 * Refuses what Kubernetes would refuse, or take and never run, while the manifest is made.
 */
import type { InferenceServiceProps } from './inference-service';
import { parseCpuMillis, parseMemoryBytes } from './quantity';
import type { Resources, Scaling } from './variants';

/** A Service's name, the strictest of those that the objects share (DNS-1035 label). */
const NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

function checkAtLeast(field: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${field} must be a whole number of at least ${least}, received ${value}`);
  }
}

function checkScaling(name: string, scaling: Scaling): void {
  if (scaling.kind === 'fixed') {
    checkAtLeast(`${name}: replicas`, scaling.replicas, 1);
    return;
  }
  const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
  checkAtLeast(`${name}: minReplicas`, minReplicas, 1);
  checkAtLeast(`${name}: maxReplicas`, maxReplicas, 1);
  checkAtLeast(`${name}: targetCpuPercent`, targetCpuPercent, 1);
  if (maxReplicas < minReplicas) {
    throw new Error(
      `${name}: maxReplicas must be at least minReplicas, received ${maxReplicas} and ${minReplicas}`,
    );
  }
}

function checkResources(name: string, { requests, limits }: Resources): void {
  const amounts = [
    ['cpu', parseCpuMillis],
    ['memory', parseMemoryBytes],
  ] as const;
  for (const [resource, parse] of amounts) {
    if (parse(requests[resource]) > parse(limits[resource])) {
      throw new Error(
        `${name}: requests.${resource} must be at most limits.${resource}, ` +
          `received ${requests[resource]} and ${limits[resource]}`,
      );
    }
  }
}

/**
 * Checks the figures and the name of a service.
 *
 * @throws Error naming field, value and what it may be; RangeError for what is no quantity
 */
export function checkProps({ name, scaling, resources }: InferenceServiceProps): void {
  if (!NAME.test(name)) {
    throw new Error(
      `name must be at most 63 of a-z, 0-9 and -, starting with a letter and not ending with -, received ${name}`,
    );
  }
  checkScaling(name, scaling);
  checkResources(name, resources);
}
