import { BinaryReader } from '@bufbuild/protobuf/wire';

import { labelsText, metadataOf } from '../../../models/onnx/metadata';
import { encodeModel, type Graph } from '../../../models/onnx/proto';

const GRAPH: Graph = {
  name: 'empty',
  nodes: [],
  initializers: [],
  input: { name: 'image', dims: ['batch', 1] },
  outputs: [{ name: 'probabilities', dims: ['batch', 1] }],
};

/** Reads `metadata_props`, field 14 of a ModelProto, whose entries have a key in field 1 and a value in field 2. */
function metadataIn(model: Uint8Array): Record<string, string> {
  const found: Record<string, string> = {};
  const reader = new BinaryReader(model);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field !== 14) {
      reader.skip(wireType);
      continue;
    }
    const entry = new BinaryReader(reader.bytes());
    const texts = new Map<number, string>();
    while (entry.pos < entry.len) texts.set(entry.tag()[0], entry.string());
    found[texts.get(1)!] = texts.get(2)!;
  }
  return found;
}

test('a graph says its classes, input range, channel order and resize', () => {
  const classes = ['café', 'tea, "green"'];
  expect(metadataIn(encodeModel(GRAPH, metadataOf(classes)))).toEqual({
    'Image.BitmapPixelFormat': 'Rgb8',
    'Image.ColorSpaceGamma': 'SRGB',
    'Image.NominalPixelRange': 'Normalized_0_1',
    input: 'image: float32 [batch, 224, 224, 3], channels last',
    input_range: '[0, 1]: divide 8-bit values by 255',
    channel_order: 'RGB',
    resize:
      'to 224 x 224, bilinear, antialiased when shrinking, without keeping the aspect ratio; turn by the EXIF orientation first, and put transparent pixels on white',
    output: 'probabilities: float32 [batch, 2], in the order of classes',
    classes: JSON.stringify(classes),
  });
});

test('a graph without metadata has the bytes that it had before there was any', () => {
  const plain = encodeModel(GRAPH);
  expect(metadataIn(plain)).toEqual({});
  expect(Buffer.from(encodeModel(GRAPH, metadataOf(['a', 'b'])).subarray(0, plain.length))).toEqual(
    Buffer.from(plain),
  );
});

test('labels.txt has one line per class, even if a name has a line break', () => {
  expect(labelsText(['zebra', 'a\r\nb', 'ant'])).toBe('zebra\na b\nant\n');
});
