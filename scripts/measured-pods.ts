/**
 * What the pods of a model used in the experiments on real pods.
 */
import { mostMemory } from '../bench/adviser/model-profile';
import type { Evidence } from '../bench/evidence/evidence';
import { type ArchitectureId, type ModelId, MODELS } from '../models/catalog';

/** What a pod was measured to use; of other architectures and precisions nothing is known. */
export interface MeasuredPod {
  readonly architecture: ArchitectureId;
  readonly precision: string;
  /** CPU time per image below the knee of a single pod, milliseconds. */
  readonly cpuMsPerImage: number;
  /** The most memory that any pod used, bytes. */
  readonly memoryBytes: number;
}

/** What the pods of a model used; undefined if that was not measured. */
export function measuredPodOf({ runs, curves, machine }: Evidence, model: ModelId): MeasuredPod | undefined {
  const precision = machine?.cpuPerImage.find((each) => each.model === model && each.isDefault)?.precision;
  const curve = curves.get(`${model}-single-pod`);
  const memory = mostMemory(runs.filter((run) => run.model === model));
  if (precision === undefined || curve === undefined || memory === undefined) return undefined;
  const cpuMsPerImage = Math.round(1e4 * curve.cpuSecondsPerImage) / 10;
  const { architecture } = MODELS[model];
  return { architecture, precision, cpuMsPerImage, memoryBytes: memory.value };
}
