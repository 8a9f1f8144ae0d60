/** Measured bases with made-up figures, for the tests of what follows from them. */
import type { MeasuredBase } from '../../../models/compare/measure-base';
import type { GraphPrecision } from '../../../models/compare/measure-graph';
import { CANDIDATES } from '../../../models/compare/candidates';

/** Images that are measured. */
export const IMAGES = 200;

/** A base that is right on the first images. */
export function measuredBase(
  id: string,
  figures: Readonly<Partial<Record<GraphPrecision, { readonly right: number; readonly cpuMs: number }>>>,
): MeasuredBase {
  return {
    candidate: CANDIDATES.find((candidate) => candidate.id === id)!,
    base: { kind: 'file', sha256: 'a'.repeat(64), origin: 'weights_1.h5' },
    ...{ preprocessing: 'minus-one-to-one', weights: '/home/me/weights_1.h5' },
    ...{ parameters: 2e6, multiplyAdds: 3e8 },
    precisions: Object.entries(figures).map(([precision, { right, cpuMs }]) => ({
      precision: precision as GraphPrecision,
      correct: '1'.repeat(right) + '0'.repeat(IMAGES - right),
      ...{ cpuMs, memoryBytes: 30 * 2 ** 20, runs: 20 },
    })),
  };
}

/** The large base is the most accurate, the small one the fastest; the one at 160 pixels is not served. */
export const MEASURED = [
  measuredBase('mobilenetv2', { fp32: { right: 180, cpuMs: 8 }, int8: { right: 178, cpuMs: 4 } }),
  measuredBase('mobilenetv2-160', { fp32: { right: 175, cpuMs: 5 }, int8: { right: 120, cpuMs: 2 } }),
  measuredBase('resnet101v2', { fp32: { right: 184, cpuMs: 150 }, int8: { right: 184, cpuMs: 60 } }),
];
