/**
 * What `tandem train` prints at its end. Pure functions.
 */
import { type BetterEpoch, betterEpochLine } from './better-epoch';
import { percent, percentRange } from '../charts/percent';
import type { ModelId } from '../models/catalog';
import type { Int8Cost } from '../models/engines/onnxruntime/int8-file';
import type { Evaluation } from '../models/evaluation/evaluation';
import { GATE } from '../models/evaluation/precision-gate';
import { mainSplit, type ModelCardFacts } from '../models/report/model-facts';
import { BASE_LIMITS } from '../models/report/model-limits';
import type { KeptCheckpoints } from '../models/training/checkpoint';
import { calibrateCommand, fp32Reason } from './fp32-reason';
import { deployCommands, deployLines, imageCommand, indented, tryCommands, tryLines } from './next-commands';

type Facts = Pick<ModelCardFacts, 'model' | 'measured'> & {
  readonly base: Pick<ModelCardFacts['base'], 'kind'>;
};

/** What a finished training leaves. */
export interface TrainingResult {
  /** Folder of the saved model. */
  readonly out: string;
  /** The model whose recipe was followed. */
  readonly recipe: ModelId;
  /** Path of the model card. */
  readonly card: string;
  readonly kept: KeptCheckpoints;
  /** Folder of the images. */
  readonly data: string;
  /** A better epoch than the one that was kept. */
  readonly betterEpoch?: BetterEpoch | undefined;
  /** What a calibration of these weights measured; undefined if there was none. */
  readonly int8Cost?: Pick<Int8Cost, 'verdict' | 'images'> | undefined;
  /** Whether int8 is fast on this CPU. */
  readonly fastInt8: boolean;
  /** Whether the settings create the namespace. */
  readonly hasNamespace: boolean;
}

/**
 * A sentence if these images do not show that the model does better than one that always answers the most common class.
 */
export function chanceWarning({ interval95, perClass, images }: Evaluation): string | undefined {
  const share = Math.max(...perClass.map(({ support }) => support)) / images;
  if (interval95[0] > share) return undefined;
  return (
    `this may be no better than chance: a model that always answers the most common class is right on ${percent(share)}; ` +
    'start from weights that know such images (--weights imagenet, or a Keras file), train for more epochs, or add images'
  );
}

/** What is known of int8: undefined if a calibration with the training's images can tell what it costs. */
function knownCost(
  { measured }: Pick<Facts, 'measured'>,
  { int8Cost }: Pick<TrainingResult, 'int8Cost'>,
): TrainingResult['int8Cost'] {
  if (int8Cost !== undefined && int8Cost.verdict !== 'too few images') return int8Cost;
  const images = measured.reduce((sum, { evaluation }) => sum + evaluation.images, 0);
  return images < GATE.minImages ? { verdict: 'too few images', images } : undefined;
}

/** The command that may make int8 the default; none if it could decide nothing. */
const usefulCalibration = (facts: Pick<Facts, 'measured'>, result: TrainingResult): string[] =>
  result.fastInt8 && knownCost(facts, result) === undefined
    ? [calibrateCommand(result.out, result.data)]
    : [];

/** Why the model is served at fp32, and the command that may change it; nothing if it is served at int8. */
function precisionLines(facts: Pick<Facts, 'measured'>, result: TrainingResult): string[] {
  const commands = usefulCalibration(facts, result);
  if (commands.length === 0) {
    const reason = fp32Reason(result.out, knownCost(facts, result), result.fastInt8);
    return reason === undefined ? [] : [`It is served ${reason}`];
  }
  return [
    'It is served at fp32. int8 takes less CPU time: this measures what it costs on the images of val and test, and makes it the default if that is little:',
    ...commands.map(indented),
  ];
}

/** The result of a training, and the commands that come next. */
export function resultLines(facts: Facts, result: TrainingResult): string[] {
  const { model, measured, base } = facts;
  const { out, recipe, card, kept, betterEpoch, hasNamespace } = result;
  const { split, evaluation } = mainSplit({ measured });
  const { accuracy, interval95, images } = evaluation;
  const warning = chanceWarning(evaluation);
  const megabytes = Math.ceil(kept.bytes / 1e6);
  return [
    `${split} accuracy: ${percent(accuracy)} of ${images} images, 95 % interval ${percentRange(interval95)} (measured)`,
    ...(warning === undefined ? [] : [warning]),
    ...BASE_LIMITS[base.kind],
    ...(betterEpoch === undefined ? [] : [betterEpochLine(betterEpoch)]),
    `model card: ${card}`,
    `kept for --resume and --finish: ${kept.names.join(', ')} (${megabytes} MB); delete them once the model is final`,
    ...tryLines([out]),
    ...precisionLines(facts, result),
    // The container image has the calibration of the model only if it is built after it.
    'Then build its container image:',
    indented(imageCommand([out])),
    ...deployLines(recipe, model, hasNamespace),
  ];
}

/** The same as the last event of a training that reports JSON Lines. */
export function resultEvent(facts: Facts, result: TrainingResult): object {
  const { out, recipe, card, kept, betterEpoch, hasNamespace } = result;
  const { split, evaluation } = mainSplit(facts);
  const { accuracy, interval95, images } = evaluation;
  const warning = chanceWarning(evaluation);
  return {
    event: 'result',
    ...{ model: facts.model, folder: out, card, split, images, accuracy, interval95 },
    ...(warning === undefined ? {} : { warning }),
    ...(betterEpoch === undefined ? {} : { betterEpoch }),
    checkpoints: kept.names,
    next: [
      ...tryCommands([out]),
      ...usefulCalibration(facts, result),
      imageCommand([out]),
      ...deployCommands(recipe, facts.model, hasNamespace),
    ],
  };
}
