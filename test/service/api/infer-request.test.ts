import { readInferRequest } from '../../../service/api/infer-request';

const TENSOR = Buffer.alloc(224 * 224 * 3);
const INPUT = {
  name: 'image',
  datatype: 'UINT8',
  shape: [1, 224, 224, 3],
  parameters: { binary_data_size: TENSOR.length },
};

function read(text: string) {
  const json = Buffer.from(text);
  const headers = { contentType: 'application/octet-stream', jsonBytes: String(json.length) };
  return readInferRequest(Buffer.concat([json, TENSOR]), headers);
}

test('a NaN beside a binary tensor is an error of the JSON, not of the tensor’s size', () => {
  const request = JSON.stringify({ inputs: [INPUT], parameters: { scale: 0 } });
  expect(read(request)).toMatchObject({ batch: 1, isBinary: false });
  expect(() => read(request.replace('"scale":0', '"scale":NaN'))).toThrow('not valid JSON');
  expect(() => read(request.replace('[1,', '[NaN,'))).toThrow(/^inputs\[0\]\.shape\[0\] must be /);
});
