import { loadSync } from '@grpc/proto-loader';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import * as messages from '../../../service/grpc/messages';
import { decode, encode, list, type Message, one } from '../../../service/grpc/wire';
import { PROTO } from '../../support/grpc-client';

interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly label: string;
  readonly typeName: string;
}

/** Names, types and repetition of a message's fields by their numbers, as the published protocol has them. */
const published = loadSync(PROTO, { keepCase: true });
function fieldsOf(message: string): readonly ProtoField[] {
  return (published[`inference.${message}`] as unknown as { type: { field: ProtoField[] } }).type.field;
}

test.each([
  ['ServerLiveResponse', messages.LIVE],
  ['ServerReadyResponse', messages.READY],
  ['ModelReadyRequest', messages.NAMED_MODEL],
  ['ModelReadyResponse', messages.READY],
  ['ServerMetadataResponse', messages.SERVER_METADATA],
  ['ModelMetadataRequest', messages.NAMED_MODEL],
  ['ModelMetadataResponse', messages.MODEL_METADATA],
  ['ModelInferRequest', messages.INFER_REQUEST],
  ['ModelInferResponse', messages.INFER_ANSWER],
])('the fields of %s are those of the published protocol', (name, message) => {
  const expected = fieldsOf(name).map(({ number, name: field, label }) => [
    number,
    field,
    label === 'LABEL_REPEATED',
  ]);
  const ours = Object.entries(message).map(([number, { name: field, most }]) => [
    Number(number),
    field,
    most !== undefined,
  ]);
  expect(ours).toEqual(expected);
});

const INNER: Message = { 1: one('text', 'string') };
const ALL: Message = {
  1: one('yes', 'bool'),
  2: list('small', 'uint32', 3),
  3: list('signed', 'int64', 3),
  4: list('floats', 'float', 3),
  5: one('precise', 'double'),
  6: list('raw', 'bytes', 3),
  7: list('inner', INNER, 3),
  8: one('large', 'uint64'),
};
const VALUES = {
  yes: true,
  small: [0, 255, 70_000],
  signed: [-1, 224],
  floats: [0.5, -2],
  precise: 0.1,
  raw: [Buffer.from('ab'), Buffer.alloc(0)],
  inner: [{ text: 'ä' }, {}],
  large: 5,
};

test('what is encoded decodes to the same values', () => {
  const decoded = decode(ALL, encode(ALL, VALUES));
  expect({ ...decoded, raw: (decoded['raw'] as Uint8Array[]).map((bytes) => Buffer.from(bytes)) }).toEqual(
    VALUES,
  );
});

test('numbers of a list may come one by one, and unknown fields and other types are skipped', () => {
  const writer = new BinaryWriter();
  for (const value of [0.5, 1]) writer.tag(4, WireType.Bit32).float(value);
  writer.tag(99, WireType.LengthDelimited).string('unknown');
  writer.tag(1, WireType.LengthDelimited).string('no flag');
  expect(decode(ALL, writer.finish())).toEqual({ floats: [0.5, 1] });
});

test.each([
  ['packed', () => encode({ 4: list('floats', 'float', 9) }, { floats: [1, 2, 3, 4] })],
  [
    'one by one',
    () => encode({ 4: list('floats', 'bytes', 9) }, { floats: new Array(4).fill(Buffer.alloc(0)) }),
  ],
])('a list that is too long, %s, is refused before its items are kept', (how, bytes) => {
  const message: Message = { 4: list('floats', how === 'packed' ? 'float' : 'bytes', 3) };
  expect(() => decode(message, bytes())).toThrow('floats must have at most 3 items');
});

test('bytes that are no message throw', () => {
  expect(() => decode(ALL, Buffer.alloc(9, 255))).toThrow();
  expect(() => decode(ALL, encode(ALL, VALUES).subarray(0, 5))).toThrow();
});
