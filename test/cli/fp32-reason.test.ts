import { calibrateCommand, fp32Reason } from '../../cli/fp32-reason';
import type { Verdict } from '../../models/engines/onnxruntime/int8-file';

const reasonOf = (verdict: Verdict | undefined, fastInt8 = true) =>
  fp32Reason('build/my models', verdict && { verdict, images: 40 }, fastInt8);
const COMMAND = "npx tandem export 'build/my models' --precision int8 --calibrate IMAGES";

test('a model without a calibration is told why it is at fp32, and the command that measures int8', () => {
  expect(reasonOf(undefined)).toBe(
    `at fp32, since what int8 costs its accuracy was not measured; to measure it: ${COMMAND}`,
  );
  expect(calibrateCommand('build/my models', 'IMAGES')).toBe(COMMAND);
});

test('a model that the gate refused or could not judge is told so', () => {
  expect(reasonOf('failed')).toMatch(/^at fp32, since int8 costs it too much accuracy/);
  expect(reasonOf('too few images')).toMatch(
    /^at fp32, since 40 images are too few .* 500 or more .*--calib/,
  );
});

test('a model that passed has a reason only on a CPU that is slow at int8', () => {
  expect(reasonOf('passed')).toBeUndefined();
  expect(reasonOf('passed', false)).toBe('at fp32, since this CPU is slow at int8');
});
