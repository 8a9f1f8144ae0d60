/**
 * Quantizes an exported graph to 8 bits: static QDQ, which onnxruntime fuses into operations on integers.
 *
 * Activations are unsigned bytes with one scale per tensor, kernels are signed with one scale per output channel: the
 * pair that x86's VNNI multiplies. From the image to the last activation nothing leaves the integers; pooling, the head
 * and the softmax after it are a thousandth of the work and stay in single precision.
 *
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#quantized-model-representation
 */
import type { Graph, Initializer, Node } from '../proto';
import { checkInputMeans, correctBias, type InputMeans } from './bias-correction';
import { constantsOf, prepare, type Prepared, type Step } from './prepare';
import { type Activation, activation, quantizeWeights, type Range } from './scales';

/** The range of each stored tensor, by its name. */
export type Ranges = Readonly<Record<string, Range>>;

/** Images hold whole bytes divided by 255, so that this scale is exact. */
const IMAGE: Activation = { scale: Math.fround(1 / 255), zeroPoint: 0 };

/** A tensor that is stored as bytes: real = scale * (byte - zeroPoint) + offset. */
interface Stored {
  readonly name: string;
  readonly activation: Activation;
  readonly offset: number;
}

/** Operations that only move or select bytes. */
const ON_BYTES = new Set(['Transpose', 'Reshape', 'Pad', 'MaxPool']);

/** Operations with a constant that change what the bytes stand for, not the bytes. */
const RESCALE: Readonly<Record<string, (stored: Stored, constant: number) => Stored>> = {
  Mul: ({ name, activation: { scale, zeroPoint }, offset }, factor) => ({
    name,
    activation: { scale: Math.fround(scale * factor), zeroPoint },
    offset: offset * factor,
  }),
  Add: ({ name, activation: { scale, zeroPoint }, offset }, term) => {
    const steps = Math.min(zeroPoint, Math.max(zeroPoint - 255, Math.round((offset + term) / scale)));
    return {
      name,
      activation: { scale, zeroPoint: zeroPoint - steps },
      offset: offset + term - steps * scale,
    };
  },
};

/**
 * Bias of a convolution whose input is stored without its offset. Where the kernel reaches beyond the border, padding
 * counts as the offset instead of 0; an image's offset is half a grey level.
 */
function withOffset(kernel: Float32Array, bias: Float32Array, offset: number): Float32Array {
  if (offset === 0) return bias;
  const perChannel = kernel.length / bias.length;
  return bias.map((shift, channel) =>
    kernel
      .subarray(channel * perChannel, (channel + 1) * perChannel)
      .reduce((sum, weight) => sum + offset * weight, shift),
  );
}

/** A range without what an activation cuts off. */
const within = ([min, max]: Range, [low, high]: readonly [number, number]): Range => [
  Math.min(Math.max(min, low), high),
  Math.min(Math.max(max, low), high),
];

/** Names of the tensors that {@link quantize} stores with a range of their own: those to calibrate. */
export const storedTensors = ({ steps }: Prepared): string[] =>
  [...steps.values()].map(({ result }) => result);

/** Names of the tensors that the convolutions of {@link quantize} read. */
export const convolutionInputs = ({ steps }: Prepared): string[] => [
  ...new Set([...steps.values()].flatMap(({ node }) => (node.op === 'Conv' ? [node.inputs[0]!] : []))),
];

/**
 * Quantizes a graph of `graphOf`.
 *
 * @param ranges of every stored tensor, see `storedTensors`
 * @param inputMeans of the convolutions whose biases are corrected, see `convolutionInputs`
 * @throws RangeError naming a tensor whose range is missing or whose mean inputs are damaged, or an operation that has no
 *   integer form on a rescaled image
 */
export function quantize(exported: Graph, ranges: Ranges, inputMeans: InputMeans = {}): Graph {
  const { graph, steps, absorbed } = prepare(exported);
  const constants = constantsOf(graph);
  const nodes: Node[] = [];
  const initializers = new Map<string, Initializer>();
  const stored = new Map<string, Stored>();
  const outputs = new Set(graph.outputs.map(({ name }) => name));

  const constant = (name: string, dims: readonly number[], values: Initializer['values']): string => {
    initializers.set(name, { name, dims, values });
    return name;
  };
  const scaleOf = (name: string, { scale, zeroPoint }: Activation): [string, string] => [
    constant(`${name}/scale`, [], Float32Array.of(scale)),
    constant(`${name}/zero_point`, [], Uint8Array.of(zeroPoint)),
  ];
  const store = (real: string, name: string, as: Activation): void => {
    const bytes = `${name}/bytes`;
    nodes.push({ op: 'QuantizeLinear', inputs: [real, ...scaleOf(name, as)], output: bytes });
    stored.set(name, { name: bytes, activation: as, offset: 0 });
  };
  /** A stored tensor as real numbers for one reader: onnxruntime fuses a reader with the conversions that only it has. */
  const real = (name: string, reader: string): string => {
    const found = stored.get(name);
    if (found === undefined) return name;
    const output = `${reader}/of/${name}`;
    nodes.push({
      op: 'DequantizeLinear',
      inputs: [found.name, ...scaleOf(output, found.activation)],
      output,
    });
    return output;
  };
  /** Like {@link real}, for readers other than a convolution, whose bias takes up the offset. */
  const realWithoutOffset = (name: string, reader: string): string => {
    if ((stored.get(name)?.offset ?? 0) !== 0) {
      throw new RangeError(
        `${reader} must read ${name} through a convolution to be quantized, because the image is rescaled with an offset: export the model at fp32`,
      );
    }
    return real(name, reader);
  };
  /** Values of a constant per output channel, from its integers. */
  const perChannel = (
    name: string,
    { dims }: Initializer,
    values: Int8Array | Int32Array,
    scales: Float32Array,
  ) => {
    const output = `${name}/real`;
    nodes.push({
      op: 'DequantizeLinear',
      inputs: [
        constant(`${name}/integers`, dims, values),
        constant(`${name}/scales`, [scales.length], scales),
      ],
      output,
      attributes: { axis: 0 },
    });
    return output;
  };
  const convolution = ({ node, result }: Step): Node => {
    const [input, kernelName, biasName] = node.inputs as [string, string, string];
    const { activation: of, offset } = stored.get(input)!;
    const [kernel, bias] = [constants.get(kernelName)!, constants.get(biasName)!];
    const round = (shifts: Float32Array) => quantizeWeights(kernel.values as Float32Array, shifts, of.scale);
    const shifts = withOffset(kernel.values as Float32Array, bias.values as Float32Array, offset);
    const means = inputMeans[input];
    const group = node.attributes!['group'] as number;
    if (means !== undefined) checkInputMeans(input, means, kernel.dims[1]! * group);
    const { scales, ...integers } = round(
      means === undefined ? shifts : correctBias(kernel, shifts, round(shifts), group, means),
    );
    return {
      ...node,
      inputs: [
        real(input, node.output),
        perChannel(kernelName, kernel, integers.kernel, scales),
        perChannel(
          biasName,
          bias,
          integers.bias,
          scales.map((scale) => scale * of.scale),
        ),
      ],
      output: `${result}/real`,
    };
  };

  store(graph.input.name, graph.input.name, IMAGE);
  for (const node of graph.nodes) {
    const [input] = node.inputs as [string];
    const step = steps.get(node.output);
    if (absorbed.has(node.output)) continue;
    if (step !== undefined) {
      const range = ranges[step.result];
      if (range === undefined) {
        throw new RangeError(
          `tensor ${step.result} must have a range, received none: calibrate the model again`,
        );
      }
      nodes.push(
        node.op === 'Conv'
          ? convolution(step)
          : {
              ...node,
              inputs: node.inputs.map((name) => realWithoutOffset(name, node.output)),
              output: `${step.result}/real`,
            },
      );
      store(`${step.result}/real`, step.result, activation(within(range, step.bounds)));
    } else if (stored.has(input) && ON_BYTES.has(node.op) && !outputs.has(node.output)) {
      const { name, activation: of, offset } = stored.get(input)!;
      const output = `${node.output}/bytes`;
      const others = node.inputs.slice(1).map((other) => {
        const { dims, values } = constants.get(other)!;
        return constant(other, dims, values);
      });
      // Pad's default is byte 0, which need not stand for 0.
      const padding =
        node.op === 'Pad' ? [constant(`${output}/zero_point`, [], Uint8Array.of(of.zeroPoint))] : [];
      nodes.push({ ...node, inputs: [name, ...others, ...padding], output });
      stored.set(node.output, { name: output, activation: of, offset });
    } else if (stored.has(input) && node.op in RESCALE) {
      const [value] = constants.get(node.inputs[1]!)!.values as Float32Array;
      stored.set(node.output, RESCALE[node.op]!(stored.get(input)!, value!));
    } else {
      nodes.push({ ...node, inputs: node.inputs.map((name) => realWithoutOffset(name, node.output)) });
      node.inputs.forEach((name) => {
        const kept = constants.get(name);
        if (kept !== undefined) initializers.set(name, kept);
      });
    }
  }
  return { ...graph, nodes, initializers: [...initializers.values()] };
}
