/**
 * Metadata of the Open Inference Protocol.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import type { z } from 'zod';

import { INPUT_NAME, INPUT_SHAPE, type ModelName, OUTPUT_NAME } from '../../models/catalog';
import type { TestAccuracy } from './evaluation';
import { SERVICE_NAME } from '../contract';
import type { LoadedModel } from '../inference/protocol';
import { OUTPUT_DATATYPE } from './infer-schemas';
import type { MODEL_METADATA, SERVER_METADATA } from './schemas';
import { versionOf } from './served-models';
import { DATATYPE_FACTS, DATATYPES } from './tensors';

/** Supported extensions of the protocol, by Triton's names: those that each form of it has. */
export const EXTENSIONS = {
  rest: ['binary_tensor_data', 'classification', 'model_configuration', 'statistics'],
  /** It has no ModelConfig and no ModelStatistics. */
  grpc: ['binary_tensor_data', 'classification'],
} as const;

/** What the protocol's shape and datatype leave open about the images of a tensor. */
const INPUT_PARAMETERS = {
  layout: 'NHWC',
  channels: 'RGB',
  datatypes: DATATYPES.join(', '),
  ...Object.fromEntries(DATATYPES.map((name) => [`range_${name}`, DATATYPE_FACTS[name].range])),
};

/** The server's metadata. */
export const serverMetadata = (
  form: keyof typeof EXTENSIONS,
  version: string,
  models: ModelName[],
): z.infer<typeof SERVER_METADATA> => ({
  name: SERVICE_NAME,
  version,
  extensions: [...EXTENSIONS[form]],
  models,
});

/** The protocol's name of what runs a model. */
export const platformOf = ({ engine }: LoadedModel): string => `${SERVICE_NAME}_${engine}`;

/** A model's metadata. */
export function modelMetadata(
  model: ModelName,
  loaded: LoadedModel,
  testAccuracy?: TestAccuracy,
): z.infer<typeof MODEL_METADATA> {
  return {
    name: model,
    versions: [versionOf(loaded)],
    platform: platformOf(loaded),
    inputs: [
      {
        name: INPUT_NAME,
        datatype: DATATYPES[0]!,
        shape: [-1, ...INPUT_SHAPE],
        parameters: INPUT_PARAMETERS,
      },
    ],
    outputs: [{ name: OUTPUT_NAME, datatype: OUTPUT_DATATYPE, shape: [-1, loaded.classes.length] }],
    demo: loaded.demo,
    classes: [...loaded.classes],
    architecture: loaded.architecture,
    engine: { name: loaded.engine, version: loaded.engineVersion },
    precision: loaded.precision,
    threads: loaded.threads,
    sha256: loaded.sha256,
    ...(testAccuracy === undefined ? {} : { testAccuracy }),
  };
}
