/**
 * OpenVINO's C interface, called through koffi.
 *
 * The libraries are those of the PyPI wheel, and nothing is compiled. npm's openvino-node would need its native part,
 * which is neither in its package nor in the wheel, and Node 21.
 *
 * @see https://github.com/openvinotoolkit/openvino/tree/master/src/bindings/c/include/openvino/c
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type * as koffiModule from 'koffi' with { 'resolution-mode': 'import' };

import { PACKAGE_ROOT } from '../../../files/package-root';

const LIBRARY = join(PACKAGE_ROOT, 'build', 'openvino', 'libopenvino_c.so');

type Koffi = typeof koffiModule;
type Library = ReturnType<Koffi['load']>;

/** Address of one of OpenVINO's objects. */
export type Handle = bigint;

/** The functions that return a status. */
type FunctionName =
  | 'ov_core_create'
  | 'ov_core_get_property'
  | 'ov_core_read_model'
  | 'ov_core_read_model_from_memory_buffer'
  | 'ov_core_compile_model_props'
  | 'ov_compiled_model_create_infer_request'
  | 'ov_tensor_create_from_host_ptr'
  | 'ov_tensor_data'
  | 'ov_tensor_get_size'
  | 'ov_infer_request_set_input_tensor'
  | 'ov_infer_request_infer'
  | 'ov_infer_request_get_output_tensor';
type TypeSpec = Parameters<Koffi['out']>[0];

/** Parameters of the functions that return a status. A function that creates something takes its place last. */
function parametersOf(koffi: Koffi, library: Library): Readonly<Record<FunctionName, TypeSpec[]>> {
  const handle = koffi.pointer(koffi.opaque());
  const text = 'const char *';
  const place = (type: TypeSpec) => koffi.out(koffi.pointer(type));
  const ownedText = koffi.disposable(text, library.func('ov_free', 'void', ['void *']));
  const properties = koffi.pointer(koffi.struct({ key: text, value: text }));
  const shape = koffi.struct({ rank: 'int64_t', dims: 'const int64_t *' });
  return {
    ov_core_create: [place(handle)],
    ov_core_get_property: [handle, text, text, place(ownedText)],
    ov_core_read_model: [handle, text, text, place(handle)],
    ov_core_read_model_from_memory_buffer: [handle, 'const uint8_t *', 'size_t', handle, place(handle)],
    ov_core_compile_model_props: [handle, handle, text, 'size_t', properties, place(handle)],
    ov_compiled_model_create_infer_request: [handle, place(handle)],
    ov_tensor_create_from_host_ptr: ['int', shape, 'void *', place(handle)],
    ov_tensor_data: [handle, place('void *')],
    ov_tensor_get_size: [handle, place('size_t')],
    ov_infer_request_set_input_tensor: [handle, handle],
    ov_infer_request_infer: [handle],
    ov_infer_request_get_output_tensor: [handle, place(handle)],
  };
}

const FREED = ['core', 'model', 'compiled_model', 'infer_request', 'tensor'] as const;

/** The C interface. Functions throw Error with OpenVINO's message. */
export interface OpenVino {
  readonly version: string;
  /** Calls a function that creates nothing. */
  readonly call: (name: FunctionName, ...parameters: unknown[]) => void;
  /** Likewise on another thread. */
  readonly callAsync: (name: FunctionName, ...parameters: unknown[]) => Promise<void>;
  /** Calls a function and returns the handle of what it created. */
  readonly create: (name: FunctionName, ...parameters: unknown[]) => Handle;
  /** Calls a function and returns the value that it tells: a text or a number. */
  readonly read: (name: FunctionName, ...parameters: unknown[]) => string | number | bigint;
  /** Copies float32 values. */
  readonly copyFloats: (address: Handle, count: number) => Float32Array;
  readonly free: (type: (typeof FREED)[number], handle: Handle) => void;
}

/** Whether koffi is installed and OpenVINO's libraries are there. */
export function hasOpenvino(): boolean {
  try {
    return require.resolve('koffi') !== '' && existsSync(LIBRARY);
  } catch {
    return false;
  }
}

function bind(): OpenVino {
  if (!hasOpenvino()) {
    throw new Error(
      'engine openvino needs OpenVINO’s libraries, which are not there: run `npm run build:openvino`, or choose engine onnxruntime',
    );
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- optional
  const koffi = require('koffi') as Koffi;
  const library = koffi.load(LIBRARY);
  const lastError = library.func('ov_get_last_err_msg', 'const char *', []) as () => string | null;
  const functions = new Map(
    Object.entries(parametersOf(koffi, library)).map(([name, parameters]) => [
      name,
      library.func(name, 'int', parameters),
    ]),
  );
  const frees = new Map(
    FREED.map((type) => [type, library.func(`ov_${type}_free`, 'void', ['void *'])] as const),
  );
  const check = (name: FunctionName, status: number) => {
    if (status !== 0) throw new Error(`OpenVINO: ${name} failed with ${status}: ${lastError()?.trim()}`);
  };
  const call = (name: FunctionName, ...parameters: unknown[]) => {
    check(name, functions.get(name)!(...parameters) as number);
  };
  const placed = (name: FunctionName, parameters: readonly unknown[]): unknown => {
    const place = [null];
    call(name, ...parameters, place);
    return place[0];
  };
  const version = koffi.struct({ build: 'const char *', description: 'const char *' });
  const built = { build: '' };
  library.func('ov_get_openvino_version', 'int', [koffi.out(koffi.pointer(version))])(built);
  return {
    version: built.build.split('-')[0]!,
    call,
    callAsync: async (name, ...parameters) => {
      const status = await new Promise<number>((resolve, reject) => {
        functions.get(name)!.async(...parameters, (error: Error | null, result: number) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      });
      check(name, status);
    },
    create: (name, ...parameters) => placed(name, parameters) as Handle,
    read: (name, ...parameters) => placed(name, parameters) as string | number | bigint,
    copyFloats: (address, count) =>
      new Float32Array(koffi.view(address, count * Float32Array.BYTES_PER_ELEMENT)).slice(),
    free: (type, handle) => {
      frees.get(type)!(handle);
    },
  };
}

let bound: OpenVino | undefined;

/**
 * The library, loaded once.
 *
 * @throws Error with the remedy if it is not there
 */
export const openvino = (): OpenVino => (bound ??= bind());
