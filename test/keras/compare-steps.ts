/**
 * Compares our training with real Keras' after the same steps from the same start.
 */
import type { WeightArray, Weights } from '../../models/weights/weights';

/** Largest norm of a tensor's difference from Keras', as a share of the distance that it moved in Keras. */
const WEIGHT_TOLERANCE = 1e-3;
/**
 * Largest difference that rounding can cause. Adam takes full steps even for gradients near zero, so rounding can decide
 * whether a rarely active unit is active: in 3 of 18 choices of images, one kernel ended 1.3e-3 to 1.7e-3 of its way from
 * Keras', and in one of them so did Keras in single precision.
 */
const ROUNDING_TOLERANCE = 3e-3;
/** Largest difference of a step's loss to Keras', as a share of it. */
const LOSS_TOLERANCE = 1e-4;

/**
 * Shifts that the next BatchNorm removes again when it normalises by batch. Their gradient is zero, and Keras in double
 * precision does not move them; in single precision Adam takes full steps along the rounding noise.
 */
const SHIFTS_WITHOUT_GRADIENT: ReadonlySet<string> = new Set([
  'block_16_project_BN/beta',
  'conv5_block3_3_conv/bias',
]);
/** Largest movement that counts as none, as a share of the longest way that Adam can go. */
const STANDSTILL = 1e-6;

/** Final weights of a training, and the figures of its steps. */
export interface Outcome {
  /** Every weight of the classifier, by `layer/weight`. */
  readonly weights: Weights;
  readonly losses: readonly number[];
  readonly accuracies: readonly number[];
}

export interface Steps {
  readonly start: Weights;
  /** Names of the weights that may change; all others must stay the same bit for bit. */
  readonly changed: ReadonlySet<string>;
  readonly batchNorm: 'inference' | 'batch';
  readonly learningRate: number;
  readonly ours: Outcome;
  readonly keras: Outcome;
}

export interface Comparison {
  /** Norm of each changed tensor's difference from Keras', as a share of the distance that it moved in Keras. */
  readonly ratios: ReadonlyMap<string, number>;
  /** Largest difference of a step's loss to Keras', as a share of it. */
  readonly loss: number;
  /** One sentence per failure. */
  readonly wrong: readonly string[];
  /** Whether rounding may explain every failure; a run with other images decides. */
  readonly mayBeRounding: boolean;
}

const distance = (a: WeightArray, b: WeightArray): number =>
  Math.sqrt(a.values.reduce((sum, value, i) => sum + (value - b.values[i]!) ** 2, 0));

const sameBits = (a: WeightArray, b: WeightArray): boolean => {
  const [x, y] = [a, b].map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  return x!.equals(y!);
};

/** Largest of the figures; NaN if one is NaN, so that every check fails. */
const largest = (values: readonly number[]): number => Math.max(0, ...values);

const isFrozen = (name: string, { changed, batchNorm }: Steps): boolean =>
  !changed.has(name) || (batchNorm === 'inference' && /\/moving_(mean|variance)$/.test(name));

/** Compares both sides, tensor by tensor and step by step. */
export function compareSteps(steps: Steps): Comparison {
  const { start, batchNorm, learningRate, ours, keras } = steps;
  const wrong: string[] = [];
  const ratios = new Map<string, number>();
  let mayBeRounding = true;
  const check = (holds: boolean, sentence: string, isRounding = false) => {
    if (holds) return;
    wrong.push(sentence);
    mayBeRounding &&= isRounding;
  };
  for (const [name, before] of start) {
    const [mine, theirs] = [ours.weights.get(name)!, keras.weights.get(name)!];
    if (isFrozen(name, steps)) {
      check(sameBits(mine, before), `${name} must stay, ours moved by ${distance(mine, before)}`);
      check(sameBits(theirs, before), `${name} must stay, Keras' moved by ${distance(theirs, before)}`);
      continue;
    }
    const way = distance(theirs, before);
    if (batchNorm === 'batch' && SHIFTS_WITHOUT_GRADIENT.has(name)) {
      // One learning rate per step, in every direction.
      const longest = learningRate * ours.losses.length * Math.sqrt(before.values.length);
      const moved = distance(mine, before);
      check(way <= STANDSTILL * longest, `${name} must have no gradient, Keras moved it by ${way}`);
      check(moved <= longest, `${name} must move by at most ${longest}, ours moved by ${moved}`);
      continue;
    }
    const ratio = distance(mine, theirs) / way;
    ratios.set(name, ratio);
    const sentence = `${name} may differ by ${WEIGHT_TOLERANCE} of its way, received ${ratio}`;
    // Below the head, rounding can switch a unit on or off.
    const isRounding = !name.startsWith('predictions/') && ratio <= ROUNDING_TOLERANCE;
    check(ratio <= WEIGHT_TOLERANCE, sentence, isRounding);
  }
  const loss = largest(keras.losses.map((wanted, step) => Math.abs(ours.losses[step]! - wanted) / wanted));
  check(loss <= LOSS_TOLERANCE, `losses may differ by ${LOSS_TOLERANCE} of Keras', received ${loss}`);
  const accuracy = largest(keras.accuracies.map((wanted, step) => Math.abs(ours.accuracies[step]! - wanted)));
  check(accuracy < 1e-6, `accuracies must be Keras', received a difference of ${accuracy}`);
  return { ratios, loss, wrong, mayBeRounding };
}
