/**
 * Compares two sides of a training that took the same steps from the same start: ours and real Keras'.
 */
import type { WeightArray, Weights } from '../../models/weights/weights';

/** Largest norm of a tensor's difference to Keras', as a share of the distance it travelled there. */
const WEIGHT_TOLERANCE = 1e-3;
/**
 * What rounding may come to at worst. Adam makes full steps of gradients near zero, so that a rounding can decide over a
 * unit that is rarely active: in 3 of 18 choices of images one kernel ended 1.3e-3 to 1.7e-3 of its way from Keras',
 * and in one of them Keras in single precision did so too.
 */
const ROUNDING_TOLERANCE = 3e-3;
/** Largest difference of a step's loss to Keras', as a share of it. */
const LOSS_TOLERANCE = 1e-4;

/**
 * Shifts that the next BatchNorm takes out again when it normalises by batch, so that their gradient is zero: Keras in
 * double precision does not move them. In single precision Adam makes full steps of the rounding noise.
 */
const SHIFTS_WITHOUT_GRADIENT: ReadonlySet<string> = new Set([
  'block_16_project_BN/beta',
  'conv5_block3_3_conv/bias',
]);
/** What "does not move" means, as a share of the longest way that Adam can go. */
const STANDSTILL = 1e-6;

/** Where a training ended, and its steps' figures. */
export interface Outcome {
  /** Every weight of the classifier, by `layer/weight`. */
  readonly weights: Weights;
  readonly losses: readonly number[];
  readonly accuracies: readonly number[];
}

export interface Steps {
  readonly start: Weights;
  /** Names of the weights that may change; the others must not by a bit. */
  readonly changed: ReadonlySet<string>;
  readonly batchNorm: 'inference' | 'batch';
  readonly learningRate: number;
  readonly ours: Outcome;
  readonly keras: Outcome;
}

export interface Comparison {
  /** Norm of each changed tensor's difference to Keras', as a share of the distance it travelled there. */
  readonly ratios: ReadonlyMap<string, number>;
  /** Largest difference of a step's loss to Keras', as a share of it. */
  readonly loss: number;
  /** Sentences on what is not as it must be. */
  readonly wrong: readonly string[];
  /** Whether all that is wrong may be rounding; other images tell. */
  readonly mayBeRounding: boolean;
}

const distance = (a: WeightArray, b: WeightArray): number =>
  Math.sqrt(a.values.reduce((sum, value, i) => sum + (value - b.values[i]!) ** 2, 0));

const sameBits = (a: WeightArray, b: WeightArray): boolean => {
  const [x, y] = [a, b].map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  return x!.equals(y!);
};

/** Largest of figures; NaN where one is, so that it passes no check. */
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
      // The rate a step in every direction.
      const longest = learningRate * ours.losses.length * Math.sqrt(before.values.length);
      const moved = distance(mine, before);
      check(way <= STANDSTILL * longest, `${name} must have no gradient, Keras moved it by ${way}`);
      check(moved <= longest, `${name} must move by at most ${longest}, ours moved by ${moved}`);
      continue;
    }
    const ratio = distance(mine, theirs) / way;
    ratios.set(name, ratio);
    const sentence = `${name} may differ by ${WEIGHT_TOLERANCE} of its way, received ${ratio}`;
    // Below the head there are units that are active or not.
    const isRounding = !name.startsWith('predictions/') && ratio <= ROUNDING_TOLERANCE;
    check(ratio <= WEIGHT_TOLERANCE, sentence, isRounding);
  }
  const loss = largest(keras.losses.map((wanted, step) => Math.abs(ours.losses[step]! - wanted) / wanted));
  check(loss <= LOSS_TOLERANCE, `losses may differ by ${LOSS_TOLERANCE} of Keras', received ${loss}`);
  const accuracy = largest(keras.accuracies.map((wanted, step) => Math.abs(ours.accuracies[step]! - wanted)));
  check(accuracy < 1e-6, `accuracies must be Keras', received a difference of ${accuracy}`);
  return { ratios, loss, wrong, mayBeRounding };
}
