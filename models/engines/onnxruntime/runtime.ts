/**
 * onnxruntime without its telemetry: since 1.29 its Linux builds keep a device id in the home folder and upload events.
 * Import it from this file only.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/27379 (the variable must be set before the library starts)
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be hoisted above the line before
export const ort = require('onnxruntime-node') as typeof import('onnxruntime-node');
