/**
 * Calibrates a saved model for int8: finds the range of each activation on a user's images.
 */
import { INPUT_SHAPE, OUTPUT_NAME } from '../../catalog';
import { graphOf } from '../../onnx/export';
import { encodeModel, type Graph } from '../../onnx/proto';
import { channelMeans, type InputMeans } from '../../onnx/quantize/bias-correction';
import { chooseRange, RANGE_METHODS } from '../../onnx/quantize/choose-range';
import { addValues, emptyHistogram, type Histogram } from '../../onnx/quantize/histogram';
import { prepare } from '../../onnx/quantize/prepare';
import { convolutionInputs, quantize, type Ranges, storedTensors } from '../../onnx/quantize/quantize';
import { loadClassifier } from '../../weights/load-classifier';
import type { Calibration } from './int8-file';
import { numbersToText, textToNumbers } from './number-text';
import { openSession, runOutputs, runSession } from './session';

/** Probabilities below this count as this much, so that one certain image does not decide. */
const SMALLEST_PROBABILITY = 1e-6;

/** A calibrated model. */
export interface Calibrated extends Calibration {
  /** The quantized graph. */
  readonly graph: Uint8Array;
  /**
   * Mean Kullback-Leibler divergence of the probabilities at int8 from those at fp32 on the calibration images, nats, by
   * method of choosing the ranges.
   */
  readonly divergences: Readonly<Record<string, number>>;
}

/** Mean Kullback-Leibler divergence of distributions from the expected ones, nats. */
function meanDivergence(expected: readonly Float32Array[], actual: readonly Float32Array[]): number {
  const divergences = expected.map((row, i) =>
    row.reduce((sum, p, k) => {
      const [from, to] = [p, actual[i]![k]!].map((share) => Math.max(share, SMALLEST_PROBABILITY)) as [
        number,
        number,
      ];
      return sum + from * Math.log(from / to);
    }, 0),
  );
  return divergences.reduce((sum, one) => sum + one, 0) / divergences.length;
}

/** What a graph is calibrated on, and how it runs. */
export interface CalibrationImages {
  /** float32 [height, width, channels] in [0, 1] each. */
  readonly images: readonly Float32Array[];
  /** Shape of one image: [1, height, width, channels]. */
  readonly shape: readonly [number, number, number, number];
  readonly threads: number;
  /** Called after each image at fp32. */
  readonly onImage?: (() => void) | undefined;
}

interface Observed {
  readonly histograms: ReadonlyMap<string, Histogram>;
  readonly inputMeans: InputMeans;
  readonly probabilities: readonly Float32Array[];
}

/** Runs the images through the graph at fp32, and collects how each stored tensor's values are distributed. */
async function observe(
  graph: Graph,
  { images, shape: imageShape, threads, onImage }: CalibrationImages,
): Promise<Observed> {
  const prepared = prepare(graph);
  const histograms = new Map(storedTensors(prepared).map((name) => [name, emptyHistogram()]));
  const means = new Map<string, Float64Array>();
  const read = new Set(convolutionInputs(prepared));
  const names = [...new Set([...histograms.keys(), ...read])];
  const outputs = [...graph.outputs, ...names.map((name) => ({ name, dims: ['n', 'c', 'h', 'w'] }))];
  const session = await openSession(encodeModel({ ...prepared.graph, outputs }), threads);
  const probabilities: Float32Array[] = [];
  for (const image of images) {
    const [probability, ...tensors] = await runOutputs(session, image, imageShape);
    probabilities.push(probability!.values);
    names.forEach((name, i) => {
      const { shape, values } = tensors[i]!;
      const histogram = histograms.get(name);
      if (histogram !== undefined) addValues(histogram, values);
      if (!read.has(name)) return;
      const ofImage = channelMeans(values, shape[1]!);
      const before = means.get(name);
      means.set(name, before === undefined ? ofImage : ofImage.map((mean, c) => mean + before[c]!));
    });
    onImage?.();
  }
  await session.release();
  const inputMeans = Object.fromEntries(
    [...means].map(([name, sums]) => [name, Float32Array.from(sums, (sum) => sum / images.length)]),
  );
  return { histograms, inputMeans, probabilities };
}

async function probabilitiesOf(graph: Uint8Array, { images, shape, threads }: CalibrationImages) {
  const session = await openSession(graph, threads);
  const probabilities: Float32Array[] = [];
  for (const image of images) probabilities.push(await runSession(session, image, shape));
  await session.release();
  return probabilities;
}

/**
 * Chooses the ranges of a saved model's activations by each method, and keeps those whose probabilities are nearest to
 * fp32's. Then corrects the biases, if that brings the probabilities nearer still.
 *
 * @param images float32 [224, 224, 3] in [0, 1] each; a few dozen of what the model will see
 * @param onImage called after each image at fp32
 * @throws RangeError for no images
 */
export async function calibrate(
  modelDir: string,
  images: readonly Float32Array[],
  threads: number,
  onImage?: () => void,
): Promise<Calibrated> {
  const classifier = await loadClassifier(modelDir);
  const graph = graphOf(classifier, OUTPUT_NAME);
  classifier.dispose();
  return calibrateGraph(graph, { images, shape: [1, ...INPUT_SHAPE], threads, onImage });
}

/**
 * The same for a classifier's graph, which may have another input size.
 *
 * @throws RangeError for no images
 */
export async function calibrateGraph(graph: Graph, given: CalibrationImages): Promise<Calibrated> {
  const { images } = given;
  if (images.length === 0) throw new RangeError('calibration needs at least one image, received none');
  const { histograms, inputMeans, probabilities } = await observe(graph, given);
  const measure = async (calibration: Calibration) => {
    const quantized = encodeModel(quantize(graph, calibration.ranges, calibration.inputMeans));
    const divergence = meanDivergence(probabilities, await probabilitiesOf(quantized, given));
    return { calibration, graph: quantized, divergence };
  };
  type Measured = Awaited<ReturnType<typeof measure>>;
  const nearer = (a: Measured, b: Measured) => (b.divergence < a.divergence ? b : a);
  const byMethod: Measured[] = [];
  for (const method of RANGE_METHODS) {
    const ranges: Ranges = Object.fromEntries(
      [...histograms].map(([name, histogram]) => [name, rounded(chooseRange(method, histogram))]),
    );
    byMethod.push(await measure({ method, images: images.length, ranges }));
  }
  const plain = byMethod.reduce(nearer);
  const corrected = await measure({ ...plain.calibration, inputMeans: asStored(inputMeans) });
  const best = nearer(plain, corrected);
  return {
    ...best.calibration,
    graph: best.graph,
    divergences: Object.fromEntries([
      ...byMethod.map(({ calibration, divergence }) => [calibration.method, divergence] as const),
      [`${plain.calibration.method}, biases corrected`, corrected.divergence],
    ]),
  };
}

/** Ranges are stored to four digits: a byte has less than three. */
const rounded = (range: readonly [number, number]): [number, number] =>
  range.map((bound) => Number(bound.toPrecision(4))) as [number, number];

/** Means as the file holds them, so that the graph measured is the graph served. */
const asStored = (means: InputMeans): InputMeans =>
  Object.fromEntries(Object.entries(means).map(([name, of]) => [name, textToNumbers(numbersToText(of))]));
