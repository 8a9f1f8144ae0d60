/**
 * OpenVINO on our own export: on request. On a CPU that multiplies bf16 it does so by itself, which takes about half the
 * time of fp32.
 */
import { INPUT_SHAPE } from '../../catalog';
import { readSavedModel } from '../../weights/saved-model';
import { checkPrecision, type Engine, type EngineOptions, type Precision } from '../engine';
import { cachedGraph } from '../onnxruntime/graph-cache';
import { type Handle, openvino, type OpenVino } from './library';

const DEVICE = 'CPU';
/** OpenVINO's name of the precision that it computes in. */
const PRECISION_PROPERTY = 'INFERENCE_PRECISION_HINT';
/** The number of float32 among the element types of `ov_common.h`. */
const FLOAT32 = 4;

/**
 * The precision to compute in, of what OpenVINO computes in by itself on this CPU.
 *
 * @param own OpenVINO's name of it
 * @throws RangeError with the remedy for bf16 on a CPU that would imitate it
 */
export function choosePrecision(own: string, asked: Precision | undefined): Precision {
  if (asked === 'bf16' && own !== 'bf16') {
    throw new RangeError(
      `precision must be fp32 with engine openvino on this CPU, which has no bf16, received ${asked}: choose fp32, or leave the precision out`,
    );
  }
  return asked ?? (own === 'bf16' ? 'bf16' : 'fp32');
}

function readGraph({ create }: OpenVino, core: Handle, source: string | Uint8Array): Handle {
  return typeof source === 'string'
    ? create('ov_core_read_model', core, source, null)
    : create('ov_core_read_model_from_memory_buffer', core, source, source.length, null);
}

/** Loads a saved model; exports it first if the cache has no graph of it. */
export async function loadOpenvino({
  modelDir,
  threads,
  precision: asked,
  onnxCacheDir,
}: EngineOptions): Promise<Engine> {
  if (asked !== undefined) checkPrecision('openvino', asked);
  const library = openvino();
  const { call, callAsync, copyFloats, create, free, read } = library;
  const { classes } = readSavedModel(modelDir);
  const { file, sha256, source } = await cachedGraph(modelDir, onnxCacheDir);
  const core = create('ov_core_create');
  const precision = choosePrecision(
    String(read('ov_core_get_property', core, DEVICE, PRECISION_PROPERTY)),
    asked,
  );
  const properties = Object.entries({
    [PRECISION_PROPERTY]: precision === 'bf16' ? 'bf16' : 'f32',
    INFERENCE_NUM_THREADS: String(threads),
    NUM_STREAMS: '1',
    // Model processes side by side would all be pinned to the same cores.
    ENABLE_CPU_PINNING: 'NO',
  }).map(([key, value]) => ({ key, value }));
  const model = readGraph(library, core, source);
  const compiled = create('ov_core_compile_model_props', core, model, DEVICE, properties.length, properties);
  free('model', model);
  return {
    kind: 'openvino',
    version: library.version,
    precision,
    threads,
    classes,
    graph: { file, sha256 },
    predict: async (images, batch) => {
      const dims = [batch, ...INPUT_SHAPE];
      const input = create('ov_tensor_create_from_host_ptr', FLOAT32, { rank: dims.length, dims }, images);
      // A request of its own, which takes less than 0.1 ms: predictions may overlap.
      const request = create('ov_compiled_model_create_infer_request', compiled);
      try {
        call('ov_infer_request_set_input_tensor', request, input);
        await callAsync('ov_infer_request_infer', request);
        const output = create('ov_infer_request_get_output_tensor', request);
        const count = Number(read('ov_tensor_get_size', output));
        const probabilities = copyFloats(create('ov_tensor_data', output), count);
        free('tensor', output);
        return probabilities;
      } finally {
        free('infer_request', request);
        free('tensor', input);
      }
    },
    dispose: () => {
      free('compiled_model', compiled);
      free('core', core);
      return Promise.resolve();
    },
  };
}
