import { openvino } from '../../../../models/engines/openvino/library';

jest.mock('node:fs', () => {
  const fs = jest.requireActual<typeof import('node:fs')>('node:fs');
  return { ...fs, existsSync: (path: string) => !path.includes('openvino') && fs.existsSync(path) };
});

test('without its libraries the engine says how to get them', () => {
  expect(() => openvino()).toThrow(
    'engine openvino needs OpenVINO’s libraries, which are not there: run `npm run build:openvino`, or choose engine onnxruntime',
  );
});
