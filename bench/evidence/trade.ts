/** What each model costs and gives at each precision: CPU time from this machine's experiments, accuracy from the gate. Pure. */
import { MODEL_IDS, type ModelId } from '../../models/catalog';
import type { Precision } from '../../models/engines/engine';
import { medianOf } from '../../statistics/median';
import type { MachineDocument } from './machine';

/** Accuracies of a model at each precision, measured on the same test images. */
export type Accuracies = Readonly<Record<'fp32' | 'int8', number>> & { readonly images: number };

/** One point of the trade. */
export interface TradePoint {
  readonly model: ModelId;
  readonly precision: Precision;
  /** Whether the service chooses this precision by itself. */
  readonly isDefault: boolean;
  /** CPU time per image of the whole service, milliseconds: median and range of the repetitions. */
  readonly cpuMs: number;
  readonly cpuMsRange: readonly [low: number, high: number];
  readonly repetitions: number;
  /** Share of the test images that are classified right. */
  readonly accuracy: number;
  readonly accuracyImages: number;
}

/** Models in their order, each at every precision that was measured. */
export const tradeOf = (
  { cpuPerImage }: MachineDocument,
  accuracies: Readonly<Record<ModelId, Accuracies>>,
): TradePoint[] =>
  MODEL_IDS.flatMap((model) =>
    (['fp32', 'int8'] as const).flatMap((precision) =>
      cpuPerImage
        .filter((each) => each.model === model && each.precision === precision)
        .map(({ isDefault, cpuSecondsPerImage }) => {
          const ms = cpuSecondsPerImage.map((seconds) => 1000 * seconds);
          return {
            ...{ model, precision, isDefault, repetitions: ms.length },
            cpuMs: medianOf(ms),
            cpuMsRange: [Math.min(...ms), Math.max(...ms)] as const,
            accuracy: accuracies[model][precision],
            accuracyImages: accuracies[model].images,
          };
        }),
    ),
  );
