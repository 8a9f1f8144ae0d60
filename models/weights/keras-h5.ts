/**
 * Reads and writes Keras weight files: HDF5 in the layout of Keras 1 and 2 (still that of `model.save('x.h5')`), and in
 * the layout of Keras 3 (`.weights.h5`, alone or in a `.keras` file).
 *
 * @see keras/src/legacy/saving/legacy_h5_format.py and keras/src/saving/saving_lib.py
 */
import { closeSync, fsyncSync, openSync, readSync, renameSync } from 'node:fs';
import { resolve } from 'node:path';

import { temporaryOf } from '../../files/temporaries';
import { cannotWrite, removeIfPossible } from '../../files/write';
import { withExtractedWeights, ZIP_SIGNATURE } from './keras-archive';
import {
  type ExpectedLayer,
  locateWeights,
  type StoredLayer,
  type StoredWeight,
} from './keras-weight-layouts';
import { checkFinite } from './finite';
import { systemErrorOf } from './hdf5-errors';
import type { WeightArray, Weights } from './weights';

/** HDF5 compiled to WebAssembly; the package has no CommonJS form. It reads and writes the host's files in place. */
async function loadHdf5() {
  const hdf5 = await import('h5wasm/node');
  const library = await hdf5.ready;
  // Otherwise the library prints its errors on stderr and continues with an invalid handle.
  library.activate_throwing_error_handler();
  return hdf5;
}

type Hdf5 = Awaited<ReturnType<typeof loadHdf5>>;
type File = InstanceType<Hdf5['File']>;
type Group = InstanceType<Hdf5['Group']>;
type Entity = ReturnType<Group['get']>;

type Dataset = InstanceType<Hdf5['Dataset']>;

const isGroup = (entity: Entity): entity is Group => entity !== null && 'keys' in entity;
const isDataset = (entity: Entity): entity is Dataset => entity !== null && 'slice' in entity;

/** The innermost cause in HDF5's error stack, which it prints last. */
function hdf5Reason(error: unknown): string {
  const lines = (error as Error).message.matchAll(/^ *#\d+: .*?\(\): (.*)$/gm);
  const reason = [...lines].at(-1)?.[1] ?? (error as Error).message;
  return reason === 'file signature not found' ? 'a file of another kind' : reason;
}

function isArchive(file: string): boolean {
  const bytes = Buffer.alloc(ZIP_SIGNATURE.length);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.toString('latin1', 0, readSync(descriptor, bytes)) === ZIP_SIGNATURE;
  } finally {
    closeSync(descriptor);
  }
}

/** @param file that the user named, for the error */
function openForReading(hdf5: Hdf5, path: string, file: string): File {
  try {
    return new hdf5.File(resolve(path), 'r');
  } catch (error) {
    throw damaged(file, error);
  }
}

const damaged = (file: string, cause: unknown): RangeError =>
  new RangeError(
    `${file} must be a whole HDF5 file, received ${hdf5Reason(cause)}; copy it again, or name a Keras file (.h5 or .keras)`,
    { cause },
  );

/** A list of texts in an attribute. Keras splits a list that is too long for HDF5 into numbered parts. */
function textList(group: Group, name: string): string[] | undefined {
  const { attrs } = group;
  const read = (key: string): string[] | undefined => {
    const value = attrs[key]?.value;
    // HDF5 stores an empty list as a list of numbers.
    return value === undefined ? undefined : Array.isArray(value) ? (value as string[]) : [];
  };
  const whole = read(name);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = read(`${name}${i}`);
    if (part === undefined) return i === 0 ? undefined : parts;
    parts.push(...part);
  }
}

function storedWeight(file: string, root: File, path: string, name: string): StoredWeight {
  const dataset = root.get(path);
  if (!isDataset(dataset)) {
    throw new RangeError(`${file} must hold weight ${path}, received none: it is not whole; copy it again`);
  }
  return { name, shape: dataset.shape ?? [], path };
}

/** Weights in the layout of Keras 1 and 2. Those of a nested model are grouped by the last folder in their names. */
function legacyLayers(file: string, root: File, group: Group, layerNames: readonly string[]): StoredLayer[] {
  return layerNames.flatMap((layerName) => {
    const layer = group.get(layerName);
    if (!isGroup(layer)) return [];
    const byLayer = new Map<string, StoredWeight[]>();
    for (const path of textList(layer, 'weight_names') ?? []) {
      const parts = [layerName, ...path.replace(/:\d+$/, '').split('/')];
      const [name, weight] = parts.slice(-2) as [string, string];
      const stored = storedWeight(file, root, `${layer.path}/${path}`, weight);
      byLayer.set(name, [...(byLayer.get(name) ?? []), stored]);
    }
    const layers = [...byLayer].map(([name, weights]) => ({ name, weights }));
    // TensorFlow 1 added a counter to the group of a layer with a repeated name.
    return layers.length === 1 ? [{ ...layers[0]!, name: layerName }] : layers;
  });
}

/** Weights in Keras 3's layout, nested models included: by position in the group `vars` of each layer. */
function keras3Layers(file: string, root: File, group: Group): StoredLayer[] {
  return group.keys().flatMap((key) => {
    const child = group.get(key);
    // The optimizer's moments and the states of random layers are not weights.
    if (!isGroup(child) || key === 'optimizer' || key === 'seed_generator') return [];
    if (key !== 'vars') return keras3Layers(file, root, child);
    const positions = child.keys();
    if (positions.length === 0) return [];
    const autoPath = group.path.slice(1);
    const name = child.attrs['name']?.value;
    const weights = positions
      .sort((a, b) => Number(a) - Number(b))
      .map((position) => storedWeight(file, root, `${child.path}/${position}`, position));
    return [{ name: typeof name === 'string' ? name : autoPath, autoPath, weights }];
  });
}

function storedLayers(file: string, root: File): StoredLayer[] {
  const whole = root.get('model_weights');
  for (const group of isGroup(whole) ? [whole, root] : [root]) {
    const layerNames = textList(group, 'layer_names');
    if (layerNames !== undefined) return legacyLayers(file, root, group, layerNames);
  }
  const layers = keras3Layers(file, root, root);
  if (layers.length > 0) return layers;
  throw new RangeError(
    `${file} must hold weights as Keras saves them, with an attribute layer_names or groups named vars, received groups ${root.keys().join(', ') || 'none'}`,
  );
}

function readValues(file: string, root: File, path: string): Float32Array {
  const dataset = root.get(path) as Dataset;
  const { dtype } = dataset;
  if (dtype !== '<f') {
    throw new RangeError(
      `${file}: ${path} must hold numbers in single precision (<f), received ${JSON.stringify(dtype)}: save the model in float32`,
    );
  }
  const values = readable(file, dataset, path);
  checkFinite(values, `${file}: ${path}`, 'choose other weights, or save the model again');
  return values;
}

function readable(file: string, dataset: Dataset, path: string): Float32Array {
  try {
    return dataset.value as Float32Array;
  } catch (error) {
    throw new RangeError(`${file}: ${path} must be readable, received ${hdf5Reason(error)}; copy it again`, {
      cause: error,
    });
  }
}

/**
 * Reads the weights of the given layers from a Keras file of any layout, whole model or weights only. Finds layers
 * by name, or else as Keras does (`locateWeights`). Ignores a dense top that is not among the layers.
 *
 * @param layers `expectedLayers` of the model
 * @returns single precision under this project's names, in the layers' order
 * @throws RangeError naming the file, the layer, what it must be and what it is; the system's error if the file
 *   cannot be opened
 */
export async function readKerasWeights(file: string, layers: readonly ExpectedLayer[]): Promise<Weights> {
  return isArchive(file)
    ? withExtractedWeights(file, (path) => readHdf5(path, file, layers))
    : readHdf5(file, file, layers);
}

async function readHdf5(path: string, file: string, layers: readonly ExpectedLayer[]): Promise<Weights> {
  const root = openForReading(await loadHdf5(), path, file);
  try {
    const weights: Weights = new Map();
    for (const { target, path: place, shape } of locateWeights(file, layers, storedLayers(file, root))) {
      weights.set(target, { shape, values: readValues(file, root, place) });
    }
    return weights;
  } catch (error) {
    // The library's own errors are stacks of forty lines that name no file.
    throw error instanceof RangeError ? error : damaged(file, error);
  } finally {
    root.close();
  }
}

/** Version of the layout's writers. Readers convert the weights of files that state none, or 1. */
const KERAS_VERSION = '2.15.0';

/** Writes fixed-length texts. HDF5 uses the last byte of each as its terminator. */
function writeTextList(group: Group, name: string, texts: readonly string[]): void {
  const length = Math.max(...texts.map((text) => Buffer.byteLength(text))) + 1;
  group.create_attribute(name, [...texts], [texts.length], `A${length}`);
}

function writeLayer(root: File, { name, weights }: ExpectedLayer, values: ReadonlyMap<string, WeightArray>) {
  const group = root.create_group(name);
  writeTextList(
    group,
    'weight_names',
    weights.map((weight) => `${name}/${weight.name}:0`),
  );
  const inner = group.create_group(name);
  for (const weight of weights) {
    const { shape, values: data } = values.get(`${name}/${weight.name}`)!;
    inner.create_dataset({ name: `${weight.name}:0`, data, shape: [...shape], dtype: '<f' });
  }
}

/**
 * Writes weights in the layout that every Keras version loads with `model.load_weights(file)` into a model with the same
 * layers. The file is written completely or not at all. HDF5 stores the time in it, so its checksum changes.
 *
 * @param layers `expectedLayers` of the model, which decide the order
 * @throws RangeError naming a weight that is missing, has another shape or a number that is not finite
 */
export async function writeKerasWeights(
  file: string,
  layers: readonly ExpectedLayer[],
  weights: ReadonlyMap<string, WeightArray>,
): Promise<void> {
  for (const { name: layer, weights: expected } of layers) {
    for (const { name, shape } of expected) {
      const weight = weights.get(`${layer}/${name}`);
      if (weight !== undefined)
        checkFinite(weight.values, `weight ${layer}/${name}`, 'train the model again');
      const found = weight?.shape;
      if (String(found) !== String(shape)) {
        throw new RangeError(
          `weight ${layer}/${name} must have shape [${shape}] to be written to ${file}, received ${found === undefined ? 'none' : `[${found}]`}`,
        );
      }
    }
  }
  const hdf5 = await loadHdf5();
  const temporary = temporaryOf(file);
  try {
    closeSync(openSync(temporary, 'w')); // for the system's error, which is clearer than HDF5's
    const root = new hdf5.File(resolve(temporary), 'w');
    try {
      writeTextList(
        root,
        'layer_names',
        layers.map(({ name }) => name),
      );
      root.create_attribute('backend', 'tensorflow');
      root.create_attribute('keras_version', KERAS_VERSION);
      for (const layer of layers) writeLayer(root, layer, weights);
    } finally {
      root.close();
    }
    const descriptor = openSync(temporary, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(temporary, file);
  } catch (error) {
    removeIfPossible(temporary);
    throw cannotWrite(file, systemErrorOf(error));
  }
}
