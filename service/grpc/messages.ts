/**
 * Messages of the Open Inference Protocol's gRPC form that this service reads or writes: the fields with their numbers.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
 */
import { INPUT_SHAPE } from '../../models/catalog';
import { LIMITS } from '../contract';
import { list, type Message, one } from './wire';

/** Numbers of the largest batch. */
export const MAX_NUMBERS = INPUT_SHAPE.reduce<number>((product, size) => product * size, LIMITS.images);
/** Items of the lists that need few. */
const FEW = 8;
/** Entries of one map of parameters. */
const MAX_PARAMETERS = 100;

const VALUE: Message = {
  1: one('bool_param', 'bool'),
  2: one('int64_param', 'int64'),
  3: one('string_param', 'string'),
  4: one('double_param', 'double'),
  5: one('uint64_param', 'uint64'),
};
const parameters = list('parameters', { 1: one('key', 'string'), 2: one('value', VALUE) }, MAX_PARAMETERS);

/** The contents that this service reads or writes; those of other datatypes are skipped. */
const CONTENTS: Message = {
  4: list('uint_contents', 'uint32', MAX_NUMBERS),
  6: list('fp32_contents', 'float', MAX_NUMBERS),
  8: list('bytes_contents', 'bytes', FEW),
};
const TENSOR_METADATA: Message = {
  1: one('name', 'string'),
  2: one('datatype', 'string'),
  3: list('shape', 'int64', FEW),
};
const TENSOR: Message = { ...TENSOR_METADATA, 4: parameters, 5: one('contents', CONTENTS) };

/** A message without fields that are read. */
export const EMPTY: Message = {};
export const LIVE: Message = { 1: one('live', 'bool') };
export const READY: Message = { 1: one('ready', 'bool') };
/** Names a model: the requests of ModelReady and ModelMetadata. */
export const NAMED_MODEL: Message = { 1: one('name', 'string'), 2: one('version', 'string') };
export const SERVER_METADATA: Message = {
  1: one('name', 'string'),
  2: one('version', 'string'),
  3: list('extensions', 'string', FEW),
};
export const MODEL_METADATA: Message = {
  1: one('name', 'string'),
  2: list('versions', 'string', FEW),
  3: one('platform', 'string'),
  4: list('inputs', TENSOR_METADATA, FEW),
  5: list('outputs', TENSOR_METADATA, FEW),
};
/** Of a request for work only the name of its model. */
export const MODEL_NAME: Message = { 1: one('model_name', 'string') };
const HEAD: Message = {
  ...MODEL_NAME,
  2: one('model_version', 'string'),
  3: one('id', 'string'),
  4: parameters,
};
export const INFER_REQUEST: Message = {
  ...HEAD,
  5: list('inputs', TENSOR, FEW),
  6: list('outputs', { 1: one('name', 'string'), 2: parameters }, FEW),
  7: list('raw_input_contents', 'bytes', FEW),
};
export const INFER_ANSWER: Message = {
  ...HEAD,
  5: list('outputs', TENSOR, FEW),
  6: list('raw_output_contents', 'bytes', FEW),
};

/** A map of parameters as an object. */
export const parametersFrom = (
  entries: readonly { readonly key?: string; readonly value?: object }[] = [],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(entries.map(({ key = '', value = {} }) => [key, Object.values(value)[0]]));
