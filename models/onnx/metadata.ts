/**
 * What an exported graph says about its classes and its input, so that it can be run without Tandem.
 *
 * @see https://onnx.ai/onnx/repo-docs/MetadataProps.html (the names that begin with `Image.`)
 */
import { INPUT_NAME, INPUT_SHAPE, OUTPUT_NAME, RESIZE_FILTER } from '../catalog';
import type { Metadata } from './proto';

const [HEIGHT, WIDTH, CHANNELS] = INPUT_SHAPE;

/** Facts of the input that hold for every model: the graph's first layer maps [0, 1] to the model's own range. */
const INPUT_FACTS: Metadata = {
  'Image.BitmapPixelFormat': 'Rgb8',
  'Image.ColorSpaceGamma': 'SRGB',
  'Image.NominalPixelRange': 'Normalized_0_1',
  input: `${INPUT_NAME}: float32 [batch, ${HEIGHT}, ${WIDTH}, ${CHANNELS}], channels last`,
  input_range: '[0, 1]: divide 8-bit values by 255',
  channel_order: 'RGB',
  resize: `to ${WIDTH} x ${HEIGHT}, ${RESIZE_FILTER.words}; turn by the EXIF orientation first, and put transparent pixels on white`,
};

/**
 * The metadata of a classifier's graph.
 *
 * @param classes names in the order of the probabilities
 */
export const metadataOf = (classes: readonly string[]): Metadata => ({
  ...INPUT_FACTS,
  output: `${OUTPUT_NAME}: float32 [batch, ${classes.length}], in the order of classes`,
  classes: JSON.stringify(classes),
});

/** The text of `labels.txt`: one class per line, in the order of the probabilities. The metadata keeps line breaks of a name. */
export const labelsText = (classes: readonly string[]): string =>
  classes.map((name) => `${name.replace(/\s*[\r\n]+\s*/g, ' ')}\n`).join('');
