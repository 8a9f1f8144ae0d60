/**
 * The demo's bases: both architectures at full size, pretrained on the demo's first task. The repository stores
 * only what training changed; the rest is drawn again from the seed.
 */
import { type ArchitectureId, MODEL_IDS, type ModelId, MODELS } from '../catalog';
import type { DType } from './safetensors';
import type { KernelScale } from './weights';

/** The architectures that have a demo base: those of the two models. */
export type DemoArchitectureId = (typeof MODELS)[ModelId]['architecture'];
export const DEMO_ARCHITECTURE_IDS: readonly DemoArchitectureId[] = MODEL_IDS.map(
  (id) => MODELS[id].architecture,
);

/** How a demo base starts and which of its kernels pretraining changes. */
interface DemoBase {
  readonly seed: number;
  readonly kernelScale: KernelScale;
  /** Whether pretraining changes a kernel, so that the base stores it. All other weights are always stored. */
  readonly trainsKernel: (name: string) => boolean;
}

// Blocks 1 and 10 to 19 of stage 4.
const RESNET_TRAINED = /^(conv1|conv2|conv3|conv4_block1\d?|conv5_block1|predictions)_/;

export const DEMO_BASES: Readonly<Record<DemoArchitectureId, DemoBase>> = {
  resnet101v2: {
    seed: 101,
    // Small residual branches let 33 blocks, most of them random, start near the identity.
    kernelScale: (name) => (name.endsWith('_3_conv/kernel') ? 0.2 : 1),
    trainsKernel: (name) => RESNET_TRAINED.test(name),
  },
  mobilenetv2: { seed: 2, kernelScale: () => 1, trainsKernel: () => true },
};

/**
 * Narrows an architecture to one that has a demo base.
 *
 * @throws RangeError naming the architectures that have one
 */
export function demoArchitecture(architecture: ArchitectureId): DemoArchitectureId {
  const id = DEMO_ARCHITECTURE_IDS.find((known) => known === architecture);
  if (id === undefined) {
    const known = DEMO_ARCHITECTURE_IDS.join(', ');
    throw new RangeError(
      `base.kind demo needs an architecture with a demo base, one of ${known}, received ${architecture}`,
    );
  }
  return id;
}

/** Whether pretraining changes a weight, so that the base must store it. */
export function isStored(architecture: DemoArchitectureId, name: string): boolean {
  return !name.endsWith('kernel') || DEMO_BASES[architecture].trainsKernel(name);
}

/** How a base stores a weight: kernels are large and tolerate rounding, the others are small and do not. */
export const storedDType = (name: string): DType => (name.endsWith('kernel') ? 'I8' : 'F32');

/** Name of a demo base's file in the folder of the demo's models. */
export const demoBaseFile = (architecture: DemoArchitectureId) => `${architecture}.safetensors.gz`;
