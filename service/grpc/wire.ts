/**
 * Reads and writes Protocol Buffers by tables of fields. Every list has a bound: a message of two-byte items would
 * otherwise become millions of objects.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import { badField } from '../api/validation';

/** How each scalar is read and written. */
interface ScalarType {
  readonly wire: WireType;
  readonly read: (reader: BinaryReader) => unknown;
  readonly write: (writer: BinaryWriter, value: never) => unknown;
}
const SCALARS = {
  bool: { wire: WireType.Varint, read: (r) => r.bool(), write: (w, value) => w.bool(value) },
  uint32: { wire: WireType.Varint, read: (r) => r.uint32(), write: (w, value) => w.uint32(value) },
  int64: { wire: WireType.Varint, read: (r) => Number(r.int64()), write: (w, value) => w.int64(value) },
  uint64: { wire: WireType.Varint, read: (r) => Number(r.uint64()), write: (w, value) => w.uint64(value) },
  float: { wire: WireType.Bit32, read: (r) => r.float(), write: (w, value) => w.float(value) },
  double: { wire: WireType.Bit64, read: (r) => r.double(), write: (w, value) => w.double(value) },
  string: { wire: WireType.LengthDelimited, read: (r) => r.string(), write: (w, value) => w.string(value) },
  bytes: { wire: WireType.LengthDelimited, read: (r) => r.bytes(), write: (w, value) => w.bytes(value) },
} as const satisfies Readonly<Record<string, ScalarType>>;
type Scalar = keyof typeof SCALARS;

/** One field of a message. */
interface Field {
  readonly name: string;
  readonly type: Scalar | Message;
  /** The most items, for a list. */
  readonly most?: number;
}
/** The fields of a message by their numbers; those that are not listed are skipped. */
export type Message = { readonly [number: number]: Field };
/** A message's values by the names of its fields; absent fields are missing. */
export type Values = Readonly<Record<string, unknown>>;

/** A field with one value. */
export const one = (name: string, type: Scalar | Message): Field => ({ name, type });
/** A repeated field, or a map as its list of entries. */
export const list = (name: string, type: Scalar | Message, most: number): Field => ({ name, type, most });

/** How one value of a type is read and written; a message is nested bytes. */
function typeOf(type: Scalar | Message): ScalarType {
  if (typeof type === 'string') return SCALARS[type];
  return {
    ...SCALARS.bytes,
    read: (reader) => decode(type, reader.bytes()),
    write: (writer, value) => writer.bytes(encode(type, value)),
  };
}

/**
 * Decodes a message. Bytes are views of the input.
 *
 * @throws ServiceError BAD_REQUEST naming a list that is too long
 * @throws Error for bytes that are no message
 */
export function decode(message: Message, bytes: Uint8Array): Values {
  const reader = new BinaryReader(bytes);
  const values: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = message[number];
    const type = field && typeOf(field.type);
    const isPacked =
      field?.most !== undefined &&
      type!.wire !== WireType.LengthDelimited &&
      wireType === WireType.LengthDelimited;
    if (field === undefined || type === undefined || (wireType !== type.wire && !isPacked)) {
      reader.skip(wireType, number);
      continue;
    }
    const { name, most } = field;
    if (most === undefined) {
      values[name] = type.read(reader);
      continue;
    }
    const items = (values[name] ??= []) as unknown[];
    const add = () => {
      if (items.length === most) throw badField(name, `must have at most ${most} items`);
      items.push(type.read(reader));
    };
    if (isPacked) for (const end = reader.uint32() + reader.pos; reader.pos < end;) add();
    else add();
  }
  return values;
}

/** Encodes a message; values that no field names are left out. */
export function encode(message: Message, values: Values): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, { name, type, most }] of Object.entries(message)) {
    const value = values[name];
    if (value === undefined) continue;
    const { wire, write } = typeOf(type);
    const items = (most === undefined ? [value] : value) as never[];
    if (most !== undefined && wire !== WireType.LengthDelimited) {
      writer.tag(Number(number), WireType.LengthDelimited).fork();
      for (const item of items) write(writer, item);
      writer.join();
    } else for (const item of items) write(writer.tag(Number(number), wire), item);
  }
  return writer.finish();
}
