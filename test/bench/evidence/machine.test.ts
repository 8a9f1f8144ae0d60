import {
  MACHINE_SCHEMA,
  MACHINE_VERSION,
  type MachineDocument,
  parseMachineDocument,
} from '../../../bench/evidence/machine';
import { calibrationOf } from '../../../bench/evidence/machine-experiments';

test('the plan takes the median at the precision that pods choose, so that one disturbed repetition does not count', () => {
  const cpuPerImage = [
    { model: 'accuracy', isDefault: true, cpuSecondsPerImage: [0.15, 0.4, 0.14], idleCpuMillis: 5 },
    { model: 'accuracy', isDefault: false, cpuSecondsPerImage: [0.3], idleCpuMillis: 5 },
    { model: 'latency', isDefault: true, cpuSecondsPerImage: [0.011, 0.012, 0.03], idleCpuMillis: 4 },
    { model: 'latency', isDefault: false, cpuSecondsPerImage: [0.02], idleCpuMillis: 4 },
  ];
  expect(calibrationOf({ cpuPerImage } as unknown as MachineDocument)).toEqual({
    accuracy: { cpuSecondsPerImage: 0.15, idleCpuMillis: 5 },
    latency: { cpuSecondsPerImage: 0.012, idleCpuMillis: 4 },
  });
});

test('a document of another schema or version is refused with what wrote the right one', () => {
  const document = { schema: MACHINE_SCHEMA, version: MACHINE_VERSION, seed: 1 };
  expect(parseMachineDocument(JSON.stringify(document))).toEqual(document);
  expect(() => parseMachineDocument(JSON.stringify({ ...document, version: 0 }))).toThrow(
    /version 2, received "tandem.machine-experiments" and 0: use a file that "npm run experiments" wrote/,
  );
  expect(() => parseMachineDocument('null')).toThrow('received undefined and undefined');
});
