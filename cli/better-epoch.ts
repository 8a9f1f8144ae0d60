/**
 * Whether an earlier epoch of a training was better than the last one, whose weights it kept. Pure.
 */
import { percent } from '../charts/percent';
import type { ModelCardFacts } from '../models/report/model-facts';
import { bestEntry, type HistoryEntry } from '../models/training/history';
import { STAGE_TITLES } from '../models/recipes';
import { wilson95 } from '../statistics/intervals';

/** What of a training decides whether {@link betterEpochLine} has something to say. */
export interface TrainedEpochs {
  /** Every planned stage, also those that the training did not reach. */
  readonly stages: readonly Pick<ModelCardFacts['stages'][number], 'stage' | 'keptEpoch'>[];
  /** Number of images of each class. */
  readonly val: readonly number[] | undefined;
  readonly history: readonly HistoryEntry[];
}

/**
 * The better epoch of the last stage and how to take it; undefined if there is none, or the best one was kept. It says so
 * where the better accuracy is within the 95 % interval of the last one.
 */
export function betterEpochLine({ stages, val = [], history }: TrainedEpochs): string | undefined {
  const last = history.at(-1);
  if (last?.valAccuracy === undefined) return undefined;
  if (stages.find(({ stage }) => stage === last.stage)?.keptEpoch !== undefined) return undefined;
  const best = bestEntry(history.filter(({ stage }) => stage === last.stage))!;
  if (best.valAccuracy! <= last.valAccuracy) return undefined;
  const images = val.reduce((sum, count) => sum + count, 0);
  const [, high] = wilson95(Math.round(last.valAccuracy * images), images);
  const doubt = best.valAccuracy! > high ? '' : `; on ${images} images the difference may be chance`;
  return (
    `epoch ${best.epoch} of ${STAGE_TITLES[best.stage]} had the best val accuracy, ${percent(best.valAccuracy!)}; the last, ` +
    `which was kept, has ${percent(last.valAccuracy)}${doubt}. To take epoch ${best.epoch}, repeat the command with --finish best`
  );
}
