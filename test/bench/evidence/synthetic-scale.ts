import { parseCpuMillis } from '../../../infra/quantity';
import type { Variant } from '../../../infra/variants';

/** A variant with its CPU figures times a factor. */
export function scaleVariant(variant: Variant, factor: number): Variant {
  const scaled = ({ cpu, memory }: { cpu: string; memory: string }) => ({
    cpu: `${Math.round(factor * parseCpuMillis(cpu))}m`,
    memory,
  });
  const { requests, limits } = variant.resources;
  return { ...variant, resources: { requests: scaled(requests), limits: scaled(limits) } };
}
