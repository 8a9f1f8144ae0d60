/**
 * What the API server refuses about a pod's requests beside its limits, in its words. Pure functions.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/core/validation/validation.go (validateResourceRequirements)
 */
import { canonicalCpu, canonicalMemory } from '../quantity';
import { type Quantities, readAmount } from './pod-resources';

/** Requests and limits, with the path of the field that holds them. */
export interface ListsAt {
  readonly path: string;
  readonly requests: Quantities;
  readonly limits: Quantities;
}

/** Whether a request must be its limit: of devices and other extended resources, and of huge pages. */
const mustEqualLimit = (resource: string): boolean =>
  resource.startsWith('hugepages-') || (resource.includes('/') && !resource.includes('kubernetes.io/'));

/** A quantity as the API server writes it. */
const written = (resource: string, text: string): string =>
  resource === 'cpu' ? canonicalCpu(text) : canonicalMemory(text);

/**
 * One sentence for each request that its limit does not allow.
 *
 * @throws Error naming the path and the resource for an unreadable quantity
 */
export const requestRefusals = ({ path, requests, limits }: ListsAt): string[] =>
  Object.entries(requests).flatMap(([resource, request]) => {
    const limit = limits[resource];
    if (limit === undefined) {
      return mustEqualLimit(resource)
        ? [`${path}.limits: Required value: Limit must be set for non overcommitable resources`]
        : [];
    }
    const requested = readAmount(`${path}.requests`, requests, resource).amount;
    const limited = readAmount(`${path}.limits`, limits, resource).amount;
    const words = mustEqualLimit(resource) ? 'equal to' : 'less than or equal to';
    return requested > limited || (mustEqualLimit(resource) && requested < limited)
      ? [
          `${path}.requests: Invalid value: "${written(resource, request)}": must be ${words} ${resource} limit of ` +
            written(resource, limit),
        ]
      : [];
  });
