/**
 * The two-stage recipe: the head on a frozen backbone, then the backbone's last layers too. Resumable by epoch.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type * as tf from '@tensorflow/tfjs';

import { HEAD_NAME } from '../architectures/classifier';
import { type BatchNormMode, type Recipe, type Stage, type StageName, STAGES } from '../recipes';
import { readWeights, seededWeight, setWeights, variables, type Weights } from '../weights/weights';
import {
  type ActivationSource,
  activationSource,
  type BatchSource,
  MOST_ACTIVATION_BYTES,
  repeatedActivations,
  type TrunkBatch,
} from './activation-source';
import { createAdam } from './adam';
import {
  type Checkpoint,
  CHECKPOINT_NAME,
  type Fingerprint,
  isBetter,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from './checkpoint';
import { type SplitClassifier, splitClassifier } from './split-classifier';
import { evaluateStep, type Learner, learnerOf, trainStep } from './step';
import { openTrunk } from './trunk';

/** What an epoch came to. Training figures are means over the epoch, as the model changed; validation is at its end. */
export interface EpochRecord {
  readonly stage: StageName;
  /** Counted from 1 in each stage. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  /** At the epoch's end. */
  readonly learningRate: number;
  readonly seconds: number;
}

/** Running figures within an epoch. */
export interface StepRecord {
  readonly stage: StageName;
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** All that a training of both stages needs; of files it knows its checkpoints only. */
export interface Training {
  /** A classifier filled from its base; training changes it in place. */
  readonly classifier: tf.LayersModel;
  readonly recipe: Recipe;
  readonly batchNorm: BatchNormMode;
  readonly classWeights?: readonly number[];
  readonly train: BatchSource;
  /** Its first epoch is used, without augmentation. */
  readonly validation?: BatchSource;
  readonly seed: number;
  /** Threads of the trunk; the tail's are those of the tfjs backend. */
  readonly threads: number;
  /** Memory for what the trunk says of images that never change. @default MOST_ACTIVATION_BYTES */
  readonly mostActivationBytes?: number;
  /** Where checkpoints go. */
  readonly folder: string;
  readonly fingerprint: Fingerprint;
  readonly resume: boolean;
  /** Ends a stage after so many epochs whose validation loss was no better than the best before. */
  readonly earlyStoppingEpochs?: number | undefined;
  /** Weights to keep of each stage: those of its last epoch, or of its best by validation accuracy. */
  readonly keep: 'last' | 'best';
  readonly onStep?: (record: StepRecord) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Called with the state that a resumed training starts from. */
  readonly onResume?: (state: TrainingState) => void;
}

const BEST = 'best.safetensors';

/** Learning rate of a step: constant, or half a cosine to zero. */
export function learningRateAt({ learningRate, schedule }: Stage, step: number, steps: number): number {
  if (schedule !== 'cosine') return learningRate;
  return (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
}

/** Names of all weights that a stage may change, the moving statistics of un-frozen BatchNorm included. */
const changedBy = (classifier: tf.LayersModel, { trained }: SplitClassifier): string[] =>
  [...variables(classifier).keys()].filter((name) => trained.includes(name.slice(0, name.lastIndexOf('/'))));

/**
 * Trains both stages, or what is left of them; a stage of no epochs is left out.
 *
 * @returns the weights that training may have changed, by `layer/weight`
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
    const weights = [...checkpoint.tensors].filter(([name]) => !name.startsWith('adam/'));
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

async function trainStage(
  training: Training,
  stage: StageName,
  split: SplitClassifier,
  changed: readonly string[],
  resumed: Checkpoint | undefined,
): Promise<void> {
  const { classifier, recipe, folder, fingerprint, earlyStoppingEpochs } = training;
  const { epochs } = recipe[stage];
  const bestFile = join(folder, `${stage}-${BEST}`);
  if (resumed === undefined) rmSync(bestFile, { force: true });
  const learner = learnerOf(classifier, split);
  const trunk = await openTrunk(split.trunk, training.threads);
  const adam = createAdam(
    learner.trainable,
    resumed && { step: resumed.state.optimizerStep, moments: resumed.tensors },
  );
  try {
    const { batchSize } = recipe;
    const memory = { leftBytes: training.mostActivationBytes ?? MOST_ACTIVATION_BYTES };
    const validated = training.validation;
    const validation = validated && (await repeatedActivations(() => validated.epoch(0), trunk, memory));
    const train = await activationSource(training.train, trunk, { seed: training.seed, batchSize, memory });
    let { epochsDone = 0, best, stopped = false, lowestLoss }: Partial<TrainingState> = resumed?.state ?? {};
    while (epochsDone < epochs && !stopped) {
      const epoch = epochsDone + 1;
      const record = await trainEpoch(training, { stage, epoch, learner, train, adam, validation });
      const { valAccuracy, valLoss } = record;
      if (valAccuracy !== undefined && valLoss !== undefined) {
        const found = { epoch, accuracy: valAccuracy, loss: valLoss };
        if (isBetter(found, best)) {
          best = found;
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
      // Before the checkpoint: what a crash between the two leaves too much in a history can be cut, what it lacks not.
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
  const best = training.keep === 'best' ? readCheckpoint(bestFile, fingerprint) : undefined;
  if (best !== undefined) setWeights(classifier, best.tensors);
}

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
  // The stages' draws differ though both count their epochs from 1.
  const drawn = (stage === 'head' ? 0 : recipe.head.epochs) + epoch;
  let [lossSum, right, count, step] = [0, 0, 0, 0];
  let learningRate = 0;
  for await (const { activations, labels } of train(drawn)) {
    const done = (epoch - 1) * steps + step;
    learningRate = learningRateAt(recipe[stage], done, recipe[stage].epochs * steps);
    const options = { batchNorm, classWeights, labelSmoothing };
    const result = trainStep(learner, activations, labels, options, (gradients) =>
      adam.apply(gradients, learningRate),
    );
    lossSum += result.lossSum;
    right += result.right;
    count += labels.length;
    step += 1;
    training.onStep?.({ stage, epoch, step, steps, loss: lossSum / count, accuracy: right / count });
  }
  const figures = { loss: lossSum / count, accuracy: right / count };
  let [valLossSum, valRight, valCount] = [0, 0, 0];
  for await (const { activations, labels } of validation?.() ?? []) {
    const result = evaluateStep(learner, activations, labels, labelSmoothing);
    valLossSum += result.lossSum;
    valRight += result.right;
    valCount += labels.length;
    // Nothing else here waits, and Ctrl-C is heard only by a process that does.
    await setImmediate();
  }
  return {
    stage,
    epoch,
    ...figures,
    ...(valCount === 0 ? {} : { valLoss: valLossSum / valCount, valAccuracy: valRight / valCount }),
    learningRate,
    seconds: (performance.now() - started) / 1000,
  };
}
