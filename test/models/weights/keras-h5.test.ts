/**
 * Keras' weight files. The small ones were written by real Keras (test/keras/weight_files.py). If KERAS_PYTHON names a
 * Python with test/keras/requirements.txt, real Keras also loads full-size files that we write, and we load its files.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { ARCHITECTURE_IDS, type ArchitectureId } from '../../../models/catalog';
import { buildBackbone } from '../../../models/architectures/classifier';
import { readKerasWeights, writeKerasWeights } from '../../../models/weights/keras-h5';
import { autoNames, expectedLayers, type ExpectedLayer } from '../../../models/weights/keras-weight-layouts';
import { readWeights, type Weights } from '../../../models/weights/weights';
import { sayAloud } from '../../support/aloud';
import { IMAGENET_H5 } from '../../support/imagenet-file';
import { kerasRecord, seededClassifier } from '../../support/keras-architectures';

const FIXTURES = join(__dirname, '..', '..', 'fixtures', 'keras', 'weight-files');
const fixture = (name: string) => join(FIXTURES, name);

/** The model of the small files. */
const SMALL: readonly ExpectedLayer[] = [
  {
    name: 'stem',
    className: 'Conv2D',
    weights: [
      { name: 'kernel', shape: [1, 1, 2, 3] },
      { name: 'bias', shape: [3] },
    ],
  },
  {
    name: 'stem_bn',
    className: 'BatchNormalization',
    weights: ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) => ({ name, shape: [3] })),
  },
  {
    name: 'depth',
    className: 'DepthwiseConv2D',
    weights: [{ name: 'depthwise_kernel', shape: [2, 2, 3, 1] }],
  },
  { name: 'point', className: 'Conv2D', weights: [{ name: 'kernel', shape: [1, 1, 3, 2] }] },
];

/** The small files' weights: number i of the weight at position k is 100 k + i / 8. */
const SMALL_WEIGHTS: Weights = new Map(
  SMALL.flatMap(({ name: layer, weights }) => weights.map((weight) => ({ layer, ...weight }))).map(
    ({ layer, name, shape }, k) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return [
        `${layer}/${name}`,
        { shape, values: Float32Array.from({ length }, (_, i) => 100 * k + i / 8) },
      ];
    },
  ),
);

let folder: string;
beforeAll(() => tf.enableProdMode());
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tandem-h5-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A zip archive with one compressed member. */
function zip(name: string, content: Buffer): Buffer {
  const data = deflateRawSync(content);
  const [header, entry, end] = [Buffer.alloc(30), Buffer.alloc(46), Buffer.alloc(22)];
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(name.length, 26);
  entry.write('PK\x01\x02', 'latin1');
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(crc32(content), 16);
  entry.writeUInt32LE(data.length, 20);
  entry.writeUInt16LE(name.length, 28);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(header.length + name.length + data.length, 16);
  return Buffer.concat([header, Buffer.from(name), data, entry, Buffer.from(name), end]);
}

/** The layers with one of them changed. */
const changed = (name: string, change: (layer: ExpectedLayer) => Partial<ExpectedLayer>) =>
  SMALL.map((layer) => (layer.name === name ? { ...layer, ...change(layer) } : layer));

describe('reading', () => {
  test.each([
    ['published.h5', 'as Keras 2 named weights'],
    ['notop.h5', 'in the older layout, weights only'],
    ['model.h5', 'in the older layout, the whole model'],
    ['wrapped.h5', 'in the older layout, a model inside a trained one with a top'],
    ['model.weights.h5', 'in Keras 3’s layout'],
    ['wrapped.weights.h5', 'in Keras 3’s layout, a model inside a trained one with a top'],
    ['nameless.weights.h5', 'in Keras 3’s layout without names, by class and counter'],
    ['model.keras', 'in a .keras file'],
    ['wrapped.keras', 'in a .keras file, a model inside a trained one with a top'],
    ['renamed.h5', 'in the older layout under other names and in a split list, by order'],
    ['renamed.weights.h5', 'in Keras 3’s layout under other names, by class and counter'],
  ])('%s has every weight, %s', async (name) => {
    const weights = await readKerasWeights(fixture(name), SMALL);
    expect([...weights]).toEqual([...SMALL_WEIGHTS]);
  });

  test('layers under other names are found by order beside a top, and with it', async () => {
    const top = (name: string): ExpectedLayer => ({
      name,
      className: 'Dense',
      weights: [
        { name: 'kernel', shape: [2, 3] },
        { name: 'bias', shape: [3] },
      ],
    });
    const written = [...SMALL.map((layer) => ({ ...layer, name: `old_${layer.name}` })), top('Logits')];
    const topWeights: Weights = new Map([
      ['kernel', { shape: [2, 3], values: Float32Array.from([1, 2, 3, 4, 5, 6]) }],
      ['bias', { shape: [3], values: Float32Array.from([7, 8, 9]) }],
    ]);
    const under = (prefix: string, weights: Weights) =>
      [...weights].map(([name, weight]) => [`${prefix}${name}`, weight] as const);
    const file = join(folder, 'with-top.h5');
    await writeKerasWeights(
      file,
      written,
      new Map([...under('old_', SMALL_WEIGHTS), ...under('Logits/', topWeights)]),
    );
    expect([...(await readKerasWeights(file, SMALL))]).toEqual([...SMALL_WEIGHTS]);
    const whole = await readKerasWeights(file, [...SMALL, top('predictions')]);
    expect([...whole]).toEqual([...SMALL_WEIGHTS, ...under('predictions/', topWeights)]);
    await expect(readKerasWeights(file, SMALL.slice(0, 3))).rejects.toThrow('must hold layer stem');
  });

  test.each(['published.h5', 'model.weights.h5'])('%s of another architecture is refused', async (name) => {
    const layers = changed('depth', () => ({ name: 'conv9', className: 'Conv9D' }));
    await expect(readKerasWeights(fixture(name), [...layers, SMALL[0]!])).rejects.toThrow(
      /\.h5 must hold layer conv9 \(depthwise_kernel \[2,2,3,1\]\), received .*stem.*\(4 with weights\): it is of another architecture/,
    );
  });

  test.each(['published.h5', 'model.weights.h5', 'nameless.weights.h5'])(
    '%s of another width is refused',
    async (name) => {
      const layers = changed('point', () => ({ weights: [{ name: 'kernel', shape: [1, 1, 3, 4] }] }));
      await expect(readKerasWeights(fixture(name), layers)).rejects.toThrow(
        /: layer point.*: kernel must have shape \[1,1,3,4\], received \[1,1,3,2\]: .*architecture or width/,
      );
    },
  );

  test('a layer with more weights than the file has is refused', async () => {
    const layers = changed('point', ({ weights }) => ({
      weights: [...weights, { name: 'bias', shape: [2] }],
    }));
    await expect(readKerasWeights(fixture('published.h5'), layers)).rejects.toThrow(
      'layer point must have kernel [1,1,3,2], bias [2], received kernel [1,1,3,2]',
    );
  });

  test.each(['published.h5', 'model.weights.h5'])(
    '%s is refused where it has all layers of a smaller architecture and more',
    async (name) => {
      await expect(readKerasWeights(fixture(name), SMALL.slice(0, 3))).rejects.toThrow(
        /must hold the 3 layers of the architecture and at most dense ones beside, received layer point \(.*\[1,1,3,2\]\) too/,
      );
    },
  );

  test('a file cut off anywhere is refused with what to do', async () => {
    const bytes = readFileSync(fixture('model.weights.h5'));
    const file = join(folder, 'cut.h5');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        writeFileSync(file, bytes.subarray(0, length));
        await expect(readKerasWeights(file, SMALL)).rejects.toThrow(
          /cut\.h5 must be a whole HDF5 file, received .*; copy it again/,
        );
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test('a file damaged anywhere inside is read or refused with its name, in one line', async () => {
    const bytes = readFileSync(fixture('published.h5'));
    const file = join(folder, 'bad.h5');
    const outcomes = new Set<string>();
    for (let at = 8; at < bytes.length; at += 97) {
      writeFileSync(
        file,
        Buffer.concat([bytes.subarray(0, at), Buffer.alloc(8, 0x7e), bytes.subarray(at + 8)]),
      );
      const message = await readKerasWeights(file, SMALL).then(
        () => 'read',
        (error: unknown) => (error as Error).message,
      );
      outcomes.add(message.replaceAll(file, 'FILE'));
    }
    const refusals = [...outcomes].filter((outcome) => outcome !== 'read');
    expect(refusals.filter((refusal) => !refusal.startsWith('FILE') || refusal.includes('\n'))).toEqual([]);
    expect(refusals.join('\n')).toContain('FILE must be a whole HDF5 file, received ');
  });

  test('a file of another program is refused with what to name', async () => {
    const file = join(folder, 'model.tflite');
    writeFileSync(file, 'TFL3');
    await expect(readKerasWeights(file, SMALL)).rejects.toThrow(
      `${file} must be a whole HDF5 file, received a file of another kind; copy it again, or name a Keras file (.h5 or .keras)`,
    );
  });

  test('a .keras file with compressed weights has every weight', async () => {
    const file = join(folder, 'deflated.keras');
    writeFileSync(file, zip('model.weights.h5', readFileSync(fixture('model.weights.h5'))));
    expect([...(await readKerasWeights(file, SMALL))]).toEqual([...SMALL_WEIGHTS]);
  });

  test('a zip archive without weights is refused with what to do', async () => {
    const file = join(folder, 'other.zip');
    writeFileSync(file, zip('notes.txt', Buffer.from('none')));
    await expect(readKerasWeights(file, SMALL)).rejects.toThrow(
      `${file} must be a .keras file, received a zip archive without model.weights.h5: save the model with model.save("NAME.keras")`,
    );
  });

  test('a .keras file that is cut off or changed is refused by its own name', async () => {
    const bytes = readFileSync(fixture('model.keras'));
    const changedByte = Buffer.from(bytes);
    changedByte[bytes.length >> 1]! ^= 1;
    const file = join(folder, 'damaged.keras');
    for (const damaged of [changedByte, bytes.subarray(0, -30), bytes.subarray(0, 5)]) {
      writeFileSync(file, damaged);
      await expect(readKerasWeights(file, SMALL)).rejects.toThrow(
        `${file} must be a whole .keras file, received a damaged zip archive; copy it again`,
      );
    }
  });

  test('a file that is not there is named by the system’s error', async () => {
    await expect(readKerasWeights(join(folder, 'none.h5'), SMALL)).rejects.toThrow(/ENOENT.*none\.h5/);
  });

  test('HDF5 that Keras did not write is refused', async () => {
    const { File, ready } = await import('h5wasm/node');
    await ready;
    const file = join(folder, 'other.h5');
    const root = new File(file, 'w');
    root.create_group('spectra').create_dataset({ name: 'one', data: [1, 2, 3] });
    root.close();
    await expect(readKerasWeights(file, SMALL)).rejects.toThrow(
      'must hold weights as Keras saves them, with an attribute layer_names or groups named vars, received groups spectra',
    );
  });

  test('numbers of another precision, and a list of weights that are not there, are refused by name', async () => {
    const { File, ready } = await import('h5wasm/node');
    await ready;
    const file = join(folder, 'precise.h5');
    const root = new File(file, 'w');
    root.create_attribute('layer_names', ['point'], null, 'A8');
    const group = root.create_group('point');
    group.create_attribute('weight_names', ['kernel:0'], null, 'A16');
    root.close();
    await expect(readKerasWeights(file, SMALL.slice(3))).rejects.toThrow(
      'must hold weight /point/kernel:0, received none',
    );
    const again = new File(file, 'a');
    (again.get('point') as typeof group).create_dataset({
      name: 'kernel:0',
      data: new Float64Array(6),
      shape: [1, 1, 3, 2],
    });
    again.close();
    await expect(readKerasWeights(file, SMALL.slice(3))).rejects.toThrow(
      'point/kernel:0 must hold numbers in single precision (<f), received "<d": save the model in float32',
    );
  });
});

describe('writing', () => {
  test('any finite numbers come back as they were', async () => {
    const file = join(folder, 'any.h5');
    const values = fc.float32Array({ minLength: 6, maxLength: 6, noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(values, async (kernel) => {
        const weights: Weights = new Map(SMALL_WEIGHTS).set('point/kernel', {
          shape: [1, 1, 3, 2],
          values: Float32Array.from(kernel),
        });
        await writeKerasWeights(file, SMALL, weights);
        expect([...(await readKerasWeights(file, SMALL))]).toEqual([...weights]);
      }),
      { seed: 1, numRuns: 40 },
    );
    expect(readdirSync(folder)).toEqual(['any.h5']);
  });

  test('a weight with NaN is refused by name, when it is written and when it is read', async () => {
    const file = join(folder, 'nan.h5');
    const kernel = Float32Array.of(1, 2, 3, 4, 5, 6);
    const weights = new Map(SMALL_WEIGHTS).set('point/kernel', { shape: [1, 1, 3, 2], values: kernel });
    await writeKerasWeights(file, SMALL, weights);
    const bytes = readFileSync(file);
    bytes.writeFloatLE(NaN, bytes.indexOf(Buffer.from(kernel.buffer)) + 8);
    writeFileSync(file, bytes);
    await expect(readKerasWeights(file, SMALL)).rejects.toThrow(
      /nan\.h5: \/point\/\S+ must hold finite numbers, received NaN as value 3 of 6: choose other weights/,
    );
    kernel[5] = -Infinity;
    await expect(writeKerasWeights(file, SMALL, weights)).rejects.toThrow(
      'weight point/kernel must hold finite numbers, received -Infinity as value 6 of 6',
    );
  });

  test('layers are in the model’s order, whatever that of the weights', async () => {
    const file = join(folder, 'order.h5');
    await writeKerasWeights(file, SMALL, new Map([...SMALL_WEIGHTS].reverse()));
    const renamed = SMALL.map((layer) => ({ ...layer, name: `other_${layer.name}` }));
    const values = [...(await readKerasWeights(file, renamed)).values()];
    expect(values).toEqual([...SMALL_WEIGHTS.values()]);
  });

  test('a missing or misshapen weight is refused by name', async () => {
    const weights = new Map(SMALL_WEIGHTS);
    weights.delete('point/kernel');
    await expect(writeKerasWeights(join(folder, 'a.h5'), SMALL, weights)).rejects.toThrow(
      /weight point\/kernel must have shape \[1,1,3,2\] to be written to .*a\.h5, received none/,
    );
    weights.set('point/kernel', { shape: [6], values: new Float32Array(6) });
    await expect(writeKerasWeights(join(folder, 'a.h5'), SMALL, weights)).rejects.toThrow('received [6]');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a failure half way leaves the file that was there, and nothing else', async () => {
    const file = join(folder, 'kept.h5');
    copyFileSync(fixture('published.h5'), file);
    const short = new Map(SMALL_WEIGHTS).set('point/kernel', {
      shape: [1, 1, 3, 2],
      values: new Float32Array(5),
    });
    await expect(writeKerasWeights(file, SMALL, short)).rejects.toThrow('does not match number of elements');
    expect(readdirSync(folder)).toEqual(['kept.h5']);
    expect(readFileSync(file).equals(readFileSync(fixture('published.h5')))).toBe(true);
  });
});

test.each(ARCHITECTURE_IDS)(
  'the layers of %s with weights are Keras’, in its order, which its names count',
  (id) => {
    const recorded = kerasRecord(id).layers.filter(([, , , parameters]) => parameters > 0);
    const ours = expectedLayers(buildBackbone(id)).map(({ name, className, weights }) => {
      const sizes = weights.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
      return [name, className, sizes.reduce((sum, size) => sum + size)];
    });
    expect(ours).toEqual(recorded.map(([name, className, , parameters]) => [name, className, parameters]));
  },
);

test('Keras 3’s names count each class from the second layer on', () => {
  expect(autoNames(SMALL)).toEqual(['conv2d', 'batch_normalization', 'depthwise_conv2d', 'conv2d_1']);
});

const hasRealFile = existsSync(IMAGENET_H5);
const withRealFile = hasRealFile ? test : test.skip;
if (!hasRealFile) {
  sayAloud('SKIPPED: ImageNet weights are not read whole; set IMAGENET_H5 to MobileNetV2’s without top');
}

withRealFile('MobileNetV2’s ImageNet weights are read whole', async () => {
  const layers = expectedLayers(buildBackbone('mobilenetv2'));
  const weights = await readKerasWeights(IMAGENET_H5, layers);
  expect(weights.size).toBe(260);
  let numbers = 0;
  for (const [name, { values }] of weights) {
    numbers += values.length;
    expect(values.every(Number.isFinite)).toBe(true);
    if (name.endsWith('/moving_variance')) expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  }
  expect(numbers).toBe(2_257_984);
  await expect(
    readKerasWeights(IMAGENET_H5, expectedLayers(buildBackbone('mobilenetv2_050'))),
  ).rejects.toThrow('layer Conv1: kernel must have shape [3,3,3,16], received [3,3,3,32]');
});

const PYTHON = process.env['KERAS_PYTHON'];
const withKeras = PYTHON === undefined ? test.skip : test;
if (PYTHON === undefined) {
  sayAloud('SKIPPED: weights are not compared with Keras; set KERAS_PYTHON to a Python with Keras');
}
const KERAS_TIMEOUT_MS = 240_000;

/** Names of the weights that differ in any bit; Jest's own comparison takes minutes for millions of numbers. */
function differing(actual: Weights, expected: Weights): string[] {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength);
  const isSame = (name: string) => {
    const [a, b] = [actual.get(name), expected.get(name)];
    if (a === undefined || b === undefined || String(a.shape) !== String(b.shape)) return false;
    return bytes(a.values).equals(bytes(b.values));
  };
  return [...new Set([...actual.keys(), ...expected.keys()])].filter((name) => !isSame(name));
}

function keras(script: string, ...parameters: string[]): string {
  const path = join(__dirname, '..', '..', 'keras', script);
  return execFileSync(PYTHON!, [path, ...parameters], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe.each(ARCHITECTURE_IDS)('%s and real Keras', (architecture: ArchitectureId) => {
  withKeras(
    'we read what Keras writes',
    async () => {
      keras('architectures.py', '--write-h5', folder, architecture);
      const { model } = seededClassifier(architecture);
      const expected = readWeights(model);
      const layers = expectedLayers(model);
      for (const name of [`${architecture}.h5`, `${architecture}.weights.h5`]) {
        expect(differing(await readKerasWeights(join(folder, name), layers), expected)).toEqual([]);
      }
      const backbone = layers.slice(0, -1);
      const top = ['predictions/kernel', 'predictions/bias'];
      for (const name of [`${architecture}.notop.h5`, `${architecture}.h5`, `${architecture}.weights.h5`]) {
        expect(differing(await readKerasWeights(join(folder, name), backbone), expected)).toEqual(top);
      }
    },
    KERAS_TIMEOUT_MS,
  );

  withKeras(
    'Keras loads what we write, with the top and without',
    async () => {
      const { model } = seededClassifier(architecture);
      const weights = readWeights(model);
      const file = join(folder, 'ours.h5');
      const layers = expectedLayers(model);
      await writeKerasWeights(file, layers, weights);
      expect(keras('weight_files.py', 'check', file, architecture, '--top')).toContain(
        `${weights.size} weights equal`,
      );
      await writeKerasWeights(file, layers.slice(0, -1), weights);
      expect(keras('weight_files.py', 'check', file, architecture)).toContain(
        `${weights.size - 2} weights equal`,
      );
    },
    KERAS_TIMEOUT_MS,
  );
});

(hasRealFile ? withKeras : test.skip)(
  'Keras finds the ImageNet weights that we read and write equal to the original',
  async () => {
    const layers = expectedLayers(buildBackbone('mobilenetv2'));
    const file = join(folder, 'ours.h5');
    await writeKerasWeights(file, layers, await readKerasWeights(IMAGENET_H5, layers));
    expect(keras('weight_files.py', 'same', file, IMAGENET_H5, 'mobilenetv2')).toContain('260 weights equal');
  },
  KERAS_TIMEOUT_MS,
);
