/**
 * Answers of the Open Inference Protocol: JSON, or JSON followed by a binary tensor.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
import type { z } from 'zod';

import { type ModelName, OUTPUT_NAME } from '../../models/catalog';
import { topClasses } from '../../models/evaluation/top-classes';
import type { LoadedModel } from '../inference/protocol';
import type { InferRequest } from './infer-request';
import { CLASSES_DATATYPE, type INFER_ANSWER, OUTPUT_DATATYPE } from './infer-schemas';
import { versionOf } from './served-models';

/** The answer's JSON and, for a binary output, the bytes behind it. */
export interface InferAnswer {
  readonly json: z.infer<typeof INFER_ANSWER>;
  readonly binary?: Buffer;
}

/** The top classes of each image as `probability:index:class`. */
function namedClasses(
  classes: readonly string[],
  probabilities: Float32Array,
  batch: number,
  count: number,
): string[] {
  return Array.from({ length: batch }, (_, i) =>
    topClasses(classes, probabilities.subarray(i * classes.length, (i + 1) * classes.length), count).map(
      ({ class: name, probability }) => `${probability}:${classes.indexOf(name)}:${name}`,
    ),
  ).flat();
}

/** Texts as Triton's BYTES: each after its length, a little-endian 32-bit number. */
const textBytes = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(Uint32Array.BYTES_PER_ELEMENT);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );

const numberBytes = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** The answer to a validated request. */
export function inferAnswer(
  model: ModelName,
  loaded: LoadedModel,
  { id, batch, classification, isBinary }: InferRequest,
  probabilities: Float32Array,
): InferAnswer {
  const { classes, demo } = loaded;
  const count = Math.min(classification ?? classes.length, classes.length);
  const names = classification === undefined ? undefined : namedClasses(classes, probabilities, batch, count);
  const binary = isBinary ? (names ? textBytes(names) : numberBytes(probabilities)) : undefined;
  return {
    json: {
      model_name: model,
      model_version: versionOf(loaded),
      ...(id === undefined ? {} : { id }),
      parameters: { demo },
      outputs: [
        {
          name: OUTPUT_NAME,
          datatype: names === undefined ? OUTPUT_DATATYPE : CLASSES_DATATYPE,
          shape: [batch, count],
          ...(binary === undefined
            ? { data: names ?? Array.from(probabilities) }
            : { parameters: { binary_data_size: binary.length } }),
        },
      ],
    },
    ...(binary === undefined ? {} : { binary }),
  };
}
