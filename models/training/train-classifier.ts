/**
 * The two-stage recipe: the head on a frozen backbone, then the last layers of the backbone too. It can be resumed after
 * any epoch.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type * as tf from '@tensorflow/tfjs';

import { HEAD_NAME } from '../architectures/classifier';
import {
  type BatchNormMode,
  type Recipe,
  type Stage,
  STAGE_TITLES,
  type StageName,
  STAGES,
} from '../recipes';
import { readWeights, seededWeight, setWeights, variables, type Weights } from '../weights/weights';
import {
  type ActivationSource,
  activationSource,
  type BatchSource,
  MAX_ACTIVATION_BYTES,
  repeatedActivations,
  type TrunkBatch,
} from './activation-source';
import { createAdam, isMoment } from './adam';
import {
  bestFileOf,
  type Checkpoint,
  CHECKPOINT_NAME,
  type Fingerprint,
  isBetter,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from './checkpoint';
import type { EpochRecord, StepRecord } from './progress';
import { type SplitClassifier, splitClassifier } from './split-classifier';
import { evaluateStep, type Learner, learnerOf, trainStep } from './step';
import { openTrunk } from './trunk';

/** The inputs of a training of both stages. The only files that it reads and writes are its checkpoints. */
export interface Training {
  /** A classifier with the weights of its base; training changes them in place. */
  readonly classifier: tf.LayersModel;
  readonly recipe: Recipe;
  readonly batchNorm: BatchNormMode;
  /** Weight of each class in the loss. @default 1 for each */
  readonly classWeights?: readonly number[];
  readonly train: BatchSource;
  /** Images to validate on, without augmentation: always its epoch 0. */
  readonly validation?: BatchSource;
  readonly seed: number;
  /** Threads of the trunk; the tail uses those of the tfjs backend. */
  readonly threads: number;
  /** Memory for the activations of images that never change. @default MAX_ACTIVATION_BYTES */
  readonly maxActivationBytes?: number;
  /** Folder of the checkpoints. */
  readonly folder: string;
  readonly fingerprint: Fingerprint;
  /** Whether to resume from the checkpoint in `folder`. */
  readonly resume: boolean;
  /** Ends a stage after this many epochs without a lower validation loss. @default never */
  readonly earlyStoppingEpochs?: number | undefined;
  /** Which weights each stage keeps: those of its last epoch, or of its best epoch by validation accuracy. */
  readonly keep: 'last' | 'best';
  readonly onStep?: (record: StepRecord) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Called with the state of the checkpoint that a training resumes from. */
  readonly onResume?: (state: TrainingState) => void;
}

/**
 * Trains both stages, or the rest of them after a checkpoint; a stage of 0 epochs is skipped.
 *
 * @returns the weights that training may have changed, by `layer/weight`
 * @throws RangeError as {@link readCheckpoint} does, or when the loss is no finite number any more
 */
export async function trainClassifier(training: Training): Promise<Weights> {
  const { classifier, recipe, seed } = training;
  const file = join(training.folder, CHECKPOINT_NAME);
  const checkpoint = training.resume ? readCheckpoint(file, training.fingerprint) : undefined;
  const kernel = `${HEAD_NAME}/kernel`;
  const { shape } = readWeights(classifier, [kernel]).get(kernel)!;
  setWeights(classifier, new Map([[kernel, { shape, values: seededWeight(seed, kernel, shape) }]]));
  if (checkpoint !== undefined) {
    training.onResume?.(checkpoint.state);
    const weights = [...checkpoint.tensors].filter(([name]) => !isMoment(name));
    setWeights(classifier, new Map(weights));
  }
  let changed: string[] = [];
  for (const stage of STAGES) {
    const split = splitClassifier(classifier, stage === 'head' ? 0 : recipe.fineTune.layersUnfrozen);
    if (stage === 'head' || recipe.fineTune.epochs > 0) changed = changedBy(classifier, split);
    const done = checkpoint !== undefined && STAGES.indexOf(checkpoint.state.stage) > STAGES.indexOf(stage);
    if (done || recipe[stage].epochs === 0) continue;
    const resumed = checkpoint?.state.stage === stage ? checkpoint : undefined;
    await trainStage(training, stage, split, changed, resumed);
  }
  return readWeights(classifier, changed);
}

/** Names of all weights that a stage may change, including the moving statistics of un-frozen BatchNorm. */
const changedBy = (classifier: tf.LayersModel, { trained }: SplitClassifier): string[] =>
  [...variables(classifier).keys()].filter((name) => trained.includes(name.slice(0, name.lastIndexOf('/'))));

async function trainStage(
  training: Training,
  stage: StageName,
  split: SplitClassifier,
  changed: readonly string[],
  resumed: Checkpoint | undefined,
): Promise<void> {
  const { classifier, recipe, folder, fingerprint, earlyStoppingEpochs } = training;
  const { epochs } = recipe[stage];
  const bestFile = bestFileOf(folder, stage);
  if (resumed === undefined) rmSync(bestFile, { force: true });
  const learner = learnerOf(classifier, split);
  const trunk = await openTrunk(split.trunk, training.threads);
  const adam = createAdam(
    learner.trainable,
    resumed && { step: resumed.state.optimizerStep, moments: resumed.tensors },
  );
  try {
    const { batchSize } = recipe;
    const memory = { remainingBytes: training.maxActivationBytes ?? MAX_ACTIVATION_BYTES };
    const images = training.validation;
    const validation = images && (await repeatedActivations(images, trunk, memory));
    const train = await activationSource(training.train, trunk, { seed: training.seed, batchSize, memory });
    let { epochsDone = 0, stopped = false, lowestLoss }: Partial<TrainingState> = resumed?.state ?? {};
    // Not the checkpoint's: a kill between the two writes leaves the best epoch's file ahead of it.
    let best = resumed && readCheckpoint(bestFile, fingerprint)?.state.best;
    while (epochsDone < epochs && !stopped) {
      const epoch = epochsDone + 1;
      const record = await trainEpoch(training, { stage, epoch, learner, train, adam, validation });
      const { valAccuracy, valLoss } = record;
      if (valAccuracy !== undefined && valLoss !== undefined) {
        const candidate = { epoch, accuracy: valAccuracy, loss: valLoss };
        if (isBetter(candidate, best)) {
          best = candidate;
          const tensors = readWeights(classifier, changed);
          writeCheckpoint(bestFile, {
            state: { stage, epochsDone: epoch, optimizerStep: adam.step(), best, lowestLoss, stopped: false },
            fingerprint,
            tensors,
          });
        }
        if (lowestLoss === undefined || valLoss < lowestLoss.loss) lowestLoss = { epoch, loss: valLoss };
        stopped = earlyStoppingEpochs !== undefined && epoch - lowestLoss.epoch >= earlyStoppingEpochs;
      }
      epochsDone = epoch;
      // Before the checkpoint: after a crash in between, resuming can cut a history that is too long, not extend one.
      training.onEpoch?.(record);
      writeCheckpoint(join(folder, CHECKPOINT_NAME), {
        state: { stage, epochsDone, optimizerStep: adam.step(), best, lowestLoss, stopped },
        fingerprint,
        tensors: new Map([...readWeights(classifier, changed), ...adam.moments()]),
      });
    }
  } finally {
    adam.dispose();
    await trunk.close();
  }
  const kept = training.keep === 'best' ? readCheckpoint(bestFile, fingerprint) : undefined;
  if (kept !== undefined) setWeights(classifier, kept.tensors);
}

/** An epoch of a stage, with the parts of the stage that it uses. */
interface Epoch {
  readonly stage: StageName;
  readonly epoch: number;
  readonly learner: Learner;
  readonly train: ActivationSource;
  readonly adam: ReturnType<typeof createAdam>;
  readonly validation: (() => AsyncIterable<TrunkBatch> | Iterable<TrunkBatch>) | undefined;
}

async function trainEpoch(
  training: Training,
  { stage, epoch, learner, train, adam, validation }: Epoch,
): Promise<EpochRecord> {
  const { recipe, batchNorm, classWeights } = training;
  const steps = training.train.stepsPerEpoch;
  const labelSmoothing = recipe.labelSmoothing ?? 0;
  const started = performance.now();
  // Both stages count their epochs from 1, but must not draw the same orders and augmentations.
  const drawnEpoch = (stage === 'head' ? 0 : recipe.head.epochs) + epoch;
  let [lossSum, correct, count, step] = [0, 0, 0, 0];
  let learningRate = 0;
  for await (const { activations, labels } of train(drawnEpoch)) {
    const stageStep = (epoch - 1) * steps + step;
    learningRate = learningRateAt(recipe[stage], stageStep, recipe[stage].epochs * steps);
    const options = { batchNorm, classWeights, labelSmoothing };
    const result = trainStep(learner, activations, labels, options, (gradients) =>
      adam.apply(gradients, learningRate),
    );
    lossSum += result.lossSum;
    correct += result.correct;
    count += labels.length;
    step += 1;
    checkLoss(lossSum, training, { stage, epoch, step });
    training.onStep?.({ stage, epoch, step, steps, loss: lossSum / count, accuracy: correct / count });
    // Kept activations come without waiting for anything, and only the event loop handles Ctrl-C.
    await setImmediate();
  }
  const figures = { loss: lossSum / count, accuracy: correct / count };
  let [valLossSum, valCorrect, valCount] = [0, 0, 0];
  for await (const { activations, labels } of validation?.() ?? []) {
    const result = evaluateStep(learner, activations, labels, labelSmoothing);
    valLossSum += result.lossSum;
    checkLoss(valLossSum, training, { stage, epoch, step });
    valCorrect += result.correct;
    valCount += labels.length;
    // As after a training step.
    await setImmediate();
  }
  return {
    stage,
    epoch,
    ...figures,
    ...(valCount === 0 ? {} : { valLoss: valLossSum / valCount, valAccuracy: valCorrect / valCount }),
    learningRate,
    seconds: (performance.now() - started) / 1000,
  };
}

/**
 * Ends a training whose loss is no number any more: every later epoch would be the same, and no such weights are written.
 *
 * @throws RangeError naming the step, the probable cause and the remedy
 */
function checkLoss(
  lossSum: number,
  { recipe }: Pick<Training, 'recipe'>,
  { stage, epoch, step }: { readonly stage: StageName; readonly epoch: number; readonly step: number },
): void {
  if (Number.isFinite(lossSum)) return;
  const option = stage === 'head' ? '--head-learning-rate' : '--fine-tune-learning-rate';
  throw new RangeError(
    `the loss must be a finite number, received ${lossSum} after step ${step} of epoch ${epoch} of ${STAGE_TITLES[stage]}: ` +
      `start again with another --out and a lower ${option} (it is ${recipe[stage].learningRate})`,
  );
}

/**
 * Learning rate of a step: constant, or falling to zero along half a cosine.
 *
 * @param step counted from 0 through the stage
 * @param steps of the whole stage
 */
export function learningRateAt({ learningRate, schedule }: Stage, step: number, steps: number): number {
  if (schedule !== 'cosine') return learningRate;
  return (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}
