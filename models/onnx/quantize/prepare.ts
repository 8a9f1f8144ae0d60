/**
 * Rewrites an exported graph so that every operation in its middle has an integer form, and lists the tensors that are
 * stored as integers.
 */
import { affineOf, type NormWeights } from '../layers';
import type { Graph, Initializer, Node } from '../proto';
import { widenFirstConvolution } from './first-convolution';

/** An operation whose result is stored as integers. */
export interface Step {
  readonly node: Node;
  /** Name of the stored tensor: that of the activation after the node, if it has one. */
  readonly result: string;
  /** What the activation lets through. */
  readonly bounds: readonly [min: number, max: number];
}

/** A graph without BatchNorms, and its steps by the name of their node's output. */
export interface Prepared {
  readonly graph: Graph;
  readonly steps: ReadonlyMap<string, Step>;
  /** Activations that storing the step before them computes. */
  readonly absorbed: ReadonlySet<string>;
}

const STEPS = new Set(['Conv', 'Add']);

const valuesOf = (initializers: ReadonlyMap<string, Initializer>, name: string): Float32Array =>
  initializers.get(name)!.values as Float32Array;

/**
 * A BatchNorm as a depthwise 1x1 convolution. In integers, each channel then has a scale of its own, and the BatchNorm
 * costs no rounding beyond that of its result.
 */
function asConvolution(
  { inputs, output, attributes }: Node,
  initializers: ReadonlyMap<string, Initializer>,
): { node: Node; initializers: Initializer[] } {
  const weights = inputs.slice(1).map((name) => valuesOf(initializers, name));
  const { float: epsilon } = attributes!['epsilon'] as { float: number };
  const { scale, shift } = affineOf(weights as NormWeights, epsilon);
  const channels = scale.length;
  const [kernel, bias] = [`${output}/kernel`, `${output}/bias`];
  return {
    node: {
      op: 'Conv',
      inputs: [inputs[0]!, kernel, bias],
      output,
      attributes: {
        kernel_shape: [1, 1],
        strides: [1, 1],
        dilations: [1, 1],
        group: channels,
        pads: [0, 0, 0, 0],
      },
    },
    initializers: [
      { name: kernel, dims: [channels, 1, 1, 1], values: scale },
      { name: bias, dims: [channels], values: shift },
    ],
  };
}

function withoutBatchNorms(graph: Graph): Graph {
  const initializers = new Map(graph.initializers.map((one) => [one.name, one]));
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'BatchNormalization') return node;
    const converted = asConvolution(node, initializers);
    node.inputs.slice(1).forEach((name) => initializers.delete(name));
    converted.initializers.forEach((one) => initializers.set(one.name, one));
    return converted.node;
  });
  return { ...graph, nodes, initializers: [...initializers.values()] };
}

/** Names of the constants of a graph. */
export const constantsOf = ({ initializers }: Graph): ReadonlyMap<string, Initializer> =>
  new Map(initializers.map((one) => [one.name, one]));

/** Rewrites a graph of `graphOf` and finds its steps. */
export function prepare(exported: Graph): Prepared {
  const graph = widenFirstConvolution(withoutBatchNorms(exported));
  const constants = constantsOf(graph);
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    node.inputs.forEach((name) => consumers.set(name, [...(consumers.get(name) ?? []), node]));
  }
  const steps = new Map<string, Step>();
  const absorbed = new Set<string>();
  for (const node of graph.nodes) {
    // Rescaling adds a constant; it becomes part of the input's scale.
    if (
      !STEPS.has(node.op) ||
      node.inputs.slice(0, 2).some((name) => node.op === 'Add' && constants.has(name))
    )
      continue;
    const [next, ...others] = consumers.get(node.output) ?? [];
    const bounds = others.length === 0 && next !== undefined ? boundsOf(next, constants) : undefined;
    if (bounds !== undefined) absorbed.add(next!.output);
    steps.set(node.output, {
      node,
      result: bounds === undefined ? node.output : next!.output,
      bounds: bounds ?? [-Infinity, Infinity],
    });
  }
  return { graph, steps, absorbed };
}

/** What an activation lets through; undefined for other operations. */
function boundsOf(
  { op, inputs }: Node,
  constants: ReadonlyMap<string, Initializer>,
): readonly [number, number] | undefined {
  if (op === 'Relu') return [0, Infinity];
  if (op !== 'Clip') return undefined;
  return [valuesOf(constants, inputs[1]!)[0]!, valuesOf(constants, inputs[2]!)[0]!];
}
