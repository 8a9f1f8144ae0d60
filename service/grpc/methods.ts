/**
 * The methods of `inference.GRPCInferenceService`, answered by the functions that answer the protocol's REST form.
 */
import { PACKAGE_VERSION } from '../../files/package-version';
import type { Admission } from '../api/admission';
import { inferAnswer } from '../api/infer-answer';
import { askedOf, type InferRequest } from '../api/infer-request';
import { INFER_REQUEST as SCHEMA } from '../api/infer-schemas';
import { isModelReady, isReady, type MetadataContext } from '../api/metadata';
import { modelMetadata, serverMetadata } from '../api/open-inference';
import {
  checkVersion,
  findModel,
  loadedModel,
  recordAnswer,
  runWork,
  type WorkContext,
} from '../api/served-models';
import { type DatatypeName, readBinaryTensor, readTensor } from '../api/tensors';
import { badField, check } from '../api/validation';
import * as messages from './messages';
import type { Message, Values } from './wire';

/** What the methods work with: the same as the REST form's. */
export interface MethodContext extends MetadataContext, WorkContext {
  readonly admission: Admission;
}

/** The call that a method answers. */
export interface MethodCall {
  /** Closes when the client disconnects. */
  readonly stream: Parameters<typeof runWork>[3];
  /** When the message was complete, as `performance.now()`. */
  readonly completeAt: number;
  /** Time left until the client's deadline, milliseconds. */
  readonly remainingMs: () => number;
}

/** One method. */
interface Method {
  readonly request: Message;
  readonly answer: Message;
  /** Needs no API key, as the same path of the REST form. @default false */
  readonly isOpen?: boolean;
  /** Is not logged. @default false */
  readonly isProbe?: boolean;
  /** Counts in the metrics of inference, and is admitted by the `model_name` of its request. @default false */
  readonly isWork?: boolean;
  run(context: MethodContext, request: Values, call: MethodCall): Values | Promise<Values>;
}

/** Texts are empty when they are absent. */
const textOf = (value: unknown) => (value === '' ? undefined : value);

/** Where the protocol puts the numbers of each datatype. */
const CONTENTS_OF: Readonly<Record<DatatypeName, string>> = { FP32: 'fp32_contents', UINT8: 'uint_contents' };

const parametersOf = ({ parameters }: Values) =>
  messages.parametersFrom(parameters as Parameters<typeof messages.parametersFrom>[0]);

/**
 * Validates a request.
 *
 * @throws ServiceError BAD_REQUEST naming the field, its allowed values and the value received
 */
function inferRequest(message: Values): InferRequest {
  const raw = (message['raw_input_contents'] ?? []) as readonly Uint8Array[];
  const inputs = (message['inputs'] ?? []) as readonly Values[];
  const outputs = (message['outputs'] ?? []) as readonly Values[];
  const request = check(
    SCHEMA,
    {
      id: textOf(message['id']),
      // As Triton does, an answer has the form of its request.
      parameters: { binary_data_output: raw.length > 0, ...parametersOf(message) },
      inputs: inputs.map(({ name, shape, datatype }) => ({ name, shape, datatype })),
      outputs: outputs.map((output) => ({ ...output, parameters: parametersOf(output) })),
    },
    'the message',
  );
  const { shape, datatype } = request.inputs[0]!;
  const path = ['inputs', 0];
  const contents = inputs[0]!['contents'] as Values | undefined;
  if (raw.length > 0 && contents !== undefined)
    throw badField('inputs[0].contents', 'must be absent when raw_input_contents is set; send one of them');
  if (raw.length > 1) throw badField('raw_input_contents', `must hold one tensor, received ${raw.length}`);
  const field = CONTENTS_OF[datatype];
  const numbers = contents?.[field] as readonly number[] | undefined;
  if (raw.length === 0 && numbers === undefined) {
    const must = `must hold the numbers of ${datatype}, or raw_input_contents must be set, received nothing`;
    throw badField(`inputs[0].contents.${field}`, must);
  }
  return {
    images:
      numbers === undefined
        ? readBinaryTensor(raw[0]!, shape, path, datatype, ['raw_input_contents', 0])
        : readTensor(numbers, shape, [...path, 'contents', field], datatype),
    ...askedOf(request),
  };
}

async function infer(context: MethodContext, message: Values, call: MethodCall): Promise<Values> {
  const [model, queue] = findModel(context.queues, message['model_name'] ?? '');
  const request = inferRequest(message);
  const version = textOf(message['model_version']);
  loadedModel(queue, version);
  const work = { kind: 'infer', images: request.images, batch: request.batch } as const;
  const remainingMs = Math.min(queue.timeoutMs, call.remainingMs());
  const { probabilities, loaded } = await runWork(context, model, work, call.stream, remainingMs);
  checkVersion(loaded, version);
  recordAnswer(context, model, call.completeAt, call.stream);
  const { json, binary } = inferAnswer(model, loaded, request, probabilities);
  const [{ data, ...output }] = json.outputs as [(typeof json.outputs)[number]];
  const contents =
    output.datatype === 'BYTES'
      ? { bytes_contents: data?.map((text) => Buffer.from(String(text))) }
      : { fp32_contents: data };
  return {
    ...json,
    parameters: [{ key: 'demo', value: { bool_param: json.parameters.demo } }],
    outputs: [{ ...output, parameters: undefined, ...(data === undefined ? {} : { contents }) }],
    ...(binary === undefined ? {} : { raw_output_contents: [binary] }),
  };
}

/** Every method by its name. */
export const METHODS: Readonly<Record<string, Method>> = {
  ServerLive: {
    request: messages.EMPTY,
    answer: messages.LIVE,
    isOpen: true,
    isProbe: true,
    run: () => ({ live: true }),
  },
  ServerReady: {
    request: messages.EMPTY,
    answer: messages.READY,
    isOpen: true,
    isProbe: true,
    run: (context) => ({ ready: isReady(context) }),
  },
  ModelReady: {
    request: messages.NAMED_MODEL,
    answer: messages.READY,
    isOpen: true,
    run: (context, { name = '', version }) => {
      const [, queue] = findModel(context.queues, name);
      return { ready: isModelReady(context, queue, textOf(version)) };
    },
  },
  ServerMetadata: {
    request: messages.EMPTY,
    answer: messages.SERVER_METADATA,
    run: ({ queues }) => serverMetadata('grpc', PACKAGE_VERSION, [...queues.keys()]),
  },
  ModelMetadata: {
    request: messages.NAMED_MODEL,
    answer: messages.MODEL_METADATA,
    run: ({ queues }, { name = '', version }) => {
      const [model, queue] = findModel(queues, name);
      return modelMetadata(model, loadedModel(queue, textOf(version)));
    },
  },
  ModelInfer: { request: messages.INFER_REQUEST, answer: messages.INFER_ANSWER, isWork: true, run: infer },
};
