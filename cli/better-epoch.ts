/**
 * Whether an earlier epoch of a training was better than the last one, whose weights it kept. Pure.
 */
import { percent } from '../charts/percent';
import type { ModelCardFacts } from '../models/report/model-facts';
import { bestEntry, type HistoryEntry } from '../models/training/history';
import { STAGE_TITLES, type StageName } from '../models/recipes';
import { wilson95 } from '../statistics/intervals';

/** What of a training decides whether an earlier epoch was better. */
export interface TrainedEpochs {
  /** Every planned stage, also those that the training did not reach. */
  readonly stages: readonly Pick<ModelCardFacts['stages'][number], 'stage' | 'keptEpoch'>[];
  /** Number of images of each class. */
  readonly val: readonly number[] | undefined;
  readonly history: readonly HistoryEntry[];
}

/** An earlier epoch that was better than the last one, of the same stage. Accuracies are shares of val. */
export interface BetterEpoch {
  readonly stage: StageName;
  readonly epoch: number;
  readonly valAccuracy: number;
  /** Of the last epoch, which was kept. */
  readonly lastValAccuracy: number;
  /** Number of images of val. */
  readonly images: number;
}

/** The better epoch of the last stage; undefined if there is none, or the best one was kept. */
export function findBetterEpoch({ stages, val = [], history }: TrainedEpochs): BetterEpoch | undefined {
  const last = history.at(-1);
  if (last?.valAccuracy === undefined) return undefined;
  if (stages.find(({ stage }) => stage === last.stage)?.keptEpoch !== undefined) return undefined;
  const { stage, epoch, valAccuracy } = bestEntry(history.filter((entry) => entry.stage === last.stage))!;
  if (valAccuracy! <= last.valAccuracy) return undefined;
  const images = val.reduce((sum, count) => sum + count, 0);
  return { stage, epoch, valAccuracy: valAccuracy!, lastValAccuracy: last.valAccuracy, images };
}

/** The same as a line to print, with how to take it. It says so where the difference is within the last one's 95 % interval. */
export function betterEpochLine({ stage, epoch, valAccuracy, lastValAccuracy, images }: BetterEpoch): string {
  const [, high] = wilson95(Math.round(lastValAccuracy * images), images);
  const doubt = valAccuracy > high ? '' : `; on ${images} images the difference may be chance`;
  return (
    `epoch ${epoch} of ${STAGE_TITLES[stage]} had the best val accuracy, ${percent(valAccuracy)}; the last, ` +
    `which was kept, has ${percent(lastValAccuracy)}${doubt}. To take epoch ${epoch}, repeat the command with --finish best`
  );
}
