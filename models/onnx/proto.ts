/**
 * Encodes the part of ONNX's protobuf schema that an inference graph needs.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (field numbers)
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Version of the operator set: that of ONNX 1.12, which every onnxruntime since 1.12 supports. */
export const OPSET_VERSION = 17;
/** Version of the file format: that of ONNX 1.12. */
export const IR_VERSION = 8;

/** A constant of the graph. */
export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

export type Attribute = number | readonly number[] | { readonly float: number };

/** One operation. An empty string stands for an omitted optional input. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Integers and lists of integers, or `{ float }`. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A graph's input or output: float32, with the name of the batch dimension as a string. */
export interface Value {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly input: Value;
  readonly outputs: readonly Value[];
}

const TENSOR_FLOAT = 1;
/** ONNX' number of each element type, by the array that holds it. */
const TENSOR_TYPES: Readonly<Record<string, number>> = {
  Float32Array: TENSOR_FLOAT,
  Uint8Array: 2,
  Int8Array: 3,
  Int32Array: 6,
  BigInt64Array: 7,
};
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

type Fields = (writer: BinaryWriter) => unknown;

const message = (writer: BinaryWriter, field: number, write: Fields) => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const integer = (writer: BinaryWriter, field: number, value: number) =>
  writer.tag(field, WireType.Varint).int64(value);
const integers = (writer: BinaryWriter, field: number, values: readonly number[]) =>
  message(writer, field, (w) => values.forEach((value) => w.int64(value)));

function attribute(writer: BinaryWriter, name: string, value: Attribute): void {
  message(writer, 5, (w) => {
    text(w, 1, name);
    if (typeof value === 'number') integer(integer(w, 3, value), 20, ATTRIBUTE_INT);
    else if ('float' in value) integer(w.tag(2, WireType.Bit32).float(value.float), 20, ATTRIBUTE_FLOAT);
    else {
      integers(w, 8, value);
      integer(w, 20, ATTRIBUTE_INTS);
    }
  });
}

/** Finite weights can make others: the square root of a negative variance is NaN. */
function checkFinite(name: string, values: Initializer['values']): void {
  const wrong = values instanceof Float32Array ? values.find((value) => !Number.isFinite(value)) : undefined;
  if (wrong !== undefined) {
    throw new RangeError(
      `constant ${name} of the graph must hold finite numbers, received ${wrong}: train the model again, or start from other weights`,
    );
  }
}

function node(writer: BinaryWriter, { op, inputs, output, attributes = {} }: Node): void {
  message(writer, 1, (w) => {
    inputs.forEach((input) => text(w, 1, input));
    text(text(text(w, 2, output), 3, output), 4, op);
    for (const [name, value] of Object.entries(attributes)) attribute(w, name, value);
  });
}

function initializer(writer: BinaryWriter, { name, dims, values }: Initializer): void {
  checkFinite(name, values);
  message(writer, 5, (w) => {
    integers(w, 1, dims);
    integer(w, 2, TENSOR_TYPES[values[Symbol.toStringTag]]!);
    text(w, 8, name);
    w.tag(9, WireType.LengthDelimited).bytes(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  });
}

function value(writer: BinaryWriter, field: number, { name, dims }: Value): void {
  message(writer, field, (w) => {
    text(w, 1, name);
    message(w, 2, (type) =>
      message(type, 1, (tensor) => {
        integer(tensor, 1, TENSOR_FLOAT);
        message(tensor, 2, (shape) => {
          for (const dim of dims) {
            message(shape, 1, (d) => (typeof dim === 'number' ? integer(d, 1, dim) : text(d, 2, dim)));
          }
        });
      }),
    );
  });
}

/** Facts that a graph carries for those who run it, by name. */
export type Metadata = Readonly<Record<string, string>>;

/**
 * Encodes a model. The bytes depend only on the graph and the metadata.
 *
 * @throws RangeError naming a constant with a number that is not finite
 */
export function encodeModel(graph: Graph, metadata: Metadata = {}): Uint8Array {
  const writer = new BinaryWriter();
  integer(writer, 1, IR_VERSION);
  text(writer, 2, 'tandem');
  message(writer, 7, (w) => {
    graph.nodes.forEach((n) => node(w, n));
    text(w, 2, graph.name);
    graph.initializers.forEach((i) => initializer(w, i));
    value(w, 11, graph.input);
    graph.outputs.forEach((output) => value(w, 12, output));
  });
  message(writer, 8, (w) => void integer(text(w, 1, ''), 2, OPSET_VERSION));
  for (const [name, fact] of Object.entries(metadata)) {
    message(writer, 14, (w) => void text(text(w, 1, name), 2, fact));
  }
  return writer.finish();
}
