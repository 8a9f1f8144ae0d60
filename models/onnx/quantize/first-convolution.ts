/**
 * Widens the convolution that reads the image.
 *
 * onnxruntime multiplies integers directly only if the input's channels are a multiple of four; otherwise it first copies
 * every window, which takes most of the time of a convolution that reads three channels. Four neighbouring pixels hold
 * twelve channels and need no copy: the bytes stay where they are. One such group yields two outputs side by side, so
 * that twice as many output channels are computed and then read as twice the width.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/mlas/lib/convsym.cpp (MlasConvSymPackWSize)
 */
import type { Graph, Initializer, Node } from '../proto';

/** Pixels that are read as one. */
const GROUP = 4;
/** Outputs of one group: the pixels divided by the stride. */
const OUTPUTS = 2;
const STRIDE = GROUP / OUTPUTS;

const TO_CHANNELS_FIRST = { perm: [0, 3, 1, 2] };
const TO_CHANNELS_LAST = { perm: [0, 2, 3, 1] };
const RESCALING = new Set(['Mul', 'Add']);
const ACTIVATIONS = new Set(['Relu', 'Clip']);

type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** Where the kernel of a widened convolution begins and how many groups it spans. */
export function groupsOf(
  kernelWidth: number,
  padLeft: number,
): { readonly before: number; readonly width: number } {
  const first = Math.floor(-padLeft / GROUP);
  const last = Math.floor((STRIDE * (OUTPUTS - 1) + kernelWidth - 1 - padLeft) / GROUP);
  return { before: -first, width: last - first + 1 };
}

/**
 * Spreads a kernel over groups of pixels.
 *
 * @param kernel [outputs, channels, height, width]
 * @returns values [2 * outputs, 4 * channels, height, groups]
 */
function spread({ dims, values }: Initializer, padLeft: number): { dims: number[]; values: Float32Array } {
  const [outputs, channels, height, width] = dims as [number, number, number, number];
  const { before, width: groups } = groupsOf(width, padLeft);
  const wide = new Float32Array(OUTPUTS * outputs * GROUP * channels * height * groups);
  for (let side = 0; side < OUTPUTS; side++) {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < channels; c++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const column = STRIDE * side + x - padLeft + GROUP * before;
            const channel = (column % GROUP) * channels + c;
            const at = ((side * outputs + o) * GROUP * channels + channel) * height + y;
            wide[at * groups + Math.floor(column / GROUP)] = (values as Float32Array)[
              ((o * channels + c) * height + y) * width + x
            ]!;
          }
        }
      }
    }
  }
  return { dims: [OUTPUTS * outputs, GROUP * channels, height, groups], values: wide };
}

/** The only reader of a tensor; undefined if there are several. */
function onlyReader(nodes: readonly Node[], name: string): Node | undefined {
  const readers = nodes.filter(({ inputs }) => inputs.includes(name));
  return readers.length === 1 ? readers[0] : undefined;
}

/**
 * Widens the first convolution of a graph of `graphOf`. Returns the graph as it is if the convolution is not one of stride
 * two on a width that is a multiple of four.
 */
export function widenFirstConvolution(graph: Graph): Graph {
  const { input } = graph;
  const [batch, height, width, channels] = input.dims as [string, number, number, number];
  const transpose = onlyReader(graph.nodes, input.name);
  if (transpose?.op !== 'Transpose') return graph;
  const rescaling: Node[] = [];
  let conv = onlyReader(graph.nodes, transpose.output);
  while (conv !== undefined && RESCALING.has(conv.op)) {
    rescaling.push(conv);
    conv = onlyReader(graph.nodes, conv.output);
  }
  if (conv?.op !== 'Conv' || width % GROUP !== 0) return graph;
  const {
    strides,
    pads,
    kernel_shape: kernelShape,
    group,
  } = conv.attributes as unknown as {
    readonly [name: string]: readonly number[];
  } & { readonly pads: Pads; readonly group: number };
  const [top, left, bottom, right] = pads;
  const [kernelHeight, kernelWidth] = kernelShape as [number, number];
  const outputWidth = Math.floor((width + left + right - kernelWidth) / STRIDE) + 1;
  if (String(strides) !== String([STRIDE, STRIDE]) || group !== 1 || outputWidth * STRIDE !== width)
    return graph;
  const outputHeight = Math.floor((height + top + bottom - kernelHeight) / STRIDE) + 1;

  const next = onlyReader(graph.nodes, conv.output);
  const activation = next !== undefined && ACTIVATIONS.has(next.op) ? next : undefined;
  const result = (activation ?? conv).output;
  const [kernel, bias] = conv.inputs
    .slice(1)
    .map((name) => graph.initializers.find((one) => one.name === name)!) as [Initializer, Initializer];
  const { before, width: groups } = groupsOf(kernelWidth, left);
  const outputs = bias.values.length;
  const shapes: Initializer[] = [
    { name: `${input.name}/groups`, dims: [4], values: shape(0, height, width / GROUP, GROUP * channels) },
    { name: `${result}/shape`, dims: [4], values: shape(0, outputHeight, outputWidth, outputs) },
  ];
  const wideConv: Node = {
    ...conv,
    output: `${conv.output}/wide`,
    attributes: {
      ...conv.attributes,
      kernel_shape: [kernelHeight, groups],
      strides: [STRIDE, 1],
      pads: [top, before, bottom, groups - 1 - before],
    },
  };
  const wide = activation === undefined ? wideConv.output : `${activation.output}/wide`;
  const nodes: Node[] = [
    { op: 'Reshape', inputs: [input.name, shapes[0]!.name], output: `${input.name}/grouped` },
    {
      op: 'Transpose',
      inputs: [`${input.name}/grouped`],
      output: transpose.output,
      attributes: TO_CHANNELS_FIRST,
    },
    ...rescaling,
    wideConv,
    ...(activation === undefined
      ? []
      : [{ ...activation, inputs: [wideConv.output, ...activation.inputs.slice(1)], output: wide }]),
    { op: 'Transpose', inputs: [wide], output: `${wide}/nhwc`, attributes: TO_CHANNELS_LAST },
    { op: 'Reshape', inputs: [`${wide}/nhwc`, shapes[1]!.name], output: `${result}/nhwc` },
    { op: 'Transpose', inputs: [`${result}/nhwc`], output: result, attributes: TO_CHANNELS_FIRST },
  ];
  const replaced = new Set<Node | undefined>([transpose, ...rescaling, conv, activation]);
  const constants = new Map<Initializer, Initializer>([
    [kernel, { name: kernel.name, ...spread(kernel, left) }],
    [bias, { name: bias.name, dims: [OUTPUTS * outputs], values: twice(bias.values as Float32Array) }],
  ]);
  return {
    ...graph,
    nodes: [...nodes, ...graph.nodes.filter((node) => !replaced.has(node))],
    initializers: [...graph.initializers.map((one) => constants.get(one) ?? one), ...shapes],
    input: { name: input.name, dims: [batch, height, width, channels] },
  };
}

const shape = (...dims: number[]) => BigInt64Array.from(dims, BigInt);
const twice = (values: Float32Array) => Float32Array.from([...values, ...values]);
