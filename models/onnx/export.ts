/**
 * Exports a tfjs classifier as an ONNX graph for inference.
 *
 * Folds BatchNorm into the convolution before it if nothing else reads that convolution, and zero padding into the
 * convolutions after it. Other BatchNorms (ResNetV2's pre-activations) stay operations.
 */
import type * as tf from '@tensorflow/tfjs';

import { affineOfLayer, LAYERS, NO_PADS, paddingOf, type Pads } from './layers';
import { encodeModel, type Graph, type Initializer, type Node } from './proto';
import { checkSupported } from './supported';

const CONVOLUTIONS = new Set(['Conv2D', 'DepthwiseConv2D']);
const BATCH_DIMENSION = 'batch';

interface Edge {
  readonly inputs: readonly string[];
  readonly inputRank: number;
  readonly consumers: tf.layers.Layer[];
}

function edges(model: tf.LayersModel): Map<string, Edge> {
  const found = new Map<string, Edge>();
  const inModel = new Set(model.layers.map(({ name }) => name));
  for (const layer of model.layers) {
    // A shared trunk has one node per model that it is part of; all have the same inputs here.
    const applications = layer.inboundNodes
      .map(({ inboundLayers, inputTensors }) => ({
        inputs: inboundLayers.map(({ name }) => name),
        inputRank: inputTensors[0]?.rank ?? 0,
      }))
      .filter(({ inputs }) => inputs.every((name) => inModel.has(name)));
    const { inputs, inputRank } = applications[0]!;
    if (applications.some((other) => String(other.inputs) !== String(inputs))) {
      const all = applications.map((one) => `(${one.inputs.join(', ')})`).join(' and ');
      throw new RangeError(`layer ${layer.name} must be applied once to be exported, received inputs ${all}`);
    }
    found.set(layer.name, { inputs, inputRank, consumers: [] });
    inputs.forEach((input) => found.get(input)?.consumers.push(layer));
  }
  return found;
}

/**
 * A model's graph: images float32 [batch, h, w, 3] to its outputs, [batch, c] or [batch, h, w, c] each, under the given
 * names.
 *
 * @param outputNames one name per output of the model, in their order
 * @throws RangeError naming a layer whose class or settings have no exact ONNX form
 */
export function graphOf(model: tf.LayersModel, ...outputNames: string[]): Graph {
  if (model.inputs.length !== 1 || model.outputs.length !== outputNames.length) {
    throw new RangeError(
      `model ${model.name} must have one input and ${outputNames.length} outputs, as many as names, to be exported, received ${model.inputs.length} and ${model.outputs.length}`,
    );
  }
  const graph = edges(model);
  const nodes: Node[] = [];
  const initializers: Initializer[] = [];
  /** Replacements for the outputs of folded layers. */
  const aliases = new Map<string, string>();
  const foldedPads = new Map<string, Pads>();
  const foldedNorms = new Set<string>();
  const resolve = (name: string): string => (aliases.has(name) ? resolve(aliases.get(name)!) : name);
  const outputLayers = new Set(model.outputs.map(({ sourceLayer }) => sourceLayer.name));

  for (const layer of model.layers) {
    const { inputs, inputRank, consumers } = graph.get(layer.name)!;
    const className = layer.getClassName();
    const config = layer.getConfig();
    if (className === 'InputLayer') {
      const channelsFirst = `${layer.name}/nchw`;
      nodes.push({
        op: 'Transpose',
        inputs: [layer.name],
        output: channelsFirst,
        attributes: { perm: [0, 3, 1, 2] },
      });
      aliases.set(layer.name, channelsFirst);
      continue;
    }
    checkSupported(layer, inputRank);
    const isOutput = outputLayers.has(layer.name);
    if (
      className === 'ZeroPadding2D' &&
      !isOutput &&
      consumers.every((next) => CONVOLUTIONS.has(next.getClassName()))
    ) {
      aliases.set(layer.name, inputs[0]!);
      consumers.forEach((next) => foldedPads.set(next.name, paddingOf(config)));
      continue;
    }
    if (foldedNorms.has(layer.name)) {
      aliases.set(layer.name, inputs[0]!);
      continue;
    }
    const convert = LAYERS[className];
    if (convert === undefined) {
      const known = Object.keys(LAYERS).join(', ');
      throw new RangeError(
        `layer ${layer.name} must be one of ${known} to be exported, received ${className}`,
      );
    }
    const next = consumers.length === 1 ? consumers[0] : undefined;
    const norm =
      CONVOLUTIONS.has(className) && !isOutput && next?.getClassName() === 'BatchNormalization'
        ? next
        : undefined;
    if (norm !== undefined) foldedNorms.add(norm.name);
    const converted = convert({
      layer,
      config,
      inputs: inputs.map(resolve),
      pads: foldedPads.get(layer.name) ?? NO_PADS,
      affine: norm === undefined ? undefined : affineOfLayer(norm),
    });
    nodes.push(...converted.nodes);
    initializers.push(...(converted.initializers ?? []));
  }
  const channelsLast = { op: 'Transpose', attributes: { perm: [0, 2, 3, 1] } };
  model.outputs.forEach(({ rank, sourceLayer }, i) => {
    const finish = rank === 4 ? channelsLast : { op: 'Identity' };
    nodes.push({ ...finish, inputs: [resolve(sourceLayer.name)], output: outputNames[i]! });
  });
  const shape = (tensor: tf.SymbolicTensor) => [BATCH_DIMENSION, ...(tensor.shape.slice(1) as number[])];
  return {
    name: model.name,
    nodes,
    initializers,
    input: { name: model.inputs[0]!.sourceLayer.name, dims: shape(model.inputs[0]!) },
    outputs: model.outputs.map((tensor, i) => ({ name: outputNames[i]!, dims: shape(tensor) })),
  };
}

/**
 * Exports a model as {@link graphOf} builds it. The bytes depend only on the model.
 *
 * @throws RangeError as {@link graphOf} does
 */
export function exportOnnx(model: tf.LayersModel, ...outputNames: string[]): Uint8Array {
  return encodeModel(graphOf(model, ...outputNames));
}
