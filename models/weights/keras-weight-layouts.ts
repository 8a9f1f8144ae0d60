/**
 * Which weight of a Keras file is which weight of a model. No files here: `keras-h5.ts` reads and writes them.
 *
 * @see keras/src/legacy/saving/legacy_h5_format.py and keras/src/saving/saving_lib.py
 */
import type * as tf from '@tensorflow/tfjs';

/** A weight that a model expects: its name without the layer's, and its shape. */
export interface ExpectedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A layer with weights, in Keras' order: trainable ones first. */
export interface ExpectedLayer {
  readonly name: string;
  readonly className: string;
  readonly weights: readonly ExpectedWeight[];
}

/** A weight that a file holds: Keras 3 names it by its position in the layer, the older layout as Keras does. */
export interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where it lies in the file. */
  readonly path: string;
}

/** A layer with weights that a file holds. */
export interface StoredLayer {
  readonly name: string;
  readonly weights: readonly StoredWeight[];
  /** Keras 3 only: the layer's class and a counter, such as `conv2d_3`, after the path of its model in the file. */
  readonly autoPath?: string;
}

/** A weight under this project's name, `layer/weight`, and where a file has it. */
export interface LocatedWeight extends StoredWeight {
  readonly target: string;
}

/** The layers of a model that have weights, in its order, which is Keras'. */
export function expectedLayers(model: tf.LayersModel): ExpectedLayer[] {
  return model.layers
    .filter(({ weights }) => weights.length > 0)
    .map((layer) => ({
      name: layer.name,
      className: layer.getClassName(),
      weights: layer.weights.map(({ originalName, shape }) => ({
        name: originalName.split('/').at(-1)!,
        shape: shape as number[],
      })),
    }));
}

/** Keras' `to_snake_case` of a class: Conv2D is conv2d, DepthwiseConv2D is depthwise_conv2d. */
const snakeCase = (className: string) =>
  className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** The names that Keras 3 gives layers in a file: the class, and from the second on a counter. */
export function autoNames(layers: readonly ExpectedLayer[]): string[] {
  const counts = new Map<string, number>();
  return layers.map(({ className }) => {
    const name = snakeCase(className);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

const shapeText = (shape: readonly number[]) => `[${shape}]`;
const layerText = ({ weights }: ExpectedLayer | StoredLayer) =>
  weights.map(({ name, shape }) => `${name} ${shapeText(shape)}`).join(', ');

/** The first few names and how many there are. */
function namesText(layers: readonly StoredLayer[]): string {
  const names = layers.slice(0, 3).map(({ name }) => name);
  return `${names.join(', ')}${layers.length > names.length ? ', …' : ''} (${layers.length} with weights)`;
}

/** The only layer of a name, if there is one. */
function byName(file: string, name: string, stored: readonly StoredLayer[]): StoredLayer | undefined {
  const [first, second] = stored.filter((layer) => layer.name === name);
  if (second !== undefined) {
    throw new RangeError(
      `${file} must hold one layer ${name}, received two: save the model that has one of them alone`,
    );
  }
  return first;
}

/** Keras 3's own rule, by class and counter, within the one model of the file that has them all. */
function byAutoPath(
  expected: readonly ExpectedLayer[],
  stored: readonly StoredLayer[],
): StoredLayer[] | undefined {
  const found = new Map(stored.map((layer) => [layer.autoPath, layer]));
  const models = new Set(stored.map(({ autoPath }) => autoPath?.slice(0, autoPath.lastIndexOf('/') + 1)));
  for (const model of models) {
    const layers = autoNames(expected).map((name) => found.get(`${model}${name}`));
    if (layers.every((layer) => layer !== undefined)) return layers;
  }
  return undefined;
}

/** A dense layer, as a top is. */
const isDense = ({ weights }: StoredLayer): boolean => weights[0]?.shape.length === 2;

/** The older layout's own rule, by order; a top comes last. Keras' published MobileNetV2 has other names than Keras. */
function byOrder(
  expected: readonly ExpectedLayer[],
  stored: readonly StoredLayer[],
): StoredLayer[] | undefined {
  const others = stored.slice(expected.length);
  return stored.length >= expected.length && others.every(isDense)
    ? stored.slice(0, expected.length)
    : undefined;
}

/** The stored layer of each expected one. */
function matchLayers(
  file: string,
  expected: readonly ExpectedLayer[],
  stored: readonly StoredLayer[],
): StoredLayer[] {
  const named = expected.map(({ name }) => byName(file, name, stored));
  const missing = expected[named.indexOf(undefined)];
  if (missing === undefined) return named as StoredLayer[];
  const isKeras3 = stored.some(({ autoPath }) => autoPath !== undefined);
  const other = isKeras3 ? byAutoPath(expected, stored) : byOrder(expected, stored);
  if (other !== undefined) return other;
  throw new RangeError(
    `${file} must hold layer ${missing.name} (${layerText(missing)}), received ${namesText(stored)}: it is of another architecture, or not whole`,
  );
}

/** A dense layer beside the expected ones is a top and may be left out; anything else means another architecture. */
function refuseOthers(file: string, used: readonly StoredLayer[], stored: readonly StoredLayer[]): void {
  const other = stored.find((layer) => !used.includes(layer) && !isDense(layer));
  if (other !== undefined) {
    throw new RangeError(
      `${file} must hold the ${used.length} layers of the architecture and at most dense ones beside, received layer ${other.name} (${layerText(other)}) too: it is of another architecture, or save the backbone alone`,
    );
  }
}

/** Keras 2 calls a depthwise kernel `depthwise_kernel`, Keras 3 and the oldest files `kernel`. */
const sameWeight = (expected: string, stored: string) =>
  expected === stored || (expected === 'depthwise_kernel' && stored === 'kernel');

/** The stored weight of each of a layer's: by name, or by position where Keras goes by position alone. */
function matchWeights(file: string, expected: ExpectedLayer, stored: StoredLayer): LocatedWeight[] {
  const alias = stored.name === expected.name ? '' : `, ${stored.name} in the file`;
  if (stored.weights.length !== expected.weights.length) {
    throw new RangeError(
      `${file}: layer ${expected.name}${alias} must have ${layerText(expected)}, received ${layerText(stored)}: it is of another architecture`,
    );
  }
  const named = expected.weights.map(({ name }) => stored.weights.find((w) => sameWeight(name, w.name)));
  const matched = named.every((weight) => weight !== undefined) ? named : stored.weights;
  return expected.weights.map(({ name, shape }, i) => {
    const weight = matched[i]!;
    if (String(weight.shape) !== String(shape)) {
      throw new RangeError(
        `${file}: layer ${expected.name}${alias}: ${name} must have shape ${shapeText(shape)}, received ${shapeText(weight.shape)}: it is of another architecture or width`,
      );
    }
    return { ...weight, target: `${expected.name}/${name}` };
  });
}

/**
 * Finds each expected weight in a file: by the layers' names; failing that as Keras itself does, by class and counter
 * in Keras 3's layout, and by order in the older one. Dense layers beside the expected ones, a top, are left out.
 *
 * @param file its name, for messages
 * @throws RangeError naming the file, the layer, what was expected and what was found
 */
export function locateWeights(
  file: string,
  expected: readonly ExpectedLayer[],
  stored: readonly StoredLayer[],
): LocatedWeight[] {
  const matched = matchLayers(file, expected, stored);
  refuseOthers(file, matched, stored);
  return expected.flatMap((layer, i) => matchWeights(file, layer, matched[i]!));
}
