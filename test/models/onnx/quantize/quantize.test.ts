import * as tf from '@tensorflow/tfjs';

import { batchNormalization } from '../../../../models/architectures/batch-norm';
import { openSession, runOutputs, runSession } from '../../../../models/engines/onnxruntime/session';
import { graphOf } from '../../../../models/onnx/export';
import { encodeModel, type Graph } from '../../../../models/onnx/proto';
import { groupsOf, widenFirstConvolution } from '../../../../models/onnx/quantize/first-convolution';
import { prepare } from '../../../../models/onnx/quantize/prepare';
import {
  convolutionInputs,
  quantize,
  type Ranges,
  storedTensors,
} from '../../../../models/onnx/quantize/quantize';

beforeAll(() => tf.enableProdMode());

type Layers = (x: tf.SymbolicTensor) => tf.SymbolicTensor;
const then = (x: tf.SymbolicTensor, ...layers: tf.layers.Layer[]) =>
  layers.reduce((value, layer) => layer.apply(value) as tf.SymbolicTensor, x);
const conv = (args: object) => tf.layers.conv2d({ filters: 16, kernelSize: 3, ...args });
const norm = (name: string) => batchNormalization({ name, epsilon: 1e-3 });
const add = (...inputs: tf.SymbolicTensor[]) => tf.layers.add().apply(inputs) as tf.SymbolicTensor;
const pad = () =>
  tf.layers.zeroPadding2d({
    padding: [
      [1, 1],
      [1, 1],
    ],
  });
const relu = (maxValue?: number) => tf.layers.reLU(maxValue === undefined ? {} : { maxValue });

const SIDE = 16;
const SHAPE = [2, SIDE, SIDE, 3] as const;

/** Graphs that hold each operation that has an integer form. */
const GRAPHS: [string, Layers][] = [
  ['a first convolution that is widened', (x) => then(x, conv({ strides: 2, padding: 'same' }), relu(6))],
  [
    'a first convolution of seven by seven after padding',
    (x) =>
      then(
        x,
        tf.layers.zeroPadding2d({
          padding: [
            [3, 3],
            [3, 3],
          ],
        }),
        conv({ kernelSize: 7, strides: 2 }),
      ),
  ],
  ['a first convolution of stride 1', (x) => then(x, conv({ padding: 'same' }), relu())],
  [
    'an image that is rescaled to [-1, 1]',
    (x) => then(x, tf.layers.rescaling({ scale: 2, offset: -1 }), conv({ strides: 2, padding: 'valid' })),
  ],
  [
    'a depthwise convolution',
    (x) =>
      then(x, conv({}), tf.layers.depthwiseConv2d({ kernelSize: 3, useBias: false }), norm('n'), relu(6)),
  ],
  [
    'pre-activation with a BatchNorm that cannot be folded',
    (x) => {
      const stem = then(x, conv({ padding: 'same' }));
      return add(stem, then(stem, norm('pre'), relu(), conv({ padding: 'same' })));
    },
  ],
  [
    'zero padding before a pooling of negative values',
    (x) => then(x, conv({}), pad(), tf.layers.maxPooling2d({ poolSize: 3, strides: 2 })),
  ],
];

function build(layers: Layers): Graph {
  const input = tf.input({ shape: [SIDE, SIDE, 3], name: 'image' });
  const model = tf.model({ inputs: input, outputs: layers(input) });
  for (const layer of model.layers) {
    layer.setWeights(
      layer.getWeights().map((weight, i) => {
        const values = tf.randomNormal(weight.shape, 0, 0.3, 'float32', i + 1);
        return layer.getClassName() === 'BatchNormalization' && i === 3 ? values.square().add(0.5) : values;
      }),
    );
  }
  return graphOf(model, 'out');
}

/** Images of whole grey levels, as photographs are. */
const images = Float32Array.from({ length: 2 * SIDE * SIDE * 3 }, (_, i) => ((i * 7919) % 256) / 255);

async function run(graph: Graph): Promise<Float32Array> {
  const session = await openSession(encodeModel(graph), 1);
  return runSession(session, images, SHAPE);
}

async function rangesOf(graph: Graph): Promise<Ranges> {
  const prepared = prepare(graph);
  const names = storedTensors(prepared);
  const outputs = names.map((name) => ({ name, dims: ['n', 'c', 'h', 'w'] }));
  const session = await openSession(encodeModel({ ...prepared.graph, outputs }), 1);
  const values = await runOutputs(session, images, SHAPE);
  return Object.fromEntries(
    names.map((name, i) => [name, [Math.min(...values[i]!.values), Math.max(...values[i]!.values)]]),
  );
}

test.each(GRAPHS)('%s gives fp32’s numbers to a few steps of 255', async (_name, layers) => {
  const graph = build(layers);
  const [expected, actual] = [await run(graph), await run(quantize(graph, await rangesOf(graph)))];
  const span = Math.max(...expected) - Math.min(0, ...expected);
  const errors = expected.map((value, i) => Math.abs(value - actual[i]!) / span);
  expect(actual).toHaveLength(expected.length);
  expect(Math.max(...errors)).toBeLessThan(0.03);
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.006);
  expect(new Set(actual).size).toBeGreaterThan(20); // or else a constant could pass
});

test.each(GRAPHS.slice(0, 4))('%s keeps fp32’s numbers in the rewritten graph', async (_name, layers) => {
  const graph = build(layers);
  const [expected, actual] = [await run(graph), await run(widenFirstConvolution(graph))];
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
});

test('only a first convolution of stride 2 is widened', () => {
  const twice = build((x) => then(x, conv({ strides: 2, padding: 'same' })));
  expect(widenFirstConvolution(twice)).not.toBe(twice);
  const once = build((x) => then(x, conv({ padding: 'same' })));
  expect(widenFirstConvolution(once)).toBe(once);
});

test('a kernel spans the groups that its two outputs read', () => {
  expect(groupsOf(3, 0)).toEqual({ before: 0, width: 2 }); // columns 0 to 4
  expect(groupsOf(7, 3)).toEqual({ before: 1, width: 3 }); // columns -3 to 5
});

test('between the image and the last stored tensor every operation reads and writes integers', async () => {
  const graph = build(GRAPHS[5]![1]);
  const { nodes } = quantize(graph, await rangesOf(graph));
  const maker = new Map(nodes.map((node) => [node.output, node.op]));
  const readers = (name: string) => nodes.filter(({ inputs }) => inputs.includes(name)).map(({ op }) => op);
  const computing = nodes.filter(({ op }) => op === 'Conv' || op === 'Add');
  expect(computing).toHaveLength(4); // the BatchNorm is one of them
  for (const { inputs, output } of computing) {
    expect(inputs.map((name) => maker.get(name))).toEqual(inputs.map(() => 'DequantizeLinear'));
    expect(readers(output)).toEqual(['QuantizeLinear']);
  }
  expect(nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
});

test('a corrected bias makes up for weights that are rounded to 0', async () => {
  const graph = build((x) => then(x, conv({ filters: 1, padding: 'valid' })));
  const lost = 0.0035; // less than half of a step of 1/127
  const rounding: Graph = {
    ...graph,
    initializers: graph.initializers.map((one) =>
      one.dims.length === 4 ? { ...one, values: new Float32Array(27).fill(lost).fill(1, 0, 1) } : one,
    ),
  };
  const [input] = convolutionInputs(prepare(rounding));
  const ranges = await rangesOf(rounding);
  const mean = images.reduce((sum, value) => sum + value, 0) / images.length;
  const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const expected = meanOf(await run(rounding));
  const plain = meanOf(await run(quantize(rounding, ranges)));
  const corrected = meanOf(
    await run(quantize(rounding, ranges, { [input!]: new Float32Array(3).fill(mean) })),
  );
  expect(expected - plain).toBeGreaterThan(0.03);
  expect(Math.abs(expected - corrected)).toBeLessThan(0.005);
});

test('a tensor without a range is refused by name', () => {
  const graph = build(GRAPHS[2]![1]);
  const [missing] = storedTensors(prepare(graph));
  expect(() => quantize(graph, {})).toThrow(
    `tensor ${missing} must have a range, received none: calibrate the model again`,
  );
});

test.each([
  ['too few', Float32Array.of(0.5, 0.5), 'received 2 numbers'],
  ['none', new Float32Array(), 'received 0 numbers'],
  ['too many', new Float32Array(4), 'received 4 numbers'],
  ['not a number', Float32Array.of(0.5, NaN, 0.5), 'received NaN for channel 1'],
])('mean inputs of a tensor that are %s are refused by its name', async (_what, means, received) => {
  const graph = build((x) => then(x, conv({ padding: 'valid' })));
  const ranges = await rangesOf(graph);
  const [input] = convolutionInputs(prepare(graph));
  expect(() => quantize(graph, ranges, { [input!]: means })).toThrow(
    `inputMeans of tensor ${input} must be 3 finite numbers, ${received}: calibrate the model again`,
  );
});

test('a rescaled image that no convolution reads is refused, since its offset would be lost', () => {
  const graph = build((x) =>
    then(x, tf.layers.rescaling({ scale: 2, offset: -1 }), tf.layers.maxPooling2d({ poolSize: 2 })),
  );
  expect(() => quantize(graph, {})).toThrow(
    /must read .* through a convolution to be quantized, because the image is rescaled with an offset: export the model at fp32$/,
  );
});
